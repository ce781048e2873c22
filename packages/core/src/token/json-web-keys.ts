/**
 * A public key, as a key endpoint publishes it.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc7517#section-4 RFC 7517, section 4}
 */
export interface JsonWebKey {
  /** Demanded by the RFC; libraries declare it optional. */
  readonly kty?: string;
  readonly kid?: string;
  readonly alg?: string;
  readonly use?: string;
  /** Of elliptic curves. */
  readonly crv?: string;
  readonly x?: string;
  readonly y?: string;
  /** Of RSA. */
  readonly n?: string;
  readonly e?: string;
}

/**
 * What a key endpoint answers.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc7517#section-5 RFC 7517, section 5}
 */
export interface JsonWebKeySet {
  readonly keys: JsonWebKey[];
}

/** What the header of a token says of the key that signed it. */
export interface TokenKeyHeader {
  readonly alg: string;
  readonly kid?: string;
  readonly [member: string]: unknown;
}

/** A token, taken apart. */
export interface TokenParts {
  readonly payload: string | Uint8Array;
  readonly protected?: string;
  readonly signature: string;
}

/** What a signature is checked with: a key of Web Crypto or of `node:crypto`, a JSON Web Key, or the bytes of a secret. */
export type VerificationKey = { readonly type: string } | JsonWebKey | Uint8Array;

/** Finds the key for a token by its header. */
export type FindKey = (header: TokenKeyHeader, token: TokenParts) => Promise<VerificationKey>;
