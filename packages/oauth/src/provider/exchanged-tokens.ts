import type { ActorClaim } from './actor-chain.ts';

/** What a token of token exchange says that its subject token said, and who acts. */
export interface ExchangedClaims {
  readonly acr?: string | undefined;
  readonly amr: readonly string[];
  readonly auth_time: number;
  readonly act: ActorClaim;
}

const claimsOfTokens = new WeakMap<object, ExchangedClaims>();

/** Notes what a new token says, for when the library asks. */
export function noteExchangedClaims(token: object, claims: ExchangedClaims): void {
  claimsOfTokens.set(token, claims);
}

/** What was noted of a token; `undefined` for one of another grant. */
export function exchangedClaimsOf(token: object): Record<string, unknown> | undefined {
  const claims = claimsOfTokens.get(token);
  return claims === undefined ? undefined : { ...claims };
}
