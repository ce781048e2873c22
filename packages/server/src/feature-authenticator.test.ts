import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createLocalKeySource,
  createTokenVerifier,
  sessionCookieFor,
  silentLogger,
  type AuthenticatedCaller,
  type TokenVerifier,
} from '@sallyport/core';
import { createGateway } from '@sallyport/gateway';
import { composeFeatures, type Feature, type Identity, type IdentityKernel } from '@sallyport/identity';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createIdentityMount } from './auth-mounts.ts';
import { createClosing } from './closing.ts';
import { readEnvironment } from './config/environment.ts';
import { parseConfig } from './config/parse-config.ts';
import { featureList, type OperatorServices } from './features.ts';
import { openIdentity, toGatewayIdentity } from './open-identity.ts';
import { openStores } from './open-stores.ts';
import { freePort } from './test-support/test-gateway.ts';
import { createTestPreset, testPolicy } from './test-support/test-preset.ts';
import { toGatewayOptions } from './to-gateway-options.ts';

interface TestKeyServices {
  readonly testKeys: {
    make(email: string): Promise<string>;
    revoke(key: string): Promise<void>;
    isDown: boolean;
  };
}

/** A feature that is nothing but this object: keys of users in the header `x-test-key`. No other file knows of it. */
const testKeyFeature = {
  name: 'test-keys',
  credential: 'mtls',
  create({ users, roles, bus, now }: Pick<IdentityKernel, 'users' | 'roles' | 'bus' | 'now'>) {
    const owners = new Map<string, string>();
    let made = 0;
    const callerOf = async (key: string): Promise<AuthenticatedCaller | null> => {
      if (testKeys.isDown) throw new Error('connection refused');
      const owner = owners.get(key);
      const user = owner === undefined ? null : await users.findById(owner);
      if (user === null || user.isBanned) return null;
      const { permissions, generation: policy } = await roles.permissionsOf(user.roles);
      return {
        credentialId: `handle-of-${key}`,
        endedBy: [],
        principal: {
          kind: 'user',
          id: user.id,
          clientId: `handle-of-${key}`,
          roles: user.roles,
          permissions,
          acr: 'pwd',
          amr: [],
          authTime: now(),
          credential: 'mtls',
          generation: { session: 1, user: user.generation, policy },
        },
      };
    };
    const testKeys: TestKeyServices['testKeys'] = {
      isDown: false,
      make: async (email) => {
        const user = await users.findByEmail(email);
        const key = `test-${++made}`;
        owners.set(key, user?.id ?? '');
        return key;
      },
      revoke: async (key) => {
        owners.delete(key);
        const id = `handle-of-${key}`;
        await bus.publish({ kind: 'client', id, minGeneration: Number.MAX_SAFE_INTEGER, at: now(), reason: 'revoked' });
      },
    };
    return {
      services: { testKeys },
      authenticator: {
        kind: 'mtls',
        headers: ['x-test-key'],
        recognize: ({ header, value }) => (header === 'x-test-key' ? value : undefined),
        authenticate: async (key) => {
          const caller = await callerOf(key);
          return caller === null
            ? { kind: 'rejected', code: 'SP_UNAUTHENTICATED', reason: 'key-unknown' }
            : { kind: 'authenticated', caller };
        },
        recheck: (id) => callerOf(id.slice('handle-of-'.length)),
      },
    };
  },
} as const satisfies Feature;

const closing = createClosing();
let upstream: Server;
let origin: string;
let identity: Identity & TestKeyServices;
let verifier: TokenVerifier;
let streams: ServerResponse[];

beforeAll(async () => {
  streams = [];
  upstream = createServer((request, response) => {
    request.resume();
    if (!request.url?.startsWith('/api/events')) {
      response.end(JSON.stringify(request.headers));
      return;
    }
    streams.push(response);
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n');
  });
  await once(upstream.listen(0, '127.0.0.1'), 'listening');
  closing.push(() => {
    upstream.closeAllConnections();
    upstream.close();
  });
  const to = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
  const dataDir = mkdtempSync(join(tmpdir(), 'sallyport-gateway-'));
  closing.push(() => rmSync(dataDir, { recursive: true, force: true }));
  const port = await freePort();
  origin = `http://localhost:${port}`;
  const parsed = parseConfig(
    {
      publicUrl: origin,
      dataDir,
      policy: testPolicy,
      routes: [
        { name: 'api', prefix: '/api', upstream: to, audience: 'api', access: 'signed-in', permissions: ['product:*'] },
        { name: 'page', prefix: '/', upstream: to, audience: 'page', access: 'optional' },
      ],
    },
    'test',
  );
  const [api, ...others] = parsed.routes as [(typeof parsed.routes)[number]]; // There are two.
  const config = { ...parsed, routes: [{ ...api, credentials: ['session' as const, 'mtls' as const] }, ...others] };

  const stores = await openStores({ config, environment: readEnvironment({}), logger: silentLogger, closing });
  await stores.keyRing.start();
  const ofTheProduct = featureList.filter(({ name }) => name !== 'mtls');
  const set = composeFeatures<OperatorServices>([...ofTheProduct, testKeyFeature]);
  const mailer = { send: () => Promise.resolve() };
  const opened = await openIdentity({ config, stores, mailer, logger: silentLogger }, set);
  identity = opened as Identity as Identity & TestKeyServices;
  closing.push(() => identity.close());
  await createTestPreset().prepareAccounts(config, identity);
  const gateway = createGateway({
    ...toGatewayOptions(config),
    ...toGatewayIdentity(identity),
    mounts: [createIdentityMount(identity.app)],
    keyRing: stores.keyRing,
    bus: stores.bus,
  });
  closing.push(() => gateway.close({ graceMilliseconds: 100 }));
  await gateway.listen({ host: '127.0.0.1', port });
  verifier = createTokenVerifier({
    issuer: `${origin}/internal`,
    audience: 'api',
    keys: createLocalKeySource(stores.keyRing.publicKeys('internal')),
  });
});
afterAll(() => closing.close());

