import { SallyportError } from '@sallyport/core';
import { receiveBackchannelLogout, type BackchannelLogoutParts } from './backchannel-logout.ts';
import { isNavigation, sourceOf } from './request-source.ts';
import type { SessionCodec } from './session-codec.ts';
import type { CheckedOptions } from './shell-options.ts';
import { serializeOwnCookie, type ShellCookies } from './shell-cookies.ts';
import type { ShellSession } from './shell-session.ts';
import type { SignOutFlow } from './sign-out-flow.ts';
import { redirectTo } from './start-sign-in.ts';
import { toShownSession } from './shown-session.ts';
import type { TokenStorage } from './token-storage.ts';

export interface AccountRouteParts extends BackchannelLogoutParts {
  readonly options: CheckedOptions;
  readonly storage: TokenStorage;
  readonly codec: SessionCodec;
  readonly cookies: ShellCookies;
  readonly signOutFlow: SignOutFlow;
  readonly sessionOf: (cookies: string | undefined) => ShellSession | undefined;
  readonly startSignIn: (request: Request) => Promise<Response>;
  readonly forward: (request: Request) => Promise<Response>;
}

/** Where the browser comes back to from the provider after it signed out there. */
export const signedOutReturnPath = '/auth/signed-out/return';
/** Where the provider sends logout tokens. */
export const backchannelLogoutPath = '/auth/backchannel-logout';

/**
 * Answers what zones ask below `/auth`, at the gateway's addresses and in its words, for the session of the shell: so their
 * headers, buttons and tabs work on unchanged behind it. What changes the account stays at the gateway's own origin: a token
 * of a client is no authority for it.
 */
export async function answerAccountRoute(request: Request, parts: AccountRouteParts): Promise<Response> {
  const { pathname } = new URL(request.url);
  switch (`${request.method} ${pathname}`) {
    case 'GET /auth/session':
      return answerSession(request, parts);
    case 'GET /auth/sign-in':
      return parts.startSignIn(request);
    case 'POST /auth/sign-out':
      return answerSignOut(request, parts);
    case 'GET /auth/signed-out':
      return continueSignOut(request, parts);
    case `GET ${signedOutReturnPath}`:
      return finishSignOut(request, parts);
    case `POST ${backchannelLogoutPath}`:
      return receiveBackchannelLogout(request, parts);
  }
  if (pathname.startsWith('/auth/assets/')) return parts.forward(request);
  if (request.method === 'GET' && isNavigation(request.headers))
    return redirectTo(`${parts.options.issuer}${pathname}`, []);
  throw new SallyportError('SP_NOT_FOUND', { reason: 'account-is-at-the-gateway' });
}

async function answerSession(request: Request, parts: AccountRouteParts): Promise<Response> {
  const { storage, sessionOf } = parts;
  const cookies = cookiesOf(request);
  const session = sessionOf(cookies);
  const outcome = session === undefined ? undefined : await storage.find(session, { cookies, canSetCookies: true });
  const isSignedIn = session !== undefined && outcome?.kind === 'found';
  const answer = isSignedIn ? toShownSession(session, outcome.tokens) : { status: 'signed-out' };
  const headers = new Headers({ 'content-type': 'application/json', 'cache-control': 'no-store' });
  if (isSignedIn) for (const cookie of outcome.setCookies) headers.append('set-cookie', cookie);
  return new Response(JSON.stringify(answer), { status: 200, headers });
}

async function answerSignOut(request: Request, parts: AccountRouteParts): Promise<Response> {
  const { options, storage, sessionOf, signOutFlow } = parts;
  if (sourceOf(request.headers, options.shellUrl) !== 'own-page')
    throw new SallyportError('SP_CROSS_SITE_REQUEST', { reason: 'sign-out' });
  const cookies = cookiesOf(request);
  const session = sessionOf(cookies);
  const tokens = session === undefined ? undefined : await storage.end(session, cookies);
  const setCookies = [...clearedSession(parts), ...(tokens === undefined ? [] : [signOutFlow.begin(tokens)])];
  // A form is led on; the script of a zone goes there by itself.
  if (isNavigation(request.headers)) return redirectTo('/auth/signed-out', setCookies);
  const headers = new Headers({ 'cache-control': 'no-store' });
  for (const cookie of setCookies) headers.append('set-cookie', cookie);
  return new Response(null, { status: 204, headers });
}

async function continueSignOut(request: Request, { options, signOutFlow }: AccountRouteParts): Promise<Response> {
  const next = await signOutFlow.continue(cookiesOf(request));
  return next === undefined
    ? redirectTo(options.signedOutPath, [signOutFlow.clearedCookie()])
    : redirectTo(next.location, [next.setCookie]);
}

/** A return that was not begun here changes nothing, and leads to the same page. */
function finishSignOut(request: Request, { options, signOutFlow }: AccountRouteParts): Response {
  const state = new URL(request.url).searchParams.get('state');
  const isReturn = signOutFlow.isReturn(cookiesOf(request), state);
  return redirectTo(options.signedOutPath, isReturn ? [signOutFlow.clearedCookie()] : []);
}

/** `Set-Cookie` values that take the session of this browser away. */
export function clearedSession({
  storage,
  cookies,
}: Pick<AccountRouteParts, 'storage' | 'cookies'>): readonly string[] {
  return [serializeOwnCookie(cookies, cookies.session, '', 0), ...storage.clearedCookies()];
}

function cookiesOf(request: Request): string | undefined {
  return request.headers.get('cookie') ?? undefined;
}
