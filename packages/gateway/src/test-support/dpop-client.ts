import { createHash, createHmac, generateKeyPairSync, randomUUID, sign, type KeyObject } from 'node:crypto';

/** What a proof of possession says, where it is not what it should say. */
export interface ProofChange {
  readonly header?: Readonly<Record<string, unknown>>;
  readonly claims?: Readonly<Record<string, unknown>>;
}

/** A client that holds a key of its own and makes proofs with it (RFC 9449, section 4.2), by hand and in no library. */
export interface DpopClient {
  /** Thumbprint of its key (RFC 7638). */
  readonly jkt: string;
  readonly privateJwk: Readonly<Record<string, unknown>>;
  /** A proof for a request of now, or what a thief or a careless client would send in its place. */
  proof(request: { method: string; url: string; token: string; at: number }, change?: ProofChange): string;
  /** The same, signed with the public key as a secret. */
  symmetricProof(request: { method: string; url: string; token: string; at: number }): string;
}

/** Makes a client with a fresh key on P-256. */
export function createDpopClient(): DpopClient {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwk = publicKey.export({ format: 'jwk' }) as Readonly<Record<string, string>>;
  const { crv, kty, x, y } = jwk;
  const jkt = createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url');

  const claimsOf = ({ method, url, token, at }: Parameters<DpopClient['proof']>[0]) => ({
    jti: randomUUID(),
    htm: method,
    htu: url,
    iat: Math.floor(at / 1000),
    ath: createHash('sha256').update(token).digest('base64url'),
  });
  const textOf = (header: object, claims: object): string => [header, claims].map(encode).join('.');

  return {
    jkt,
    privateJwk: { ...privateKey.export({ format: 'jwk' }) },
    proof(request, { header = {}, claims = {} } = {}) {
      const text = textOf({ typ: 'dpop+jwt', alg: 'ES256', jwk, ...header }, { ...claimsOf(request), ...claims });
      return `${text}.${signed(text, privateKey)}`;
    },
    symmetricProof(request) {
      const text = textOf({ typ: 'dpop+jwt', alg: 'HS256', jwk }, claimsOf(request));
      return `${text}.${createHmac('sha256', JSON.stringify(jwk)).update(text).digest('base64url')}`;
    },
  };
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}

function signed(text: string, key: KeyObject): string {
  return sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url');
}
