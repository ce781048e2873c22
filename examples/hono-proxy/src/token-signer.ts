import { randomUUID } from 'node:crypto';
import { exportJWK, generateKeyPair, SignJWT, type JSONWebKeySet } from 'jose';

/** What a token says about the person it was made for. */
export interface TokenSubject {
  readonly userId: string;
  readonly sessionId: string;
  readonly signedInAt: Date;
}

export interface TokenSigner {
  /** Signs a token for one service. It lives for a minute. */
  sign(subject: TokenSubject, audience: string): Promise<string>;
  /** The public key, for `/internal/.well-known/jwks.json`. */
  readonly publicKeys: JSONWebKeySet;
}

const lifetimeSeconds = 60;

/** Signs with ES256 and a key that is made once, when the process starts, and kept in memory. */
export async function createTokenSigner(issuer: string): Promise<TokenSigner> {
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  const kid = randomUUID();
  const header = { alg: 'ES256', typ: 'at+jwt', kid } as const;

  return {
    publicKeys: { keys: [{ ...(await exportJWK(publicKey)), kid, alg: 'ES256', use: 'sig' }] },
    sign(subject, audience) {
      const issuedAt = Math.floor(Date.now() / 1000);
      return new SignJWT({
        iss: issuer,
        aud: audience,
        sub: subject.userId,
        sid: subject.sessionId,
        jti: randomUUID(),
        iat: issuedAt,
        exp: issuedAt + lifetimeSeconds,
        client_id: 'browser',
        scope: '',
        roles: ['user'],
        acr: 'pwd',
        amr: ['pwd'],
        auth_time: Math.floor(subject.signedInAt.getTime() / 1000),
        gen: { s: 0, u: 0, p: 0 },
        sub_type: 'user',
        cred: 'session',
      })
        .setProtectedHeader(header)
        .sign(privateKey);
    },
  };
}
