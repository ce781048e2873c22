import { createHash, createHmac, randomUUID } from 'node:crypto';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose';
import * as oauth from 'oauth4webapi';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startProviderSystem, type ProviderSystem } from './provider-system.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

// oxlint-disable-next-line no-deprecated -- marked to stand out; this is loopback
const onLoopback = { [oauth.allowInsecureRequests]: true };
const scope = 'product:read';

interface KeyPair {
  readonly privateKey: CryptoKey;
  readonly jwk: JWK;
}

/** What a proof says, where it is not what it should say. */
interface Forgery {
  readonly header?: Readonly<Record<string, unknown>>;
  readonly claims?: Readonly<Record<string, unknown>>;
}

async function newKeys(): Promise<KeyPair> {
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
  return { privateKey, jwk: await exportJWK(publicKey) };
}

const now = (): number => Math.floor(Date.now() / 1000);
const hashOf = (text: string): string => createHash('sha256').update(text).digest('base64url');

describe('proofs of possession at the provider and at routes', () => {
  let system: ProviderSystem;
  let server: oauth.AuthorizationServer;
  let client: oauth.Client;
  let secret: oauth.ClientAuth;
  let keys: KeyPair;
  let thief: KeyPair;
  let token: string;

  beforeAll(async () => {
    system = await startProviderSystem();
    const issuer = new URL(system.origin);
    const found = await oauth.discoveryRequest(issuer, { ...onLoopback, algorithm: 'oauth2' });
    server = await oauth.processDiscoveryResponse(issuer, found);
    const registered = await system.register({
      grantTypes: ['client_credentials'],
      redirectUris: [],
      scopes: [scope],
      dpop: 'required',
    });
    client = { client_id: registered.id };
    secret = oauth.ClientSecretBasic(registered.secret);
    [keys, thief] = [await newKeys(), await newKeys()];
    const answer = await askForToken(await proofOf('POST', `${system.origin}/oauth2/token`));
    if (answer.status !== 200) throw new Error(`the token endpoint answered ${answer.status}`);
    token = ((await answer.json()) as { readonly access_token: string }).access_token;
  });
  afterAll(() => system.close());

  const proofOf = (method: string, url: string, { header = {}, claims = {} }: Forgery = {}, by = keys) =>
    new SignJWT({ jti: randomUUID(), htm: method, htu: url, iat: now(), ...claims })
      .setProtectedHeader({ typ: 'dpop+jwt', alg: 'ES256', jwk: by.jwk, ...header })
      .sign(by.privateKey);
  const askForToken = (DPoP: string | undefined): Promise<Response> =>
    oauth.clientCredentialsGrantRequest(
      server,
      client,
      secret,
      { scope },
      {
        ...onLoopback,
        headers: DPoP === undefined ? {} : { DPoP },
      },
    );
  const call = (DPoP: string | undefined, scheme = 'DPoP', path = '/api/x'): Promise<Response> =>
    system.gateway.get(path, { authorization: `${scheme} ${token}`, ...(DPoP === undefined ? {} : { DPoP }) });
  const forCall = (forgery: Forgery = {}, by = keys): Promise<string> =>
    proofOf('GET', `${system.origin}/api/x`, { ...forgery, claims: { ath: hashOf(token), ...forgery.claims } }, by);
  const errorOf = async (answer: Response): Promise<unknown> =>
    ((await answer.json()) as { readonly error?: unknown; readonly code?: unknown }).error;

  /** What is wrong with a proof wherever it is sent. */
  const forgeries: readonly (readonly [string, () => Forgery])[] = [
    ['of ten minutes ago', () => ({ claims: { iat: now() - 600 } })],
    ['of ten minutes from now', () => ({ claims: { iat: now() + 600 } })],
    ['for another method', () => ({ claims: { htm: 'PUT' } })],
    ['for another address', () => ({ claims: { htu: `${system.origin}/elsewhere` } })],
    ['for the same path of another host', () => ({ claims: { htu: 'https://evil.example/oauth2/token' } })],
    ['without an id', () => ({ claims: { jti: undefined } })],
    ['of another type', () => ({ header: { typ: 'at+jwt' } })],
    ['with the key of another', () => ({ header: { jwk: thief.jwk } })],
    ['without a key', () => ({ header: { jwk: undefined } })],
  ];

  it.each(forgeries)('RFC9449-4.3-1: no token for a proof %s', async (_name, forge) => {
    const answer = await askForToken(await proofOf('POST', `${system.origin}/oauth2/token`, forge()));
    expect([answer.status, await errorOf(answer)]).toEqual([400, 'invalid_dpop_proof']);
  });

  it.each(forgeries)('RFC9449-4.3-2: no route for a proof %s', async (_name, forge) => {
    const answer = await call(await forCall(forge()));
    expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([
      401,
      'DPoP realm="sallyport", algs="ES256 ES384 ES512 EdDSA Ed25519 PS256", error="invalid_dpop_proof"',
    ]);
  });

  it('RFC9449-4.3-3: neither for a proof with a private key, or with a secret in place of a pair', async () => {
    const withPrivateKey = { header: { jwk: await exportJWK(keys.privateKey) } };
    const url = `${system.origin}/oauth2/token`;
    expect(await errorOf(await askForToken(await proofOf('POST', url, withPrivateKey)))).toBe('invalid_dpop_proof');
    expect((await call(await forCall(withPrivateKey))).status).toBe(401);
    const [head, body] = [
      { typ: 'dpop+jwt', alg: 'HS256', jwk: keys.jwk },
      { jti: randomUUID(), htm: 'GET', htu: `${system.origin}/api/x`, iat: now(), ath: hashOf(token) },
    ].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'));
    const signed = createHmac('sha256', JSON.stringify(keys.jwk)).update(`${head}.${body}`).digest('base64url');
    expect((await call(`${head}.${body}.${signed}`)).status).toBe(401);
    expect(await errorOf(await askForToken(`${head}.${body}.${signed}`))).toBe('invalid_dpop_proof');
  });

  it('RFC9449-4.3-4: no route for a proof of another token, or of none', async () => {
    for (const ath of [hashOf('another'), undefined, token])
      expect((await call(await forCall({ claims: { ath } }))).status).toBe(401);
  });

  it('RFC9449-4.3-5: two headers DPoP are none', async () => {
    const url = `${system.origin}/oauth2/token`;
    const two = `${await proofOf('POST', url)}, ${await proofOf('POST', url)}`;
    expect(await errorOf(await askForToken(two))).toBe('invalid_dpop_proof');
    expect((await call(`${await forCall()}, ${await forCall()}`)).status).toBe(401);
  });

  it('RFC9449-7.2-1: a stolen token is refused without its key, as Bearer, and with the key of the thief', async () => {
    expect((await call(undefined)).status).toBe(401);
    expect((await call(undefined, 'Bearer')).status).toBe(401);
    expect((await call(await forCall(), 'Bearer')).status).toBe(401);
    expect((await call(await forCall({}, thief))).status).toBe(401);
  });

  it('RFC9449-11.1-1: a proof is taken once, at both places, also of twenty requests at once', async () => {
    const once = await proofOf('POST', `${system.origin}/oauth2/token`);
    const answers = await Promise.all(Array.from({ length: 10 }, () => askForToken(once)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(await errorOf(await askForToken(once))).toBe('invalid_grant');
    const proof = await forCall();
    const calls = await Promise.all(Array.from({ length: 20 }, () => call(proof)));
    expect(calls.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  it('RFC9449-11.1-2: a proof of the future is remembered for as long as it could be taken', async () => {
    const url = `${system.origin}/oauth2/token`;
    const proof = await proofOf('POST', url, { claims: { iat: now() + 290 } });
    expect((await askForToken(proof)).status).toBe(200);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 310_000 });
    try {
      expect(await errorOf(await askForToken(proof))).toBe('invalid_grant');
    } finally {
      vi.useRealTimers();
    }
  });

  it('RFC9449-6.1-1: what is made says which key it is bound to, and the service hears nothing of it', async () => {
    const [, payload = ''] = token.split('.');
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { readonly cnf?: unknown };
    expect(claims.cnf).toEqual({ jkt: await calculateJwkThumbprint(keys.jwk) });
    expect((await call(await forCall())).status).toBe(200);
    const [, given = ''] = String(system.seen.at(-1)?.authorization).split('.');
    expect(Buffer.from(given, 'base64url').toString()).not.toContain('cnf');
  });

  it('RFC9449-6.2-1: introspection says so to the client, and to a service that asks', async () => {
    const answer = await oauth.introspectionRequest(server, client, secret, token, onLoopback);
    const said = await oauth.processIntrospectionResponse(server, client, answer);
    const cnf = { jkt: await calculateJwkThumbprint(keys.jwk) };
    expect(said).toMatchObject({ active: true, token_type: 'DPoP', cnf });
    const { id } = await system.operate<{ readonly id: string }>('service-accounts/create', {
      name: 'billing',
      roles: ['service-caller'],
    });
    const key = await system.operate<{ readonly secret: string }>('api-keys/create', {
      owner: { kind: 'service', id },
      name: 'Main',
      scopes: ['billing:introspect'],
    });
    const asked = await fetch(`${system.origin}/oauth2/introspect`, {
      method: 'POST',
      headers: { 'x-api-key': key.secret },
      body: new URLSearchParams({ token }),
    });
    expect(await asked.json()).toMatchObject({ active: true, aud: 'billing', token_type: 'DPoP', cnf });
  });

  it('RFC9449-7-1: oauth4webapi calls a route with its own proofs', async () => {
    const DPoP = oauth.DPoP(client, await oauth.generateKeyPair('ES256'));
    const answer = await oauth.processClientCredentialsResponse(
      server,
      client,
      await oauth.clientCredentialsGrantRequest(server, client, secret, { scope }, { ...onLoopback, DPoP }),
    );
    expect(answer.token_type).toBe('dpop');
    const url = new URL('/api/x?with=query', system.origin);
    const request = (proof?: oauth.DPoPHandle): Promise<Response> =>
      oauth.protectedResourceRequest(answer.access_token, 'GET', url, undefined, undefined, {
        ...onLoopback,
        ...(proof === undefined ? {} : { DPoP: proof }),
      });
    expect((await request(DPoP)).status).toBe(200);
    await expect(request()).rejects.toBeInstanceOf(oauth.WWWAuthenticateChallengeError);
    const other = oauth.DPoP(client, await oauth.generateKeyPair('ES256'));
    await expect(request(other)).rejects.toBeInstanceOf(oauth.WWWAuthenticateChallengeError);
  });
});
