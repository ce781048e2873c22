import { generateKeyPairSync } from 'node:crypto';
import { readSigned } from './signing-key.ts';
import { createOpenIdStandIn, type OpenIdStandIn } from './stand-in.ts';

const issuer = 'https://appleid.apple.com';
/** Six months: no client secret lives longer. */
const maxSecretSeconds = 15_777_000;

export interface Apple extends OpenIdStandIn {
  /** What an adopter downloads once from Apple, as PKCS#8 PEM. */
  readonly privateKey: string;
  /** Why the last client secret was refused. */
  readonly refusedSecrets: readonly string[];
}

export interface AppleOptions {
  readonly clientId: string;
  readonly teamId: string;
  readonly keyId: string;
}

/**
 * Apple as "Sign in with Apple" documents it: the client proves itself with a token that it signs by ES256, the answer is a
 * form that the browser sends from Apple’s page, the name comes in `user` at the first sign-in only, and claims that are
 * boolean elsewhere are texts.
 */
export function createApple({ clientId, teamId, keyId }: AppleOptions): Apple {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const refusedSecrets: string[] = [];
  const known = new Set<string>();

  const problemOf = (secret: string): string | undefined => {
    const read = readSigned(secret, publicKey);
    if (read === undefined) return 'signature';
    const { header, claims } = read;
    const now = Date.now() / 1000;
    if (header['alg'] !== 'ES256' || header['kid'] !== keyId) return 'header';
    if (claims['iss'] !== teamId || claims['sub'] !== clientId || claims['aud'] !== issuer) return 'claims';
    const { iat, exp } = claims;
    if (typeof iat !== 'number' || typeof exp !== 'number') return 'times';
    return iat > now + 60 || exp < now || exp - iat > maxSecretSeconds ? 'times' : undefined;
  };

  const openId = createOpenIdStandIn({
    clientId,
    clientSecret: (form) => {
      const problem = form.get('client_id') === clientId ? problemOf(form.get('client_secret') ?? '') : 'client';
      if (problem !== undefined) refusedSecrets.push(problem);
      return problem === undefined;
    },
    cancelled: 'user_cancelled_authorize',
    endpoints: {
      issuer,
      discovery: `${issuer}/.well-known/openid-configuration`,
      authorization: `${issuer}/auth/authorize`,
      token: `${issuer}/auth/token`,
      keys: `${issuer}/auth/keys`,
      more: {
        response_modes_supported: ['query', 'fragment', 'form_post'],
        token_endpoint_auth_methods_supported: ['client_secret_post'],
        subject_types_supported: ['pairwise'],
      },
    },
    claimsOf: ({ email, isVerified, more }) => ({
      email,
      email_verified: String(isVerified),
      auth_time: Math.floor(Date.now() / 1000),
      nonce_supported: true,
      ...more,
    }),
    besideCode: ({ subject, name, email }) => {
      if (known.has(subject)) return {};
      known.add(subject);
      const [firstName = '', lastName = ''] = name.split(' ');
      return { user: JSON.stringify({ name: { firstName, lastName }, email }) };
    },
  });
  return {
    ...openId,
    privateKey: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
    refusedSecrets,
  };
}
