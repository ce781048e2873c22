import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT, type CryptoKey, type JWTHeaderParameters } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLogoutTokenVerifier, type VerifyLogoutToken } from './logout-token.ts';
import { createProviderMetadata } from './provider-metadata.ts';

const event = 'http://schemas.openid.net/event/backchannel-logout';
let server: Server;
let issuer: string;
let keys: { readonly own: CryptoKey; readonly foreign: CryptoKey; readonly publicText: string };
let verify: VerifyLogoutToken;

beforeAll(async () => {
  const [own, foreign] = await Promise.all([generateKeyPair('ES256'), generateKeyPair('ES256')]);
  const jwk = { ...(await exportJWK(own.publicKey)), kid: 'own', alg: 'ES256' };
  keys = { own: own.privateKey, foreign: foreign.privateKey, publicText: JSON.stringify(jwk) };
  server = createServer((request, response) => {
    const document = {
      issuer,
      authorization_endpoint: `${issuer}/authorize`,
      token_endpoint: `${issuer}/token`,
      jwks_uri: `${issuer}/jwks`,
      end_session_endpoint: `${issuer}/end`,
    };
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(request.url === '/jwks' ? { keys: [jwk] } : document));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  verify = createLogoutTokenVerifier({ issuer, clientId: 'shell', findProvider: createProviderMetadata(issuer) });
});
afterAll(() => server.close());

const now = (): number => Math.floor(Date.now() / 1000);
const claims = (): Record<string, unknown> => ({
  iss: issuer,
  aud: 'shell',
  iat: now(),
  exp: now() + 120,
  jti: crypto.randomUUID(),
  sub: 'alice',
  sid: 'session-1',
  events: { [event]: {} },
});

interface Change {
  readonly claims?: () => Record<string, unknown>;
  readonly header?: Partial<JWTHeaderParameters>;
  readonly key?: () => CryptoKey | Uint8Array;
}

function sign(change: Change = {}): Promise<string> {
  const { header = {}, key = () => keys.own } = change;
  return new SignJWT({ ...claims(), ...change.claims?.() })
    .setProtectedHeader({ alg: 'ES256', kid: 'own', typ: 'logout+jwt', ...header })
    .sign(key());
}

describe('a logout token', () => {
  it('names the session of the provider that ended, or its user where it names no session', async () => {
    expect(await verify(await sign())).toMatchObject({ target: { sid: 'session-1' } });
    const bySubject = await sign({ claims: () => ({ sid: undefined }) });
    expect(await verify(bySubject)).toMatchObject({ target: { subject: 'alice' } });
    const severalAudiences = await sign({ claims: () => ({ aud: ['other', 'shell'] }) });
    expect(await verify(severalAudiences)).toMatchObject({ target: { sid: 'session-1' } });
  });

  it.each<Change & { readonly name: string; readonly reason: string }>([
    { name: 'of another issuer', claims: () => ({ iss: 'https://evil.example' }), reason: 'logout-token-iss' },
    { name: 'for another client', claims: () => ({ aud: 'other' }), reason: 'logout-token-aud' },
    { name: 'for no client', claims: () => ({ aud: undefined }), reason: 'logout-token-aud' },
    { name: 'that is over', claims: () => ({ iat: now() - 600, exp: now() - 300 }), reason: 'logout-token-expired' },
    { name: 'without an end', claims: () => ({ exp: undefined }), reason: 'logout-token-exp' },
    { name: 'without a time', claims: () => ({ iat: undefined }), reason: 'logout-token-iat' },
    { name: 'from the future', claims: () => ({ iat: now() + 600 }), reason: 'logout-token-from-the-future' },
    { name: 'that lives for a year', claims: () => ({ exp: now() + 31_536_000 }), reason: 'logout-token-lifetime' },
    { name: 'without an id', claims: () => ({ jti: undefined }), reason: 'logout-token-jti' },
    { name: 'with an empty id', claims: () => ({ jti: '' }), reason: 'logout-token-jti' },
    { name: 'with a nonce', claims: () => ({ nonce: 'n' }), reason: 'logout-token-nonce' },
    { name: 'without events', claims: () => ({ events: undefined }), reason: 'logout-token-events' },
    { name: 'with another event', claims: () => ({ events: { other: {} } }), reason: 'logout-token-event' },
    { name: 'whose event is a text', claims: () => ({ events: { [event]: 'x' } }), reason: 'logout-token-event' },
    { name: 'whose events are a list', claims: () => ({ events: [event] }), reason: 'logout-token-event' },
    {
      name: 'that names nothing',
      claims: () => ({ sub: undefined, sid: undefined }),
      reason: 'logout-token-names-nothing',
    },
    { name: 'with an empty session', claims: () => ({ sid: '' }), reason: 'logout-token-sid' },
    { name: 'whose session is a number', claims: () => ({ sid: 1 }), reason: 'logout-token-sid' },
    { name: 'with a user of 300 characters', claims: () => ({ sub: 'a'.repeat(300) }), reason: 'logout-token-sub' },
    { name: 'that is an ID token', header: { typ: 'JWT' }, reason: 'logout-token-typ' },
    { name: 'that is an access token', header: { typ: 'at+jwt' }, reason: 'logout-token-typ' },
    { name: 'without a type', header: { typ: undefined as never }, reason: 'logout-token-typ' },
    { name: 'signed by a foreign key', key: () => keys.foreign, reason: 'logout-token-signature' },
    {
      name: 'signed with the public key as a secret',
      header: { alg: 'HS256' },
      key: () => new TextEncoder().encode(keys.publicText),
      reason: 'logout-token-alg',
    },
  ])('is refused $name', async ({ reason, ...change }) => {
    await expect(verify(await sign(change))).rejects.toMatchObject({ code: 'SP_TOKEN_INVALID', reason });
  });

  it('is refused without a signature', async () => {
    await expect(verify(new UnsecuredJWT(claims()).encode())).rejects.toMatchObject({ code: 'SP_TOKEN_INVALID' });
  });

  it.each(['', 'x', 'a.b.c', `${'a'.repeat(9000)}`])('is none when it is %s', async (text) => {
    await expect(verify(text)).rejects.toMatchObject({ code: 'SP_TOKEN_INVALID' });
  });

  it('is not judged while the provider cannot be asked for its keys', async () => {
    const down = 'http://127.0.0.1:9';
    const findProvider = createProviderMetadata(down);
    const verifyDown = createLogoutTokenVerifier({ issuer: down, clientId: 'shell', findProvider });
    await expect(verifyDown(await sign())).rejects.toMatchObject({ code: 'SP_SERVICE_UNAVAILABLE' });
  });
});

describe('the discovery document of a provider', () => {
  it.each([
    { name: 'names another issuer', change: { issuer: 'https://evil.example' } },
    { name: 'has its token endpoint elsewhere', change: { token_endpoint: 'https://evil.example/token' } },
    { name: 'has its keys elsewhere', change: { jwks_uri: 'https://evil.example/jwks' } },
    { name: 'has no end of a session', change: { end_session_endpoint: undefined } },
  ])('is not believed when it $name', async ({ change }) => {
    const document = {
      issuer: 'https://id.example.com',
      authorization_endpoint: 'https://id.example.com/authorize',
      token_endpoint: 'https://id.example.com/token',
      jwks_uri: 'https://id.example.com/jwks',
      end_session_endpoint: 'https://id.example.com/end',
      ...change,
    };
    const find = createProviderMetadata('https://id.example.com', async () => Response.json(document));
    await expect(find()).rejects.toMatchObject({ code: 'SP_SERVICE_UNAVAILABLE', reason: 'provider-discovery' });
  });

  it('is read once by all who ask at a time, and again after a failure', async () => {
    let reads = 0;
    const find = createProviderMetadata('https://id.example.com', async () => {
      reads += 1;
      throw new TypeError('fetch failed');
    });
    await Promise.allSettled([find(), find(), find()]);
    expect(reads).toBe(1);
    await Promise.allSettled([find()]);
    expect(reads).toBe(2);
  });
});
