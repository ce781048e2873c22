import {
  createHmac,
  createPublicKey,
  generateKeyPairSync,
  hkdfSync,
  randomUUID,
  sign as signBytes,
  type KeyObject,
} from 'node:crypto';
import {
  internalTokenType,
  toInternalTokenClaims,
  type InternalTokenClaims,
  type JsonWebKeySet,
  type KeyAlgorithm,
} from '@sallyport/core';
import { listenForKeys, type TestKeyEndpoint } from './test-key-endpoint.ts';
import { createTestPrincipal, toTokenRequest, type TestCaller } from './test-caller.ts';

/** Claims or header fields to change; `undefined` leaves one out. Wrong types are welcome: that is what tests are for. */
export type Changes = Readonly<Record<string, unknown>>;

export interface TestIssuerOptions {
  /** @default 'http://localhost:3000/internal' */
  readonly issuer?: string;
  /** @default 'shop' */
  readonly audience?: string;
  /** @default 'ES256' */
  readonly algorithm?: KeyAlgorithm;
  /** Signs with this secret by HS256, until it rotates, and publishes nothing of it. @default a key pair */
  readonly sharedSecret?: string;
  /** Which role holds which permissions, for `tokenFor`. */
  readonly roles?: Readonly<Record<string, readonly string[]>>;
  /** The same of the roles inside organizations, for `issueToken({ org, orgRoles })`. */
  readonly organizationRoles?: Readonly<Record<string, readonly string[]>>;
}

/** An issuer of internal tokens whose key lives in memory and nowhere else. */
export interface TestIssuer {
  readonly issuer: string;
  readonly audience: string;
  /**
   * A good token of the caller that is described; `issueToken()` is one of `user-1`. Permissions are those of the roles,
   * unless they are named.
   *
   * @throws TypeError for a role that the issuer does not know, where it knows any, and for `orgRoles` without `org`.
   * @example
   * const token = issuer.issueToken({ org: 'acme', orgRoles: ['owner'] });
   */
  issueToken(caller?: TestCaller): string;
  /** A signed token with complete, valid claims, save for the changes. */
  sign(claims?: Changes, header?: Changes): string;
  /** A token of a person `<role>-1` who holds this role and its permissions. */
  tokenFor(role: string, claims?: Changes): string;
  /** The public keys. */
  jwks(): JsonWebKeySet;
  /** The public part of the current key as PEM, for attacks that misuse it as a shared secret. */
  publicKeyPem(): string;
  /** Signs with a new key from now on. The old key stays published unless `forgetOld`. */
  rotate(options?: { readonly forgetOld?: boolean; readonly algorithm?: KeyAlgorithm }): void;
  /** Serves the keys on loopback, on a port of its own choice. */
  listen(): Promise<TestKeyEndpoint>;
}

interface TestKey {
  readonly alg: string;
  readonly kid: string;
  readonly sign: (input: string) => Buffer;
  /** Absent for a secret. */
  readonly publicKey?: KeyObject;
}

/**
 * Builds an issuer for tests of services that trust the gateway. Keys are made anew each time.
 *
 * @example
 * const issuer = createTestIssuer({ audience: 'shop', roles: { vendor: ['product:create'] } });
 * const token = issuer.issueToken({ id: 'vendor-2', roles: ['vendor'] });
 */
export function createTestIssuer(options: TestIssuerOptions = {}): TestIssuer {
  const {
    issuer = 'http://localhost:3000/internal',
    audience = 'shop',
    roles = {},
    organizationRoles = {},
    algorithm: first = 'ES256',
    sharedSecret,
  } = options;
  let keys: readonly [TestKey, ...TestKey[]] = [
    sharedSecret === undefined ? createKey(first) : createSecretKey(sharedSecret),
  ];

  const sign = (claims: Changes = {}, header: Changes = {}): string => {
    const [key] = keys;
    const protectedHeader = { alg: key.alg, typ: internalTokenType, kid: key.kid, ...header };
    const payload = { ...validClaims(issuer, audience), ...claims };
    const input = `${encodeJson(protectedHeader)}.${encodeJson(payload)}`;
    return `${input}.${key.sign(input).toString('base64url')}`;
  };

  const jwks = (): JsonWebKeySet => ({ keys: keys.flatMap(toPublicJwk) });

  return {
    issuer,
    audience,
    issueToken: (caller = {}) => {
      const request = {
        issuer,
        audience,
        ...toTokenRequest(caller, { roles, organizationRoles }),
        tokenId: randomUUID(),
      };
      return sign({ ...toInternalTokenClaims(request) });
    },
    sign,
    tokenFor: (role, claims = {}) => {
      const permissions = roles[role];
      if (permissions === undefined) throw new TypeError(`the test issuer knows no role "${role}"`);
      return sign({ sub: `${role}-1`, roles: [role], scope: permissions.join(' '), ...claims });
    },
    jwks,
    publicKeyPem: () => {
      const [{ publicKey }] = keys;
      if (publicKey === undefined) throw new TypeError('a shared secret has no public part');
      return publicKey.export({ type: 'spki', format: 'pem' }).toString();
    },
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
  const privateKey = createPrivateKey(alg);
  const digest = alg === 'EdDSA' ? null : 'sha256';
  return {
    alg,
    kid: randomUUID(),
    sign: (input) => signBytes(digest, Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' }),
    publicKey: createPublicKey(privateKey),
  };
}

/** Written anew after docs/wire/internal-token.md, as a service in another language would do it. */
function createSecretKey(secret: string): TestKey {
  const id = hkdfSync('sha256', secret, '', 'sallyport key id of a shared secret', 16);
  return {
    alg: 'HS256',
    kid: Buffer.from(id).toString('base64url'),
    sign: (input) => createHmac('sha256', secret).update(input).digest(),
  };
}

function createPrivateKey(alg: KeyAlgorithm): KeyObject {
  switch (alg) {
    case 'ES256':
      return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    case 'EdDSA':
      return generateKeyPairSync('ed25519').privateKey;
    case 'RS256':
      return generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  }
}

function toPublicJwk({ alg, kid, publicKey }: TestKey): JsonWebKeySet['keys'] {
  if (publicKey === undefined) return [];
  const jwk = publicKey.export({ format: 'jwk' });
  return [{ ...jwk, kty: jwk.kty ?? '', kid, alg, use: 'sig' }];
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
