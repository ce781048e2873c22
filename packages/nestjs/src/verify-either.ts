import type { TokenVerifier } from '@sallyport/core';

/** How a service that has both finds out who presents a token. */
export interface EitherVerifierParts {
  /** Of internal tokens, by their keys. */
  readonly byKeys: TokenVerifier;
  /** Of all others, by asking the gateway. */
  readonly byAsking: TokenVerifier;
  /** Issuer of internal tokens. */
  readonly issuer: string;
}

const compactJws = /^[A-Za-z0-9_-]+\.([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]+$/;

/**
 * Builds the check of a service that is called through the gateway as well as past it. A token that says that it is of the
 * internal issuer is verified by its keys and never asked about; which of both checks it, nothing that it says makes good.
 */
export function createEitherVerifier({ byKeys, byAsking, issuer }: EitherVerifierParts): TokenVerifier {
  const isInternal = (token: string): boolean => {
    const payload = compactJws.exec(token)?.[1];
    if (payload === undefined) return false;
    try {
      const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString());
      return typeof claims === 'object' && claims !== null && 'iss' in claims && claims.iss === issuer;
    } catch {
      return false;
    }
  };
  return {
    recallHeader: (header) => byKeys.recallHeader?.(header),
    recall: (token) => byKeys.recall(token) ?? byAsking.recall(token),
    verify: (token) => (isInternal(token) ? byKeys : byAsking).verify(token),
    forgetAll: () => {
      byKeys.forgetAll?.();
      byAsking.forgetAll?.();
    },
  };
}
