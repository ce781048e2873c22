import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createTestIssuer } from '@sallyport/testing';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { mongo } from 'mongoose';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createShop } from '../create-shop.ts';
import { openMongoProductStore } from './mongo-product-store.ts';
import { testProduct } from './product-store-contract.test-support.ts';
import type { ProductStore } from './product-store.ts';

const url = process.env['TEST_MONGODB_URL'];
const server = /^mongodb:\/\/127\.0\.0\.1:(\d+)\//.exec(url ?? '')?.[1];
const database = `shop-${randomUUID()}`;
const issuer = createTestIssuer({ audience: 'shop', roles: { vendor: ['product:read', 'product:create'] } });

describe.skipIf(server === undefined)('an outage under the products [mongodb]', () => {
  let wire: BreakableWire;
  let store: ProductStore;
  let app: NestExpressApplication;
  let origin: string;

  beforeAll(async () => {
    wire = await openWire(Number(server));
    // Long enough for a call on a busy machine: only what is broken runs into it.
    store = await openMongoProductStore({ url: wire.url, database, callMilliseconds: 2000 });
    app = await createShop({
      access: { issuer: issuer.issuer, audience: issuer.audience, keys: issuer.jwks() },
      store,
      publicPath: '/api/shop',
      logger: false,
    });
    await app.listen(0, '127.0.0.1');
    // A server that listens on a port has an address of this shape.
    origin = `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}`;
  });

  afterEach(async () => wire.repair());

  afterAll(async () => {
    const client = new mongo.MongoClient(url ?? '');
    await client.db(database).dropDatabase();
    await client.close();
    await app.close();
    await wire.close();
  });

  async function call(method: string, path: string, body?: unknown): Promise<Response> {
    return fetch(`${origin}${path}`, {
      method,
      headers: { authorization: `Bearer ${issuer.tokenFor('vendor')}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }

  it.each(['refuse', 'hang', 'cut'] as const)(
    'is a 503 with Retry-After and nothing else, when connections %s, and over when they work again',
    async (fault) => {
      await expect.poll(async () => (await call('GET', '/products')).status, { timeout: 15_000 }).toBe(200);
      await wire.break(fault);
      const calls = [
        () => call('GET', '/products'),
        () => call('GET', `/products/${randomUUID()}`),
        () => call('POST', '/products', { name: 'A gate', priceCents: 1 }),
        () => call('GET', '/readyz'),
      ];
      for (const answer of await Promise.all(calls.map((request) => request()))) {
        expect(answer.status).toBe(503);
        expect(answer.headers.get('content-type')).toContain('application/problem+json');
        expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
        expect(await answer.json()).toMatchObject({ code: 'SP_STORE_UNAVAILABLE' });
      }
      // It lives: a restart would not help.
      expect((await call('GET', '/healthz')).status).toBe(200);
      // No user is asked to sign in again either.
      expect((await fetch(`${origin}/products`)).status).toBe(401);

      await wire.repair();
      await expect.poll(async () => (await call('GET', '/readyz')).status, { timeout: 15_000 }).toBe(200);
      await expect.poll(async () => (await call('GET', '/products')).status, { timeout: 15_000 }).toBe(200);
    },
    60_000,
  );

  it('does not lose a product whose confirmation was lost, and says that it does not know', async () => {
    const product = testProduct();
    await wire.break('swallow-answers');
    await expect(store.insert(product)).rejects.toMatchObject({ code: 'SP_STORE_UNAVAILABLE' });
    await wire.repair();
    await expect.poll(async () => store.find(product.id).catch(() => undefined), { timeout: 10_000 }).toEqual(product);
  });

  it.each([
    {
      name: 'is not there',
      options: () => ({ url: 'mongodb://user:p4ss-word@127.0.0.1:1/' }),
      says: 'no MongoDB answers',
    },
    { name: 'never answers', options: () => ({ url: wire.url }), fault: 'hang' as const, says: 'no MongoDB answers' },
    { name: 'is no address', options: () => ({ url: 'mongodb://user:p4ss-word@/x?y' }), says: 'not an address' },
    {
      name: 'has a mistake',
      options: () => ({ url: 'mongodb://user:p4ss-word@127.0.0.1:1/?retry=p4ss-word' }),
      says: 'not an address',
    },
  ])('stops the start when the database $name, in bounded time and without a word of its address', async (row) => {
    if (row.fault !== undefined) await wire.break(row.fault);
    const start = openMongoProductStore({ ...row.options(), callMilliseconds: 200, startMilliseconds: 500 });
    const error: unknown = await start.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(Error);
    expect(String(error)).toContain(row.says);
    const everything = error instanceof Error ? `${error.stack}${JSON.stringify(error)}${String(error.cause)}` : '';
    expect(everything).not.toMatch(/p4ss-word|user:|127\.0\.0\.1:/);
  });

  it('of the start is waited for: a database that comes later is taken', async () => {
    await wire.break('refuse');
    const opening = openMongoProductStore({
      url: wire.url,
      database,
      callMilliseconds: 2000,
      startMilliseconds: 10_000,
    });
    setTimeout(() => void wire.repair(), 400);
    const opened = await opening;
    await opened.ping();
    await opened.close();
  });
});

type Fault = 'refuse' | 'hang' | 'cut' | 'swallow-answers';

/** A wire between the shop and its database that can be broken. */
interface BreakableWire {
  readonly url: string;
  break(fault: Fault): Promise<void>;
  repair(): Promise<void>;
  close(): Promise<void>;
}

async function openWire(target: number): Promise<BreakableWire> {
  const sockets = new Set<Socket>();
  let fault: Fault | undefined;
  const relay = (inner: Socket): void => {
    const outer = connect(target, '127.0.0.1');
    for (const socket of [inner, outer]) {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
      socket.on('error', () => undefined);
    }
    inner.on('data', (chunk) => (fault === 'hang' ? undefined : outer.write(chunk)));
    outer.on('data', (chunk) => (fault === undefined ? inner.write(chunk) : undefined));
    inner.on('close', () => outer.destroy());
    outer.on('close', () => inner.destroy());
    if (fault === 'cut') inner.destroy();
  };
  let server: Server | undefined = createServer(relay).listen(0, '127.0.0.1');
  await once(server, 'listening');
  // A server that listens on a port has an address of this shape.
  const { port } = server.address() as AddressInfo;
  const drop = () => sockets.forEach((socket) => socket.destroy());

  return {
    url: `mongodb://127.0.0.1:${port}/?directConnection=true`,
    async break(next) {
      fault = next;
      if (next === 'refuse') {
        server?.close();
        server = undefined;
      }
      if (next !== 'hang' && next !== 'swallow-answers') drop();
    },
    async repair() {
      if (fault === undefined) return;
      fault = undefined;
      drop();
      if (server !== undefined) return;
      server = createServer(relay).listen(port, '127.0.0.1');
      await once(server, 'listening');
    },
    async close() {
      server?.close();
      drop();
    },
  };
}
