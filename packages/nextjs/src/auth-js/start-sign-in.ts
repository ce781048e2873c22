import { SallyportError } from '@sallyport/core';
import { parseReturnPath } from '../return-path.ts';
import { callNextAuth, cookiesIn, type NextAuthCall, type NextAuthFunction } from './call-next-auth.ts';
import { providerId } from './next-auth-options.ts';
import type { FindProvider } from './provider-metadata.ts';
import { parseCookies } from './shell-cookies.ts';
import { isRecord } from './shell-session.ts';

export interface StartSignInOptions {
  readonly nextAuth: NextAuthFunction;
  /** Of `createNextAuthOptions`, for this request. */
  readonly nextAuthOptions: object;
  readonly shellUrl: string;
  readonly failurePath: string;
  readonly findProvider: FindProvider;
}

/**
 * Begins a sign-in at the provider by next-auth, without its page in between: it asks next-auth for a CSRF token and posts it,
 * as that page would. That another site can begin one does no harm: its state, nonce and PKCE stay with this browser.
 *
 * What failed is not begun again by itself: the browser would go round in circles.
 *
 * @throws `SP_SERVICE_UNAVAILABLE`
 */
export async function startSignIn(request: Request, options: StartSignInOptions): Promise<Response> {
  const { nextAuth, nextAuthOptions, shellUrl, failurePath, findProvider } = options;
  const { searchParams } = new URL(request.url);
  const error = searchParams.get('error');
  if (error !== null) {
    const word = /^[A-Za-z]{1,40}$/.test(error) ? error : 'Default';
    return redirectTo(`${failurePath}?error=${word}`, []);
  }
  const { authorizationEndpoint } = await findProvider();
  const headers = Object.fromEntries(request.headers);
  const cookies = parseCookies(request.headers.get('cookie') ?? undefined);
  const ask = (call: Pick<NextAuthCall, 'method' | 'path' | 'body'>) =>
    callNextAuth(nextAuth, { query: {}, cookies, headers, ...call }, nextAuthOptions);

  const csrf = await ask({ method: 'GET', path: ['csrf'] });
  for (const { name, value } of cookiesIn(csrf)) cookies[name] = value;
  const csrfToken = isRecord(csrf.body) ? csrf.body['csrfToken'] : undefined;
  const callbackUrl = `${shellUrl}${returnPathOf(searchParams, shellUrl)}`;
  const started = await ask({ method: 'POST', path: ['signin', providerId], body: { csrfToken, callbackUrl } });
  const location = started.headers.get('location') ?? '';
  // Anything else is a page of next-auth about an error.
  if (!location.startsWith(`${authorizationEndpoint}?`))
    throw new SallyportError('SP_SERVICE_UNAVAILABLE', { reason: 'sign-in-not-started' });
  return redirectTo(location, [...csrf.headers.getSetCookie(), ...started.headers.getSetCookie()]);
}

/** Pages of the gateway name a path in `returnTo`, next-auth a whole address in `callbackUrl`. */
function returnPathOf(query: URLSearchParams, shellUrl: string): string {
  const callbackUrl = query.get('callbackUrl');
  const isOwn = callbackUrl !== null && URL.canParse(callbackUrl) && new URL(callbackUrl).origin === shellUrl;
  const path = isOwn ? callbackUrl.slice(shellUrl.length) : (query.get('returnTo') ?? callbackUrl);
  return parseReturnPath(path) ?? '/';
}

/** A redirect that no cache keeps. */
export function redirectTo(location: string, setCookies: readonly string[]): Response {
  const headers = new Headers({ location, 'cache-control': 'no-store' });
  for (const cookie of setCookies) headers.append('set-cookie', cookie);
  return new Response(null, { status: 303, headers });
}
