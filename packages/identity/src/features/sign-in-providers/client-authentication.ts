import { createPrivateKey, sign, type KeyObject } from 'node:crypto';
import * as client from 'openid-client';
import type { ClientAuthentication, IdentityProvider } from './identity-provider.ts';
import { refuse } from './provider-refusal.ts';

type SecretAuthentication = Exclude<ClientAuthentication, { readonly kind: 'none' }>;

/** How long an assertion of ours is good for: it is used at once. */
const assertionSeconds = 120;

/**
 * Builds how this product proves itself to a provider. The secret is asked for each time, so that one that was renewed is
 * used from then on.
 */
export function createClientAuthentication(
  provider: Pick<IdentityProvider, 'clientId' | 'clientAuthentication' | 'issuer'>,
  secretOf: () => string | undefined,
): client.ClientAuth {
  const { clientAuthentication } = provider;
  if (clientAuthentication.kind === 'none') return client.None();
  // oxlint-disable-next-line typescript/no-misused-promises -- the library waits for it, and its type does not say so
  return async (server, metadata, body, headers) => {
    const secret = secretOf();
    if (secret === undefined) throw refuse('client-secret-missing');
    const method = await methodOf(clientAuthentication, provider, secret);
    return method(server, metadata, body, headers);
  };
}

async function methodOf(
  authentication: SecretAuthentication,
  provider: Pick<IdentityProvider, 'clientId' | 'issuer'>,
  secret: string,
): Promise<client.ClientAuth> {
  switch (authentication.kind) {
    case 'client_secret_basic':
      return client.ClientSecretBasic(secret);
    case 'apple':
      return client.ClientSecretPost(toAppleSecret(authentication, provider, requirePrivateKey(secret), new Date()));
    case 'private_key_jwt': {
      const key = await toSigningKey(requirePrivateKey(secret));
      return client.PrivateKeyJwt(authentication.keyId === undefined ? key : { key, kid: authentication.keyId });
    }
    case 'client_secret_post':
      return client.ClientSecretPost(secret);
  }
}

/**
 * Reads a private key: the base64 text of its PKCS #8 form.
 *
 * @throws SallyportError for what is no key.
 */
export function requirePrivateKey(text: string): KeyObject {
  try {
    return createPrivateKey({ key: Buffer.from(text, 'base64'), format: 'der', type: 'pkcs8' });
  } catch (cause) {
    throw refuse('client-secret-missing', cause);
  }
}

/**
 * Makes the client secret of Apple: a JWT that the key of the team signs.
 *
 * @see {@link https://developer.apple.com/documentation/accountorganizationaldatasharing/creating-a-client-secret Creating a client secret}
 */
export function toAppleSecret(
  { teamId, keyId }: Extract<ClientAuthentication, { readonly kind: 'apple' }>,
  { clientId, issuer }: Pick<IdentityProvider, 'clientId' | 'issuer'>,
  key: KeyObject,
  at: Date,
): string {
  const iat = Math.floor(at.getTime() / 1000);
  const header = { alg: 'ES256', kid: keyId };
  const claims = { iss: teamId, iat, exp: iat + assertionSeconds, aud: issuer, sub: clientId };
  const signed = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  const signature = sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${signature.toString('base64url')}`;
}

/** The kinds of keys that this product signs with. */
function toSigningKey(key: KeyObject): Promise<client.CryptoKey> {
  const algorithm =
    key.asymmetricKeyType === 'rsa'
      ? { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }
      : key.asymmetricKeyType === 'ed25519'
        ? { name: 'Ed25519' }
        : { name: 'ECDSA', namedCurve: 'P-256' };
  const pkcs8 = Uint8Array.from(key.export({ format: 'der', type: 'pkcs8' }));
  return crypto.subtle.importKey('pkcs8', pkcs8, algorithm, false, ['sign']);
}
