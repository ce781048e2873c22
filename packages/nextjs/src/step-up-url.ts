import { builtInPages, type StepUp } from '@sallyport/core/browser';
import { parseReturnPath } from './return-path.ts';

/**
 * The address of the page on which people confirm who they are, and which leads back to a path of this origin afterwards.
 * A path that is not safe to return to is left out, never passed on.
 */
export function stepUpUrl(stepUp: StepUp = {}, returnTo?: string): string {
  const path = parseReturnPath(returnTo);
  const query = new URLSearchParams({
    ...(path === undefined ? {} : { returnTo: path }),
    ...(stepUp.acr === undefined ? {} : { acr_values: stepUp.acr }),
    ...(stepUp.maxAgeSeconds === undefined ? {} : { max_age: String(stepUp.maxAgeSeconds) }),
  }).toString();
  return query === '' ? builtInPages.stepUp : `${builtInPages.stepUp}?${query}`;
}
