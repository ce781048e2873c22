import type { webcrypto } from 'node:crypto';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT, type JSONWebKeySet, type JWK } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRemoteKeySource, type KeySource, type RemoteKeySourceOptions } from './key-source.ts';
import { createTokenVerifier } from './token-verifier.ts';

const issuer = 'https://gateway.test/internal';

interface Key {
  readonly privateKey: webcrypto.CryptoKey;
  readonly jwk: JWK;
}

let server: Server;
let url: string;
let fetches: number;
let published: JSONWebKeySet;
let answer: (response: ServerResponse) => void;
let now: number;
let first: Key;

const good = (response: ServerResponse): void => void response.end(JSON.stringify(published));

beforeEach(async () => {
  first = await createKey('first');
  published = { keys: [first.jwk] };
  fetches = 0;
  answer = good;
  now = Date.now();
  server = createServer((_request, response) => {
    fetches += 1;
    answer(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A server that listens on a port has an address of this shape.
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`;
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

async function createKey(kid: string): Promise<Key> {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  return { privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg: 'ES256' } };
}

function createSource(options: Partial<RemoteKeySourceOptions> = {}): KeySource {
  return createRemoteKeySource({ url, now: () => new Date(now), timeoutMilliseconds: 10_000, ...options });
}

/** Asks for the key of a token as a verifier does, and says what came of it. */
function createCheck(source: KeySource): (key: Key, kid?: string) => Promise<string> {
  const verifier = createTokenVerifier({ issuer, audience: 'shop', keys: source, cacheSize: 0 });
  return async (key, kid = key.jwk.kid ?? '') => {
    const token = await new SignJWT({
      client_id: 'c',
      scope: '',
      roles: [],
      acr: 'pwd',
      amr: [],
      auth_time: 1,
      gen: { s: 0, u: 0, p: 0 },
      sub_type: 'user',
      cred: 'session',
    })
      .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid })
      .setIssuer(issuer)
      .setAudience('shop')
      .setSubject('user-1')
      .setJti('t')
      .setIssuedAt()
      .setExpirationTime('1h')
      .sign(key.privateKey);
    return verifier.verify(token).then(
      () => 'accepted',
      (error: { code: string }) => error.code,
    );
  };
}

const broken: readonly { readonly name: string; readonly answer: (response: ServerResponse) => void }[] = [
  { name: 'is down', answer: (response) => void response.writeHead(503).end() },
  { name: 'cuts the connection', answer: (response) => void response.destroy() },
  { name: 'never answers', answer: () => {} },
  { name: 'answers half a document', answer: (response) => void response.end('{"keys":[{') },
  { name: 'answers a web page', answer: (response) => void response.end('<!doctype html>') },
  { name: 'answers nothing', answer: (response) => void response.end() },
  { name: 'answers null', answer: (response) => void response.end('null') },
  { name: 'answers an empty set', answer: (response) => void response.end('{"keys":[]}') },
  { name: 'answers keys that are no keys', answer: (response) => void response.end('{"keys":[null,1]}') },
  { name: 'answers too much', answer: (response) => void response.end(`{"keys":[],"x":"${'x'.repeat(300_000)}"}`) },
  {
    name: 'sends elsewhere',
    answer: (response) => void response.writeHead(302, { location: '/other' }).end(),
  },
];

describe('keys from an endpoint', () => {
  it('are fetched once, however many tokens ask at the same time', async () => {
    const check = createCheck(createSource());
    const outcomes = await Promise.all(Array.from({ length: 50 }, () => check(first)));
    expect(new Set(outcomes)).toEqual(new Set(['accepted']));
    expect(fetches).toBe(1);
  });

  it('are fetched again when a new key signs', async () => {
    const check = createCheck(createSource());
    await check(first);
    const second = await createKey('second');
    published = { keys: [second.jwk, first.jwk] };
    now += 6000;
    expect(await check(second)).toBe('accepted');
    expect(await check(first)).toBe('accepted');
    expect(fetches).toBe(2);
  });

  it('lose a key that is no longer published, after they were fetched again', async () => {
    const check = createCheck(createSource());
    await check(first);
    const second = await createKey('second');
    published = { keys: [second.jwk] };
    now += 6000;
    expect(await check(second)).toBe('accepted');
    expect(await check(first)).toBe('SP_TOKEN_INVALID');
  });

  it('are fetched at most once per cool-down, whatever key ids are made up', async () => {
    const check = createCheck(createSource());
    await check(first);
    now += 6000;
    const flood = async (): Promise<void> => {
      const outcomes = await Promise.all(Array.from({ length: 40 }, (_, index) => check(first, `made-up-${index}`)));
      expect(new Set(outcomes)).toEqual(new Set(['SP_TOKEN_INVALID']));
    };
    await flood();
    await flood();
    expect(fetches).toBe(2);
    now += 6000;
    await flood();
    expect(fetches).toBe(3);
  });

  it.each([
    { maxAge: 'max-age=30', seconds: 31 },
    { maxAge: 'public, max-age=30, must-revalidate', seconds: 31 },
    { maxAge: 'max-age=86400', seconds: 301 },
    { maxAge: 'no-store', seconds: 301 },
    { maxAge: 'max-age=many', seconds: 301 },
  ])('are fetched again after $seconds s in the background when the endpoint says "$maxAge"', async (row) => {
    answer = (response) => {
      response.setHeader('cache-control', row.maxAge);
      good(response);
    };
    const check = createCheck(createSource());
    await check(first);
    now += (row.seconds - 1) * 1000;
    await check(first);
    expect(fetches).toBe(1);
    now += 2000;
    await check(first);
    await expect.poll(() => fetches).toBe(2);
  });

  it('that live for less than the cool-down are fetched as often as they say, as long as the endpoint answers', async () => {
    answer = (response) => {
      response.setHeader('cache-control', 'max-age=1');
      good(response);
    };
    const check = createCheck(createSource());
    await check(first);
    const second = await createKey('second');
    published = { keys: [second.jwk, first.jwk] };
    now += 1000;
    expect(await check(second)).toBe('accepted');
    answer = (response) => void response.writeHead(503).end();
    now += 1000;
    expect(await check(first, 'made-up')).toBe('SP_KEYS_UNAVAILABLE');
    const before = fetches;
    now += 1000;
    expect(await check(first, 'made-up')).toBe('SP_KEYS_UNAVAILABLE');
    expect(fetches).toBe(before);
  });

  it('are believed no more once they were withdrawn, although the endpoint still publishes them', async () => {
    const source = createSource();
    const check = createCheck(source);
    expect(await check(first)).toBe('accepted');
    const second = await createKey('second');
    published = { keys: [second.jwk, first.jwk] };
    source.withdraw?.('first');
    expect(await check(first)).toBe('SP_TOKEN_INVALID');
    await expect.poll(() => check(second)).toBe('accepted');
    expect(await check(first)).toBe('SP_TOKEN_INVALID');
  });

  it('that are known never wait for the network', async () => {
    const check = createCheck(createSource({ timeoutMilliseconds: 60_000 }));
    await check(first);
    answer = () => {};
    now += 301_000;
    // The endpoint hangs for a minute, and this still resolves at once.
    expect(await check(first)).toBe('accepted');
    expect(await check(first)).toBe('accepted');
  });

  it('that cannot be read at the first time are asked for again after the cool-down', async () => {
    answer = (response) => void response.writeHead(503).end();
    const check = createCheck(createSource());
    expect(await check(first)).toBe('SP_KEYS_UNAVAILABLE');
    answer = good;
    expect(await check(first)).toBe('SP_KEYS_UNAVAILABLE');
    now += 6000;
    expect(await check(first)).toBe('accepted');
  });
});

describe.each(broken)('an endpoint that $name', ({ answer: brokenAnswer }) => {
  it('is our fault and not the fault of the caller', async () => {
    answer = brokenAnswer;
    expect(await createCheck(createSource({ timeoutMilliseconds: 1000 }))(first)).toBe('SP_KEYS_UNAVAILABLE');
  });

  it('never replaces good keys', async () => {
    const check = createCheck(createSource({ timeoutMilliseconds: 1000 }));
    await check(first);
    answer = brokenAnswer;
    now += 301_000;
    expect(await check(first)).toBe('accepted');
    expect(await check(first, 'made-up')).toBe('SP_KEYS_UNAVAILABLE');
    expect(await check(first)).toBe('accepted');
  });

  it('makes the last good keys too old in the end', async () => {
    const check = createCheck(createSource({ timeoutMilliseconds: 1000 }));
    await check(first);
    answer = brokenAnswer;
    now += 86_401_000;
    expect(await check(first)).toBe('SP_KEYS_UNAVAILABLE');
    answer = good;
    now += 6000;
    expect(await check(first)).toBe('accepted');
  });
});