const get = (path: string, headers: Readonly<Record<string, string>>): Promise<Response> =>
  fetch(origin + path, { headers, redirect: 'manual' });

async function codeOf(answer: Response): Promise<unknown> {
  return ((await answer.json()) as { readonly code: unknown }).code;
}

async function openEvents(key: string): Promise<ReadableStreamDefaultReader<string>> {
  const answer = await get('/api/events', { 'x-test-key': key });
  expect(answer.status).toBe(200);
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  expect((await reader?.read())?.value).toBe('data: 1\n\n');
  return reader as ReadableStreamDefaultReader<string>; // A 200 has a body.
}

async function restOf(reader: ReadableStreamDefaultReader<string>): Promise<string> {
  let text = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return text;
    text += value;
  }
}

describe('a feature that brings an authenticator', () => {
  it('lets its callers in, and the upstream gets the token of the gateway', async () => {
    const key = await identity.testKeys.make('vendor@example.test');
    const answer = await get('/api/x', { 'x-test-key': key });
    expect(answer.status).toBe(200);
    const seen = (await answer.json()) as Readonly<Record<string, string>>;
    expect(Object.values(seen)).not.toContain(key);
    const caller = await verifier.verify(seen['authorization']?.slice('Bearer '.length) ?? '');
    const user = await identity.accounts.findByEmail('vendor@example.test');
    expect(caller).toMatchObject({
      kind: 'user',
      id: user?.id,
      credential: 'mtls',
      clientId: `handle-of-${key}`,
      permissions: ['product:read', 'product:create', 'product:update'],
    });
  });

  it('refuses what it does not know, and what comes beside a session', async () => {
    const key = await identity.testKeys.make('user@example.test');
    const unknown = await get('/api/x', { 'x-test-key': 'made-up' });
    expect([unknown.status, await codeOf(unknown)]).toEqual([401, 'SP_UNAUTHENTICATED']);
    const cookie = `${sessionCookieFor(origin).name}=${'x'.repeat(43)}`;
    const both = await get('/api/x', { 'x-test-key': key, cookie });
    expect([both.status, await codeOf(both)]).toEqual([400, 'SP_CREDENTIALS_CONFLICT']);
  });

  it('is not asked where no route opens its kind, and never for the account itself', async () => {
    const key = await identity.testKeys.make('user@example.test');
    for (const path of ['/', '/auth/session', '/auth/sessions'])
      expect((await get(path, { 'x-test-key': key })).status).toBe(401);
  });

  it('has its outage answered 503', async () => {
    const key = await identity.testKeys.make('user@example.test');
    identity.testKeys.isDown = true;
    const answer = await get('/api/x', { 'x-test-key': key });
    identity.testKeys.isDown = false;
    expect([answer.status, await codeOf(answer)]).toEqual([503, 'SP_STORE_UNAVAILABLE']);
    expect(answer.headers.get('retry-after')).not.toBeNull();
  });

  it('has the streams of a key ended when it is revoked', async () => {
    const key = await identity.testKeys.make('vendor@example.test');
    const reader = await openEvents(key);
    const gone = once(streams.at(-1) as ServerResponse, 'close');
    await identity.testKeys.revoke(key);
    expect(await restOf(reader)).toContain('event: session-ended');
    await gone;
    expect((await get('/api/x', { 'x-test-key': key })).status).toBe(401);
  });

  it('has the streams of a user ended by a ban, and a key refused until it is lifted', async () => {
    const key = await identity.testKeys.make('user@example.test');
    const { id = '' } = (await identity.accounts.findByEmail('user@example.test')) ?? {};
    const reader = await openEvents(key);
    await identity.accounts.setBanned(id, true);
    expect(await restOf(reader)).toContain('event: session-ended');
    expect((await get('/api/x', { 'x-test-key': key })).status).toBe(401);
    await identity.accounts.setBanned(id, false);
    expect((await get('/api/x', { 'x-test-key': key })).status).toBe(200);
  });
});

describe('a configuration', () => {
  it('is refused where a route opens a kind that no feature of the product recognizes', () => {
    const route = { name: 'api', prefix: '/api', upstream: 'http://127.0.0.1:9', audience: 'api', access: 'signed-in' };
    const input = {
      publicUrl: 'http://localhost:3000',
      policy: testPolicy,
      routes: [{ ...route, credentials: ['mtls'] }],
    };
    expect(() => parseConfig(input, 'test')).toThrow('of the kind "mtls", which no feature recognizes');
  });
});
