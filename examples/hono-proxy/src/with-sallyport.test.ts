import { generateKeyPairSync, sign } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  createLocalKeySource,
  createTokenVerifier,
  freezePrincipal,
  type BusMessage,
  type InvalidationBus,
  type KeyRing,
  type SessionDirectory,
} from '@sallyport/core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createHonoProxyWithSallyport } from './with-sallyport.ts';

const publicUrl = 'http://localhost:3300';
const token = 'a'.repeat(43);
const cookie = `theme=dark; sallyport-3300=${token}`;

let service: Server;
let seen: IncomingMessage[] = [];
let world: ReturnType<typeof createWorld>;

beforeAll(async () => {
  service = createServer((request, response) => {
    seen.push(request);
    request.pipe(response);
  });
  await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
});

beforeEach(() => {
  seen = [];
  world = createWorld(`http://127.0.0.1:${(service.address() as AddressInfo).port}`);
});

afterAll(() => {
  service.closeAllConnections();
  service.close();
});

describe('the hono proxy with Sallyport', () => {
  it('passes a signed-in request on with a token that the service can verify, and without the session cookie', async () => {
    const response = await world.app.request('/api/shop/products?page=2', { headers: { cookie } });
    expect(response.status).toBe(200);

    const [request] = seen;
    expect(request?.url).toBe('/products?page=2');
    expect(request?.headers.cookie).toBe('theme=dark');
    const { verify } = createTokenVerifier({
      issuer: `${publicUrl}/internal`,
      audience: 'shop',
      keys: createLocalKeySource(world.keyRing.publicKeys('internal')),
    });
    expect(await verify(request?.headers.authorization?.replace('Bearer ', '') ?? '')).toMatchObject({
      id: 'user-1',
      permissions: ['product:read'],
    });
  });

  it('reads the session and signs once for many requests', async () => {
    for (let request = 0; request < 5; request += 1) {
      await world.app.request('/api/shop/products', { headers: { cookie } });
    }
    expect(seen).toHaveLength(5);
    expect(world.reads()).toBe(1);
    expect(world.keyRing.signatureCount).toBe(1);
  });

  it('turns the session away as soon as it has ended', async () => {
    await world.app.request('/api/shop/products', { headers: { cookie } });
    await world.endSession();
    const response = await world.app.request('/api/shop/products', { headers: { cookie } });
    expect(response.status).toBe(401);
    expect(seen).toHaveLength(1);
  });

  it('passes bodies on', async () => {
    const response = await world.app.request('/api/shop/products', {
      method: 'POST',
      headers: { cookie, origin: publicUrl, 'content-type': 'text/plain' },
      body: 'a lamp',
    });
    expect(await response.text()).toBe('a lamp');
  });

  it.each([
    { name: 'without a cookie', headers: {}, status: 401 },
    { name: 'with a made-up session', headers: { cookie: `sallyport-3300=${'b'.repeat(43)}` }, status: 401 },
    { name: 'with a token of its own', headers: { authorization: 'Bearer made-up' }, status: 401 },
    { name: 'with both', headers: { cookie, authorization: 'Bearer made-up' }, status: 400 },
  ])('turns a request away $name', async ({ headers, status }) => {
    const response = await world.app.request('/api/shop/products', { headers });
    expect(response.status).toBe(status);
    expect(seen).toHaveLength(0);
  });

  it('turns a change away that another site sends', async () => {
    const headers = { cookie, origin: 'https://evil.example' };
    const response = await world.app.request('/api/shop/products', { method: 'POST', headers, body: 'x' });
    expect(response.status).toBe(403);
    expect(seen).toHaveLength(0);
  });
});

function createWorld(upstream: string) {
  const keyRing = createMemoryKeyRing();
  const listeners = new Set<(message: BusMessage) => void>();
  let isSignedIn = true;
  let reads = 0;
  const bus: InvalidationBus = {
    publish: (event) => {
      for (const listener of listeners) listener({ kind: 'revocation', event: { ...event, seq: 1 } });
      return Promise.resolve();
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    isConnected: () => true,
  };
  const sessions: SessionDirectory = {
    byToken: (presented) => {
      reads += 1;
      return Promise.resolve(isSignedIn && presented === token ? liveSession() : null);
    },
    bySid: () => Promise.resolve(null),
    recordActivity: () => Promise.resolve(),
  };
  return {
    app: createHonoProxyWithSallyport({ publicUrl, upstream, sessions, keyRing, bus }),
    keyRing,
    reads: () => reads,
    endSession: async () => {
      isSignedIn = false;
      await bus.publish({ kind: 'session', id: 'session-1', minGeneration: 2, at: new Date(), reason: 'signed-out' });
    },
  };
}

function liveSession() {
  const inAnHour = new Date(Date.now() + 3_600_000);
  return {
    principal: freezePrincipal({
      kind: 'user',
      id: 'user-1',
      sid: 'session-1',
      roles: ['user'],
      permissions: ['product:read', 'order:read'],
      acr: 'pwd',
      amr: ['pwd'],
      authTime: new Date(),
      credential: 'session',
      generation: { session: 1, user: 1, policy: 1 },
    }),
    idleExpiresAt: inAnHour,
    absoluteExpiresAt: inAnHour,
    idleSeconds: 3600,
  } as const;
}

function createMemoryKeyRing(): KeyRing {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  let signatureCount = 0;
  return {
    sign(_use, type, claims) {
      signatureCount += 1;
      const content = `${encode({ alg: 'ES256', typ: type, kid: 'test' })}.${encode(claims)}`;
      const signature = sign('sha256', Buffer.from(content), { key: privateKey, dsaEncoding: 'ieee-p1363' });
      return `${content}.${signature.toString('base64url')}`;
    },
    publicKeys: () => ({ keys: [{ ...publicKey.export({ format: 'jwk' }), kty: 'EC', kid: 'test', alg: 'ES256' }] }),
    get signatureCount() {
      return signatureCount;
    },
  };
}
