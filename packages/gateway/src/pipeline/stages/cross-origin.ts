import { SallyportError } from '@sallyport/core';
import { isShared } from '../../routing/cross-origin.ts';
import { isPreflight } from '../request-intent.ts';
import { requestOf, routeOf, type Decision, type RequestState } from '../request-state.ts';

/**
 * Answers the preflight of a browser, which asks whether a script of another site may send a request: it carries no
 * credential, so its caller is unknown. One of an origin that is not listed is refused, without a header that
 * would tell the browser more.
 *
 * @see {@link https://fetch.spec.whatwg.org/#cors-preflight-fetch Fetch, CORS-preflight fetch}
 */
export function answerPreflight(state: RequestState): Decision | undefined {
  const route = routeOf(state);
  const { crossOrigin } = route;
  if (crossOrigin === undefined || !isPreflight(state)) return undefined;
  if (!isShared(crossOrigin, requestOf(state).headers.origin))
    throw new SallyportError('SP_CROSS_SITE_REQUEST', { reason: 'preflight-origin' });
  return { kind: 'preflight', route };
}
