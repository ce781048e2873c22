import { generateKeyPairSync, randomUUID, sign as signBytes, type KeyObject } from 'node:crypto';
import {
  internalTokenType,
  toInternalTokenClaims,
  freezePrincipal,
  type InternalTokenClaims,
  type KeyAlgorithm,
  type UserPrincipal,
} from '@sallyport/core';
import type { JSONWebKeySet } from 'jose';
import { listenForKeys, type TestKeyEndpoint } from './test-key-endpoint.ts';

/** Claims or header fields to change; `undefined` leaves one out. Wrong types are welcome: that is what tests are for. */
export type Changes = Readonly<Record<string, unknown>>;

export interface TestIssuerOptions {
  /** @default 'http://localhost:3000/internal' */
  readonly issuer?: string;
  /** @default 'shop' */
  readonly audience?: string;
  /** @default 'ES256' */
  readonly algorithm?: KeyAlgorithm;
  /** Which role holds which permissions, for `tokenFor`. */
  readonly roles?: Readonly<Record<string, readonly string[]>>;
}

/** An issuer of internal tokens whose key lives in memory and nowhere else. */
export interface TestIssuer {
  readonly issuer: string;
  readonly audience: string;
  /** A signed token with complete, valid claims, save for the changes. */
  sign(claims?: Changes, header?: Changes): string;
  /** A token of a person `<role>-1` who holds this role and its permissions. */
  tokenFor(role: string, claims?: Changes): string;
  /** The public keys. */
  jwks(): JSONWebKeySet;
  /** The public part of the current key as PEM, for attacks that misuse it as a shared secret. */
  publicKeyPem(): string;
  /** Signs with a new key from now on. The old key stays published unless `forgetOld`. */
  rotate(options?: { readonly forgetOld?: boolean; readonly algorithm?: KeyAlgorithm }): void;
  /** Serves the keys on loopback, on a port of its own choice. */
  listen(): Promise<TestKeyEndpoint>;
}

interface TestKey {
  readonly alg: KeyAlgorithm;
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/**
 * Builds an issuer for tests of services that trust the door. Keys are made anew each time.
 *
 * @example
 * const issuer = createTestIssuer({ audience: 'shop', roles: { vendor: ['product:create'] } });
 * const token = issuer.tokenFor('vendor', { sub: 'vendor-2' });
 */
export function createTestIssuer(options: TestIssuerOptions = {}): TestIssuer {
  const {
    issuer = 'http://localhost:3000/internal',
    audience = 'shop',
    roles = {},
    algorithm: first = 'ES256',
  } = options;
  let keys: readonly [TestKey, ...TestKey[]] = [createKey(first)];

  const sign = (claims: Changes = {}, header: Changes = {}): string => {
    const [{ alg, kid, privateKey }] = keys;
    const protectedHeader = { alg, typ: internalTokenType, kid, ...header };
    const payload = { ...validClaims(issuer, audience), ...claims };
    const input = `${encodeJson(protectedHeader)}.${encodeJson(payload)}`;
    const digest = alg === 'EdDSA' ? null : 'sha256';
    const signature = signBytes(digest, Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' });
    return `${input}.${signature.toString('base64url')}`;
  };

  const jwks = (): JSONWebKeySet => ({ keys: keys.map(toPublicJwk) });

  return {
    issuer,
    audience,
    sign,
    tokenFor: (role, claims = {}) => {
      const permissions = roles[role];
      if (permissions === undefined) throw new TypeError(`the test issuer knows no role "${role}"`);
      return sign({ sub: `${role}-1`, roles: [role], scope: permissions.join(' '), ...claims });
    },
    jwks,
    publicKeyPem: () => keys[0].publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    rotate: ({ forgetOld = false, algorithm = first } = {}) => {
      keys = forgetOld ? [createKey(algorithm)] : [createKey(algorithm), ...keys];
    },
    listen: () => listenForKeys(jwks),
  };
}

/** Encodes a value as a part of a compact JWS. */
export function encodeJson(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function createKey(alg: KeyAlgorithm): TestKey {
  return { alg, kid: randomUUID(), ...createKeyPair(alg) };
}

function createKeyPair(alg: KeyAlgorithm): Pick<TestKey, 'privateKey' | 'publicKey'> {
  switch (alg) {
    case 'ES256':
      return generateKeyPairSync('ec', { namedCurve: 'P-256' });
    case 'EdDSA':
      return generateKeyPairSync('ed25519');
    case 'RS256':
      return generateKeyPairSync('rsa', { modulusLength: 2048 });
  }
}

function toPublicJwk({ alg, kid, publicKey }: TestKey): JSONWebKeySet['keys'][number] {
  const jwk = publicKey.export({ format: 'jwk' });
  return { ...jwk, kty: jwk.kty ?? '', kid, alg, use: 'sig' };
}

function validClaims(issuer: string, audience: string): InternalTokenClaims {
  return toInternalTokenClaims({
    principal: createTestPrincipal(),
    issuer,
    audience,
    permissions: [],
    includeProfile: false,
    issuedAt: new Date(),
    lifetimeSeconds: 60,
    tokenId: randomUUID(),
  });
}

/** A signed-in person, for tests that need a principal and no token. */
export function createTestPrincipal(changes: Partial<UserPrincipal> = {}): UserPrincipal {
  return freezePrincipal<UserPrincipal>({
    kind: 'user',
    id: 'user-1',
    sid: 'session-1',
    roles: ['user'],
    permissions: [],
    acr: 'pwd',
    amr: ['pwd'],
    authTime: new Date(),
    credential: 'session',
    generation: { session: 1, user: 1, policy: 1 },
    ...changes,
  });
}
