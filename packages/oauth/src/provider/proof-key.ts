import type { KoaContextWithOIDC } from 'oidc-provider';
import { calculateJwkThumbprint, decodeJwt, decodeProtectedHeader } from 'jose';

/** The proof of possession that the library has verified, of a request to the token endpoint. */
export interface VerifiedProof {
  /** Thumbprint of its key (RFC 7638). */
  readonly jkt: string;
  readonly jti: string;
}

/**
 * Reads the proof of a request (RFC 9449) once more: the library verifies it before it looks for a code or a token, and
 * says so nowhere. `undefined` where there is none.
 */
export async function readVerifiedProof(ctx: KoaContextWithOIDC): Promise<VerifiedProof | undefined> {
  const proof = ctx.get('dpop');
  if (proof === '') return undefined;
  const { jwk } = decodeProtectedHeader(proof);
  const { jti } = decodeJwt(proof);
  if (jwk === undefined || jti === undefined) throw new TypeError('the library took a proof without a key or an id');
  return { jkt: await calculateJwkThumbprint(jwk), jti };
}
