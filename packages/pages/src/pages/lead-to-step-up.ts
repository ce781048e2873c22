import { pageUrl, type PageName } from '@sallyport/core';
import type { PageAnswer, PageParts } from '../built-in-page.ts';
import type { Refusal } from '../identity/call-identity.ts';
import { askedPage, withReturnTo } from './asked-page.ts';

/**
 * Where a refusal is answered by a sign-in, or by a stronger or more recent one; `undefined` for every other.
 *
 * @param next the page that asked, where a sign-in does not lead back to it by `returnTo`.
 */
export function leadToStepUp(
  { pages }: PageParts,
  { code, stepUp }: Refusal,
  next: PageName | undefined,
  returnTo: string,
): PageAnswer | undefined {
  if (code === 'SP_UNAUTHENTICATED') return { kind: 'redirect', to: withReturnTo(pages.signIn, returnTo, pages) };
  if (code !== 'SP_STEP_UP_REQUIRED') return undefined;
  const { acr, maxAgeSeconds } = stepUp ?? {};
  const demanded = { acr_values: acr, max_age: maxAgeSeconds === undefined ? undefined : String(maxAgeSeconds) };
  return { kind: 'redirect', to: pageUrl(pages.stepUp, { returnTo: askedPage(returnTo, pages), ...demanded, next }) };
}
