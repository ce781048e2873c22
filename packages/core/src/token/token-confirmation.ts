/**
 * What a token is bound to: its caller has to prove on every request that they hold the private key. A token may be bound
 * to both; then both are proved.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc7800#section-3.1 RFC 7800, section 3.1}
 */
export type TokenConfirmation =
  /** Thumbprint of a public key (RFC 7638), proved by DPoP (RFC 9449, section 6.1). */
  | { readonly jkt: string }
  /** Thumbprint of a client certificate, proved by mutual TLS (RFC 8705, section 3.1). */
  | { readonly x5tS256: string };

/** The claim `cnf` of a token or of an answer about one. */
export interface ConfirmationClaim {
  readonly jkt?: string | undefined;
  readonly 'x5t#S256'?: string | undefined;
}

/** Reads the claim; `undefined` where it names nothing that is known here, which must be refused and never be ignored. */
export function toTokenConfirmation({ jkt, 'x5t#S256': x5tS256 }: ConfirmationClaim): TokenConfirmation | undefined {
  if (jkt !== undefined) return x5tS256 === undefined ? { jkt } : { jkt, x5tS256 };
  return x5tS256 === undefined ? undefined : { x5tS256 };
}

/** Writes the claim. */
export function toConfirmationClaim(confirmation: TokenConfirmation): ConfirmationClaim {
  return {
    ...('jkt' in confirmation ? { jkt: confirmation.jkt } : {}),
    ...('x5tS256' in confirmation ? { 'x5t#S256': confirmation.x5tS256 } : {}),
  };
}
