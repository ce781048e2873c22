/** From when until when a token holds, in seconds since 1970. */
export interface TokenTimes {
  readonly issuedAt: number;
  readonly expiresAt: number;
}

/**
 * Reads the times of a JSON Web Token without verifying it: for a token that was verified before.
 *
 * @returns `undefined` for an opaque token, which says nothing.
 */
export function readTokenTimes(token: string): TokenTimes | undefined {
  const payload = token.split('.')[1];
  if (payload === undefined) return undefined;
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString());
    if (typeof claims !== 'object' || claims === null || !('iat' in claims) || !('exp' in claims)) return undefined;
    const { iat, exp } = claims;
    return typeof iat === 'number' && typeof exp === 'number' ? { issuedAt: iat, expiresAt: exp } : undefined;
  } catch {
    return undefined;
  }
}
