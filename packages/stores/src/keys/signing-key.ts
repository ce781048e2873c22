import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import type { KeyRingEntry, KeyUse, Sealer } from '@sallyport/core';

/** A key that was opened. Its public part comes from its private part, never from a column that others could write. */
export interface SigningKey {
  readonly entry: KeyRingEntry;
  readonly privateKey: KeyObject;
  readonly publicJwk: Readonly<Record<string, string>>;
}

/** Which key to make. */
export interface SigningKeyRequest {
  readonly use: KeyUse;
  readonly signFrom: Date;
  readonly verifyUntil: Date;
}

interface PublicPoint {
  readonly crv: string;
  readonly kty: string;
  readonly x: string;
  readonly y: string;
}

/** Makes a current ES256 key whose id is its thumbprint and whose private part is sealed. */
export function makeSigningKey(request: SigningKeyRequest, sealer: Sealer): KeyRingEntry {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const point = publicPointOf(publicKey);
  const kid = thumbprintOf(point);
  return {
    kid,
    use: request.use,
    alg: 'ES256',
    state: 'current',
    signFrom: request.signFrom,
    verifyUntil: request.verifyUntil,
    publicJwk: JSON.stringify(toPublicJwk(point, kid)),
    sealedPrivate: sealer.seal(
      privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      sealingContextOf(request.use, kid),
    ),
  };
}

/**
 * Opens a stored key.
 *
 * @throws Error that says what to do, when the private part was sealed under a root secret that is gone, was changed, or
 *   was sealed for another id or use.
 */
export function openSigningKey(entry: KeyRingEntry, sealer: Sealer): SigningKey {
  if (entry.alg !== 'ES256')
    throw new Error(`the signing key ${entry.kid} has an algorithm that is not supported: ${entry.alg}`);
  const privateKey = openPrivateKey(entry, sealer);
  const point = publicPointOf(createPublicKey(privateKey));
  return { entry, privateKey, publicJwk: toPublicJwk(point, entry.kid) };
}

/** Signs a compact JWS at once, with `kid` and `alg` in its header. */
export function signCompact(key: SigningKey, type: string, claims: object): string {
  const header = encode({ alg: key.entry.alg, typ: type, kid: key.entry.kid });
  const input = `${header}.${encode(claims)}`;
  const signature = sign('sha256', Buffer.from(input), { key: key.privateKey, dsaEncoding: 'ieee-p1363' });
  return `${input}.${signature.toString('base64url')}`;
}

function openPrivateKey(entry: KeyRingEntry, sealer: Sealer): KeyObject {
  try {
    return createPrivateKey(sealer.open(entry.sealedPrivate, sealingContextOf(entry.use, entry.kid)));
  } catch (cause) {
    throw new Error(
      `the signing key ${entry.kid} (${entry.use}) cannot be opened: it was sealed under another root secret. ` +
        'Start with the root secret that was used before, as one of the versions of SALLYPORT_SECRET or in the data folder.',
      { cause },
    );
  }
}

/** A key that was moved to another use or id does not open. */
export function sealingContextOf(use: string, kid: string): string {
  return `${use}/${kid}`;
}

function publicPointOf(publicKey: KeyObject): PublicPoint {
  const { crv, kty, x, y } = publicKey.export({ format: 'jwk' });
  if (crv !== 'P-256' || kty !== 'EC' || x === undefined || y === undefined)
    throw new Error('a signing key is not on the curve P-256');
  return { crv, kty, x, y };
}

/** @see {@link https://www.rfc-editor.org/rfc/rfc7638#section-3 RFC 7638, section 3}: required members only, in this order. */
function thumbprintOf({ crv, kty, x, y }: PublicPoint): string {
  return createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url');
}

function toPublicJwk({ crv, kty, x, y }: PublicPoint, kid: string): Readonly<Record<string, string>> {
  return { kty, crv, x, y, kid, alg: 'ES256', use: 'sig' };
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
