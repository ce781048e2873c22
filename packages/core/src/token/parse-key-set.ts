import type { JsonWebKey, JsonWebKeySet } from './json-web-keys.ts';

/** What is in a key set, or why it is not believed: one phrase that goes on after "its answer". */
export type ParsedKeySet = { readonly keys: JsonWebKeySet } | { readonly refusal: string };

/** Members that only a private or a symmetric key has (RFC 7518, section 6). */
const secretMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'] as const;

/** 2048 bits (RFC 7518, section 3.3), in characters of base64url. */
const shortestModulus = 342;

/**
 * Reads a key set from the text that an endpoint answered. It is believed as a whole or not at all: every member is a
 * public key, and at least one is of use for signatures of the algorithms that a verifier accepts. An endpoint that
 * answers anything else is at fault, and must not replace keys that are good.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc7517#section-5 RFC 7517, section 5}
 */
export function parseKeySet(text: string): ParsedKeySet {
  const keys = readKeys(text);
  if (keys === undefined) return { refusal: 'is not a key set' };
  if (keys.some((key) => key.kty === 'oct' || secretMembers.some((member) => member in key)))
    return { refusal: 'holds a private or symmetric key, which no endpoint may publish' };
  if (!keys.some(isUsable)) return { refusal: 'holds no public key for ES256, EdDSA or RS256' };
  return { keys: { keys: [...keys] } };
}

function readKeys(text: string): readonly JsonWebKey[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || !('keys' in value) || !Array.isArray(value.keys))
      return undefined;
    return value.keys.every(isKey) ? value.keys : undefined;
  } catch {
    return undefined;
  }
}

function isKey(value: unknown): value is JsonWebKey {
  return typeof value === 'object' && value !== null && 'kty' in value && typeof value.kty === 'string';
}

function isUsable({ kty, crv, alg, use = 'sig', x, y, n, e }: JsonWebKey): boolean {
  if (use !== 'sig') return false;
  const isFor = (...algorithms: readonly string[]): boolean => alg === undefined || algorithms.includes(alg);
  if (kty === 'EC') return crv === 'P-256' && isText(x) && isText(y) && isFor('ES256');
  if (kty === 'OKP') return crv === 'Ed25519' && isText(x) && isFor('EdDSA', 'Ed25519');
  return kty === 'RSA' && isText(n) && n.length >= shortestModulus && isText(e) && isFor('RS256');
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
