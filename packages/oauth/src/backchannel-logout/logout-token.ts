import { randomUUID } from 'node:crypto';
import type { KeyRing } from '@sallyport/core';

/** `typ` of a logout token, so that no client takes it for another one (OpenID Connect Back-Channel Logout 1.0, section 2.4). */
export const logoutTokenType = 'logout+jwt';

/** As short as the specification recommends: a reader of a log has nothing to replay. */
const lifetimeSeconds = 120;

/** The member of `events` that makes a token one of logout. */
const logoutEvent = 'http://schemas.openid.net/event/backchannel-logout';

/** Whose sign-in is over, and at which client. */
export interface LogoutTokenRequest {
  readonly issuer: string;
  readonly clientId: string;
  readonly subject: string;
  readonly clientSid: string;
  readonly at: Date;
}

/**
 * Makes a logout token, with a key that signs nothing else. Another `jti` each time: one that arrived before, whose answer was
 * lost, is no replay.
 *
 * @throws SallyportError `SP_KEYS_UNAVAILABLE`, as the key ring does.
 * @see {@link https://openid.net/specs/openid-connect-backchannel-1_0.html#LogoutToken OpenID Connect Back-Channel Logout 1.0, section 2.4}
 */
export function signLogoutToken(keyRing: Pick<KeyRing, 'sign'>, request: LogoutTokenRequest): string {
  const { issuer, clientId, subject, clientSid, at } = request;
  const iat = Math.floor(at.getTime() / 1000);
  return keyRing.sign('logout', logoutTokenType, {
    iss: issuer,
    aud: clientId,
    iat,
    exp: iat + lifetimeSeconds,
    jti: randomUUID(),
    sub: subject,
    sid: clientSid,
    events: { [logoutEvent]: {} },
  });
}
