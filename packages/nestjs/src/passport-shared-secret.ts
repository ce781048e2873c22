import { hkdfSync } from 'node:crypto';
import { parseSharedSecrets, sharedSecretIdDerivation } from '@sallyport/core';

/** How passport-jwt asks for the key of a token: its `secretOrKeyProvider`. */
export type SecretOrKeyProvider = (
  request: unknown,
  token: unknown,
  done: (error: Error | null, secret?: string) => void,
) => void;

/**
 * Answers passport-jwt with the secret that a token names, so that a stock strategy accepts tokens of two secrets while
 * one replaces the other. With `algorithms: ['HS256']` and nothing else beside it: passport-jwt believes what it is told.
 *
 * A token that names neither secret is refused.
 *
 * @throws OptionsError for a text that holds no strong secret, or more than two.
 * @example
 * `super({ jwtFromRequest, secretOrKeyProvider: passportSharedSecret(secret), algorithms: ['HS256'], issuer, audience })`
 */
export function passportSharedSecret(text: string): SecretOrKeyProvider {
  const byId: ReadonlyMap<unknown, string> = new Map(parseSharedSecrets(text).map((secret) => [idOf(secret), secret]));
  return (_request, token, done) => {
    // At once, so that what a strategy throws goes to its caller, and not into a promise without an observer.
    const secret = byId.get(kidOf(token));
    if (secret === undefined) done(new Error('the token names no secret that is known here'));
    else done(null, secret);
  };
}

function idOf(secret: string): string {
  const { label, bytes } = sharedSecretIdDerivation;
  return Buffer.from(hkdfSync('sha256', secret, '', label, bytes)).toString('base64url');
}

/** Reads which secret is meant, without believing it: the signature is checked with that one. */
function kidOf(token: unknown): unknown {
  try {
    const header: unknown = JSON.parse(Buffer.from(String(token).split('.')[0] ?? '', 'base64url').toString());
    return typeof header === 'object' && header !== null && 'kid' in header ? header.kid : undefined;
  } catch {
    return undefined;
  }
}
