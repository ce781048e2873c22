import { base64url } from 'jose';
import type { VerificationKey } from './json-web-keys.ts';
import type { KeySource } from './key-source.ts';
import { SallyportError } from '../errors/sallyport-error.ts';
import { weaknessOfSecret } from '../options/secret-strength.ts';
import { OptionsError } from '../options/options-error.ts';

/** How a shared secret signs. Every verifier can sign with it as well. */
export const sharedSecretAlgorithm = 'HS256';

/** How the `kid` of a secret is derived from it, by HKDF with SHA-256 and without a salt. */
export const sharedSecretIdDerivation = { label: 'sallyport key id of a shared secret', bytes: 16 } as const;

/** One that signs, and one that is on its way in or out: each further one is one more with which tokens can be forged. */
const maximumSecrets = 2;

/** What a key of HS256 must hold at least (RFC 7518, section 3.2). */
const minimumBits = 256;

/** Written in one of these, a secret tells how many bits it can hold; none of them has a comma or a letter that encodings spell differently. */
const alphabets = [
  { pattern: /^[0-9]+$/, bits: Math.log2(10) },
  { pattern: /^[0-9A-Fa-f]+$/, bits: 4 },
  { pattern: /^[A-Z2-7]+$/, bits: 5 },
  { pattern: /^[A-Za-z0-9+/_-]+$/, bits: 6 },
] as const;

/**
 * Says why a text is not the shared secret, or two of them with a comma or a line break between; `undefined` when it is.
 * Of the text itself nothing is said.
 */
export function problemOfSharedSecrets(text: string): string | undefined {
  const secrets = split(text);
  if (secrets.length === 0) return 'is empty';
  if (secrets.length > maximumSecrets) return `holds more than ${maximumSecrets} secrets`;
  if (new Set(secrets).size !== secrets.length) return 'holds the same secret twice';
  for (const [index, secret] of secrets.entries()) {
    const weakness = weaknessOf(secret);
    if (weakness === undefined) continue;
    return secrets.length === 1 ? weakness : `holds a secret (number ${index + 1}) that ${weakness}`;
  }
  return undefined;
}

/**
 * Reads the shared secret, or two of them with a comma or a line break between: the first one signs, both verify.
 *
 * @throws OptionsError that says what is wrong, and nothing of the text.
 */
export function parseSharedSecrets(text: string): readonly string[] {
  const problem = problemOfSharedSecrets(text);
  if (problem !== undefined) throw new OptionsError(`the shared secret ${problem}`);
  return split(text);
}

/**
 * The `kid` of a secret. Derived by HKDF with a label of its own, so that it says nothing about the secret, and nothing
 * that is signed with the secret can be mistaken for it.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc5869 RFC 5869}
 */
export async function idOfSharedSecret(secret: string): Promise<string> {
  const { label, bytes } = sharedSecretIdDerivation;
  const key = await crypto.subtle.importKey('raw', bytesOf(secret), 'HKDF', false, ['deriveBits']);
  const how = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info: bytesOf(label) };
  const id = new Uint8Array(await crypto.subtle.deriveBits(how, key, bytes * 8));
  return base64url.encode(id);
}

/**
 * Builds the key source of verifiers that share secrets with the gateway. A token that names no secret, or another one, is
 * refused with `SP_TOKEN_INVALID`; nothing is fetched. Signatures are compared by Web Crypto, in constant time.
 *
 * The key is the text of the secret itself, as `secretOrKey` of passport-jwt takes it, and not what it decodes to.
 *
 * @throws OptionsError for a text that `parseSharedSecrets` refuses.
 */
export function createSharedSecretSource(text: string): KeySource {
  const secrets = parseSharedSecrets(text);
  let imported: Promise<ReadonlyMap<unknown, VerificationKey>> | undefined;
  return {
    kind: 'shared-secret',
    getKey: async ({ kid }) => {
      imported ??= importSecrets(secrets);
      const key = (await imported).get(kid);
      if (key === undefined) throw new SallyportError('SP_TOKEN_INVALID', { reason: 'unknown-key' });
      return key;
    },
  };
}

async function importSecrets(secrets: readonly string[]): Promise<ReadonlyMap<unknown, VerificationKey>> {
  const how = { name: 'HMAC', hash: 'SHA-256' };
  const entries = secrets.map(async (secret): Promise<readonly [unknown, VerificationKey]> => {
    const key = crypto.subtle.importKey('raw', bytesOf(secret), how, false, ['verify']);
    return [await idOfSharedSecret(secret), await key];
  });
  return new Map(await Promise.all(entries));
}

function split(text: string): readonly string[] {
  return text.split(/[\s,]+/).filter((part) => part !== '');
}

function weaknessOf(secret: string): string | undefined {
  const padless = secret.replace(/={1,2}$/, '');
  const alphabet = alphabets.find(({ pattern }) => pattern.test(padless));
  if (alphabet === undefined) return 'is not written in base64, base64url or hexadecimal digits';
  if (padless.length * alphabet.bits < minimumBits)
    return `is too short to hold ${minimumBits} bits: that takes 43 characters of base64 or 64 hexadecimal digits`;
  return weaknessOfSecret(padless);
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}
