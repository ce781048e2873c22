import { OptionsError } from '@sallyport/core';
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  sign,
  type JsonWebKey,
  type KeyObject,
} from 'node:crypto';
import { promisify } from 'node:util';
import type { KeyAlgorithm, KeyRingEntry, Sealer } from '@sallyport/core';
import { encodeJwsPart } from './encode-jws-part.ts';

/** A key that was opened. Its public part comes from its private part, never from a column that others could write. */
export interface SigningKey {
  readonly entry: KeyRingEntry;
  readonly privateKey: KeyObject;
  readonly publicJwk: PublicJwk;
}

/** Which key to make. */
export type SigningKeyRequest = Pick<KeyRingEntry, 'use' | 'alg' | 'state' | 'signFrom' | 'verifyUntil'>;

/** A public key with the members that verifiers need. */
export type PublicJwk = Readonly<Record<string, string>> & { readonly kty: string };

/** How the keys of one algorithm are made, recognised and used. */
interface Algorithm {
  readonly generate: () => Promise<{ readonly privateKey: KeyObject; readonly publicKey: KeyObject }>;
  readonly kty: string;
  readonly crv?: string;
  /** What a thumbprint is made of, in the order of RFC 7638, section 3.2 (RFC 8037, section 2, for OKP). */
  readonly members: readonly (keyof JsonWebKey & string)[];
  readonly sign: (input: Buffer, key: KeyObject) => Buffer;
}

const generate = promisify(generateKeyPair);
const rsaModulusLength = 2048;

const algorithms: Readonly<Record<KeyAlgorithm, Algorithm>> = {
  ES256: {
    generate: () => generate('ec', { namedCurve: 'P-256' }),
    kty: 'EC',
    crv: 'P-256',
    members: ['crv', 'kty', 'x', 'y'],
    sign: (input, key) => sign('sha256', input, { key, dsaEncoding: 'ieee-p1363' }),
  },
  EdDSA: {
    generate: () => generate('ed25519'),
    kty: 'OKP',
    crv: 'Ed25519',
    members: ['crv', 'kty', 'x'],
    sign: (input, key) => sign(null, input, key),
  },
  RS256: {
    generate: () => generate('rsa', { modulusLength: rsaModulusLength }),
    kty: 'RSA',
    members: ['e', 'kty', 'n'],
    sign: (input, key) => sign('sha256', input, key),
  },
};

/** Makes a key whose id is its thumbprint and whose private part is sealed. */
export async function makeSigningKey(request: SigningKeyRequest, sealer: Sealer): Promise<KeyRingEntry> {
  const { use, alg } = request;
  const { privateKey, publicKey } = await algorithms[alg].generate();
  const members = publicMembersOf(publicKey, alg);
  const kid = thumbprintOf(members);
  return {
    ...request,
    kid,
    publicJwk: JSON.stringify(toPublicJwk(members, kid, alg)),
    sealedPrivate: sealer.seal(
      privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      sealingContextOf(use, kid),
    ),
  };
}

/**
 * Opens a stored key.
 *
 * @throws OptionsError that says what to do, when the private part was sealed under a root secret that is gone, was changed, or
 *   was sealed for another id or use, and when it is no key of the algorithm that the row names.
 */
export function openSigningKey(entry: KeyRingEntry, sealer: Sealer): SigningKey {
  const privateKey = openPrivateKey(entry, sealer);
  const members = publicMembersOf(createPublicKey(privateKey), entry.alg);
  return { entry, privateKey, publicJwk: toPublicJwk(members, entry.kid, entry.alg) };
}

/** Signs a compact JWS at once, with `kid` and `alg` in its header. */
export function signCompact(key: SigningKey, type: string, claims: object): string {
  const { alg, kid } = key.entry;
  const input = `${encodeJwsPart({ alg, typ: type, kid })}.${encodeJwsPart(claims)}`;
  return `${input}.${signInput(key, Buffer.from(input)).toString('base64url')}`;
}

/** Signs the input of a JWS that something else wrote. */
export function signInput({ entry, privateKey }: SigningKey, input: Buffer): Buffer {
  return algorithms[entry.alg].sign(input, privateKey);
}

function openPrivateKey(entry: KeyRingEntry, sealer: Sealer): KeyObject {
  try {
    return createPrivateKey(sealer.open(entry.sealedPrivate, sealingContextOf(entry.use, entry.kid)));
  } catch (cause) {
    throw new OptionsError(
      `the signing key ${entry.kid} (${entry.use}) cannot be opened: it was sealed under another root secret. ` +
        'Start with the root secret that was used before, as one of the versions of SALLYPORT_SECRET or in the data folder.',
      'SP_OPTIONS_DATA_UNUSABLE',
      { cause },
    );
  }
}

/** A key that was moved to another use or id does not open. */
export function sealingContextOf(use: string, kid: string): string {
  return `${use}/${kid}`;
}

/** The algorithm is bound to the key: a row that names another one is refused. */
function publicMembersOf(publicKey: KeyObject, alg: KeyAlgorithm): PublicJwk {
  const jwk = publicKey.export({ format: 'jwk' });
  const { kty, crv, members } = algorithms[alg];
  if (jwk.kty !== kty || jwk.crv !== crv)
    throw new OptionsError(`a signing key is not one for ${alg}`, 'SP_OPTIONS_DATA_UNUSABLE');
  const found = members.map((name): readonly [string, unknown] => [name, jwk[name]]);
  return { ...(Object.fromEntries(found) as Record<string, string>), kty }; // Node writes texts.
}

/** @see {@link https://www.rfc-editor.org/rfc/rfc7638#section-3 RFC 7638, section 3}: required members only, in this order. */
function thumbprintOf(members: PublicJwk): string {
  return createHash('sha256').update(JSON.stringify(members)).digest('base64url');
}

function toPublicJwk(members: PublicJwk, kid: string, alg: KeyAlgorithm): PublicJwk {
  return { ...members, kid, alg, use: 'sig' };
}
