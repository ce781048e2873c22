import { assuranceLevels, type AssuranceLevel } from '@sallyport/core';
import { isRecord, parseJson, type ShellSession, type ShellTokens } from './shell-session.ts';

/** What tabs need of `GET /auth/session`: the gateway's answer has more. */
export interface ShownSession {
  readonly status: 'signed-in';
  readonly user: {
    readonly id: string;
    readonly name: string;
    readonly email: string;
    readonly roles: readonly string[];
    readonly permissions: readonly string[];
  };
  readonly session: {
    readonly acr: AssuranceLevel;
    readonly amr: readonly string[];
    readonly authTime: string;
    readonly createdAt: string;
    readonly absoluteExpiresAt: string;
  };
}

/**
 * What a page may know of the session. Roles and strength are those of the access token, as it was issued: for showing, never
 * for deciding. The gateway decides, with what holds now.
 */
export function toShownSession(session: ShellSession, { accessToken, idToken }: ShellTokens): ShownSession {
  const claims = { ...claimsOf(idToken), ...claimsOf(accessToken) };
  const { acr, amr, auth_time: authTime, roles } = claims;
  const { subject, name = '', email = '', startedAt, endsAt } = session;
  return {
    status: 'signed-in',
    user: { id: subject, name, email, roles: textsOf(roles), permissions: textsOf(claims['permissions']) },
    session: {
      acr: assuranceLevels.find((level) => level === acr) ?? 'pwd',
      amr: textsOf(amr),
      authTime: new Date(typeof authTime === 'number' ? authTime * 1000 : startedAt).toISOString(),
      createdAt: new Date(startedAt).toISOString(),
      absoluteExpiresAt: new Date(endsAt).toISOString(),
    },
  };
}

/** The claims of a token that this server got from the provider itself; none of one that says nothing to its holder. */
function claimsOf(token: string): Readonly<Record<string, unknown>> {
  const [, payload = ''] = token.split('.');
  const claims = parseJson(Buffer.from(payload, 'base64url').toString('utf8'));
  return isRecord(claims) ? claims : {};
}

function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((text) => typeof text === 'string') : [];
}
