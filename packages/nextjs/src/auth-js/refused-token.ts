import { readOwnCookie, SallyportError } from '@sallyport/core';
import type { GatewayAnswer } from './gateway-request.ts';
import { isNavigation, isRead } from './request-source.ts';
import { serializeOwnCookie, type ShellCookies } from './shell-cookies.ts';
import { redirectTo } from './start-sign-in.ts';

/** A gateway that does not take the token of a session so young takes none of it. */
const youngMilliseconds = 15_000;
/** How long it is remembered that a user was sent to sign in again. */
const rememberedSeconds = 60;

/** A request that went to the gateway with the token of a session. */
export interface TokenUse {
  readonly request: Request;
  /** Milliseconds that the session has lived. */
  readonly sessionAge: number;
  readonly cookies: ShellCookies;
}

/**
 * What a page gets whose token the gateway refuses, because its session ended there and the shell was not told yet: a sign-in,
 * which leads back to it. A call of a script gets the refusal as it is.
 *
 * @returns `undefined` when the answer of the gateway is to be given.
 * @throws `SP_UPSTREAM_UNAVAILABLE` where a token that is refused right after a sign-in would send the browser round in circles.
 */
export function answerRefusedToken(answer: GatewayAnswer, use: TokenUse): Response | undefined {
  const { request, sessionAge, cookies } = use;
  const isYoung = sessionAge < youngMilliseconds;
  if (isYoung && leadsToSignIn(answer)) throw notAccepted();
  if (!isRefusedToken(answer) || !isNavigation(request.headers) || !isRead(request.method)) return undefined;
  const wasSentBefore = readOwnCookie(request.headers.get('cookie') ?? undefined, cookies.signInAgain) !== undefined;
  if (isYoung && wasSentBefore) throw notAccepted();
  const { pathname, search } = new URL(request.url);
  const mark = serializeOwnCookie(cookies, cookies.signInAgain, '1', rememberedSeconds);
  return redirectTo(`/auth/sign-in?returnTo=${encodeURIComponent(`${pathname}${search}`)}`, [mark]);
}

/** RFC 6750, section 3.1. A stronger sign-in that is asked for (RFC 9470) is a 401 as well. */
function isRefusedToken({ status, headers }: GatewayAnswer): boolean {
  return status === 401 && /\berror="invalid_token"/.test(headers.get('www-authenticate') ?? '');
}

function leadsToSignIn({ status, headers }: GatewayAnswer): boolean {
  const location = headers.get('location') ?? '';
  return status >= 300 && status < 400 && /^(?:https?:\/\/[^/]+)?\/auth\/sign-in\b/.test(location);
}

function notAccepted(): SallyportError {
  return new SallyportError('SP_UPSTREAM_UNAVAILABLE', {
    reason: 'token-not-accepted',
    cause: new Error(
      'The gateway asks a user to sign in who has just done so: open "bearer" in credentials of its route',
    ),
  });
}
