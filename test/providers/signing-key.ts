import { createHmac, createPublicKey, generateKeyPairSync, sign, verify, type KeyObject } from 'node:crypto';

/** Claims of a token. */
export type Claims = Readonly<Record<string, unknown>>;

/** A key of a provider, as its JWKS shows it, and tokens made with it. Written by hand: the product has a library. */
export interface SigningKey {
  readonly kid: string;
  readonly jwk: Readonly<Record<string, unknown>>;
  sign(claims: Claims): string;
}

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** Makes a key for `RS256`, which Google, Microsoft and Apple sign with, or for `ES256`. */
export function createSigningKey(kid: string, alg: 'RS256' | 'ES256' = 'RS256'): SigningKey {
  const { publicKey, privateKey } =
    alg === 'RS256'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    kid,
    jwk: { ...publicKey.export({ format: 'jwk' }), kid, alg, use: 'sig' },
    sign: (claims) => {
      const head = `${encode({ alg, kid, typ: 'JWT' })}.${encode(claims)}`;
      const signature = sign('sha256', Buffer.from(head), { key: privateKey, dsaEncoding: 'ieee-p1363' });
      return `${head}.${signature.toString('base64url')}`;
    },
  };
}

/** A token that says it needs no signature (RFC 8725, section 2.1). */
export function unsignedToken(claims: Claims): string {
  return `${encode({ alg: 'none', typ: 'JWT' })}.${encode(claims)}.`;
}

/** A token signed with something that is no secret: the public key of the provider, or the secret of the client. */
export function symmetricToken(claims: Claims, kid: string, key: string): string {
  const head = `${encode({ alg: 'HS256', kid, typ: 'JWT' })}.${encode(claims)}`;
  return `${head}.${createHmac('sha256', key).update(head).digest('base64url')}`;
}

/** A token with its last claims changed after it was signed. */
export function changedToken(token: string, change: Claims): string {
  const [head = '', payload = '', signature = ''] = token.split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Claims; // Signed by this file.
  return `${head}.${encode({ ...claims, ...change })}.${signature}`;
}

/** What an ES256 token says, where its signature is good. */
export function readSigned(token: string, publicKey: KeyObject): { header: Claims; claims: Claims } | undefined {
  const [head = '', payload = '', signature = ''] = token.split('.');
  const isGood = verify(
    'sha256',
    Buffer.from(`${head}.${payload}`),
    { key: createPublicKey(publicKey.export({ format: 'pem', type: 'spki' })), dsaEncoding: 'ieee-p1363' },
    Buffer.from(signature, 'base64url'),
  );
  if (!isGood) return undefined;
  const decode = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString()) as Claims;
  return { header: decode(head), claims: decode(payload) };
}
