import type Provider from 'oidc-provider';
import type { errors, KoaContextWithOIDC } from 'oidc-provider';

type RefusalClass = typeof errors.InvalidRequest;

/** A proof of possession that the library has verified. */
export interface VerifiedProof {
  readonly thumbprint: string;
  readonly jti: string;
}

/** What the library hands to its own grant types, and to none that is registered. It has no types. */
export interface GrantHelpers {
  validateDpop(provider: Provider, ctx: KoaContextWithOIDC): Promise<VerifiedProof | undefined>;
  checkDpopReplay(
    provider: Provider,
    ctx: KoaContextWithOIDC,
    proof: VerifiedProof,
    clientId: string,
    refusal: RefusalClass,
  ): Promise<void>;
  checkDpopRequired(
    provider: Provider,
    ctx: KoaContextWithOIDC,
    proof: VerifiedProof | undefined,
    refusal: RefusalClass,
  ): void;
  checkMtlsCert(provider: Provider, ctx: KoaContextWithOIDC, refusal: RefusalClass): string | undefined;
}

const address: string = 'oidc-provider/lib/helpers/grants.js';

/** Loads them: a version of the library without them rejects, and the request is refused. */
export function loadGrantHelpers(): Promise<GrantHelpers> {
  return import(address) as Promise<GrantHelpers>; // Their signatures in 9.13: tests of token exchange use each.
}
