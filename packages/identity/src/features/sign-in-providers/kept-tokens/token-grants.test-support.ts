import { setTimeout as delay } from 'node:timers/promises';
import type { StandInGrants } from '../provider-stand-in.test-support.ts';

/** Tokens of a provider that rotates refresh tokens: a used one is good for nothing. Tests change how it behaves. */
export interface RotatingGrants extends StandInGrants {
  /** Answers to refresh tokens that are cut off, after the token was rotated. */
  loses: number;
  /** Whether the refresh token before is taken once more, and gives the same answer. */
  hasGrace: boolean;
  /** Whether answers have no refresh token: the one before stays good. */
  isStatic: boolean;
  /** Status of refused requests, in place of what they deserve. */
  fails: number | undefined;
  /** Status that revocations are answered with. */
  revocationStatus: number;
  milliseconds: number;
  /** Answers to refresh tokens wait for it. */
  held: Promise<void>;
  expiresIn: number | undefined;
  readonly refreshed: string[];
  readonly revoked: string[];
}

/** Builds them. */
export function createRotatingGrants(): RotatingGrants {
  let made = 0;
  let current = 'none';
  let before: { readonly token: string; readonly answer: object } | undefined;
  const make = (): object => {
    made += 1;
    if (!grants.isStatic || made === 1) current = `refresh-${made}`;
    return {
      access_token: `access-${made}`,
      scope: 'openid files.read',
      ...(grants.isStatic && made > 1 ? {} : { refresh_token: current }),
      ...(grants.expiresIn === undefined ? {} : { expires_in: grants.expiresIn }),
    };
  };
  const grants: RotatingGrants = {
    loses: 0,
    hasGrace: false,
    isStatic: false,
    fails: undefined,
    revocationStatus: 200,
    milliseconds: 0,
    held: Promise.resolve(),
    expiresIn: 3600,
    refreshed: [],
    revoked: [],
    issue: make,
    async refresh(token) {
      grants.refreshed.push(token);
      await delay(grants.milliseconds);
      await grants.held;
      if (grants.fails !== undefined) return { status: grants.fails, body: { error: 'server_error' } };
      if (grants.hasGrace && before?.token === token)
        return { status: 200, body: { ...before.answer, token_type: 'Bearer' } };
      if (token !== current) return { status: 400, body: { error: 'invalid_grant' } };
      const answer = make();
      before = { token, answer };
      if (grants.loses > 0) {
        grants.loses -= 1;
        return 'lost';
      }
      return { status: 200, body: { ...answer, token_type: 'Bearer' } };
    },
    revoke(token) {
      grants.revoked.push(token);
      return grants.revocationStatus;
    },
  };
  return grants;
}
