import { errors, type AccessToken, type KoaContextWithOIDC } from 'oidc-provider';
import type { ClientCertificate, TokenConfirmation } from '@sallyport/core';
import { loadGrantHelpers } from './grant-helpers.ts';

/** What the client of a token request proves to hold. */
export interface PresentedProof {
  /** Whether it holds the key that a token is bound to. */
  readonly confirms: (confirmation: TokenConfirmation) => boolean;
  /** Binds a new token to it, where the client is to be bound or the token before was. Uses the proof up. */
  readonly bind: (token: AccessToken, before: TokenConfirmation | undefined) => Promise<void>;
}

/**
 * Reads the proof of possession of a request: DPoP (RFC 9449, section 5), or the certificate of its connection (RFC 8705).
 *
 * @throws InvalidRequest where the client is registered for one and presents none.
 */
export async function readPresentedProof(
  ctx: KoaContextWithOIDC,
  certificate: ClientCertificate | undefined,
): Promise<PresentedProof> {
  const { provider, client } = ctx.oidc;
  const helpers = await loadGrantHelpers();
  const dpop = await helpers.validateDpop(provider, ctx);
  helpers.checkDpopRequired(provider, ctx, dpop, errors.InvalidRequest);
  const isBoundByCertificate = helpers.checkMtlsCert(provider, ctx, errors.InvalidRequest) !== undefined;
  return {
    confirms: (confirmation) =>
      (!('jkt' in confirmation) || confirmation.jkt === dpop?.thumbprint) &&
      (!('x5tS256' in confirmation) || confirmation.x5tS256 === certificate?.thumbprint),
    async bind(token, before) {
      const wasBoundByCertificate = before !== undefined && 'x5tS256' in before;
      if (certificate !== undefined && (isBoundByCertificate || wasBoundByCertificate))
        token.setThumbprint('x5t', certificate.pem);
      if (dpop === undefined) return;
      await helpers.checkDpopReplay(provider, ctx, dpop, client?.clientId ?? '', errors.InvalidRequest);
      token.setThumbprint('jkt', dpop.thumbprint);
    },
  };
}
