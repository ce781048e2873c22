import type { AddressInfo } from 'node:net';
import { createTestIssuer, type TestKeyEndpoint } from '@sallyport/testing';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createShop } from './create-shop.ts';
import { createSqliteProductStore } from './products/sqlite-product-store.ts';
import { seedProducts } from './products/seed-products.ts';

const issuer = createTestIssuer({
  audience: 'shop',
  roles: {
    user: ['product:read'],
    vendor: ['product:read', 'product:create', 'product:update'],
    admin: ['product:read', 'product:create', 'product:update', 'product:update-any', 'product:delete'],
  },
});
const unknownId = '00000000-0000-4000-8000-000000000000';
const catalogueId = seedProducts(new Date())[0]?.id ?? unknownId;

let keys: TestKeyEndpoint;
let app: NestExpressApplication;
let url: string;

beforeAll(async () => {
  keys = await issuer.listen();
  app = await createShop({
    access: { issuer: issuer.issuer, audience: issuer.audience, keysUrl: keys.url },
    store: createSqliteProductStore(undefined),
    publicPath: '/api/shop',
    logger: false,
  });
  await app.listen(0, '127.0.0.1');
  // A server that listens on a port has an address of this shape.
  url = `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}`;
});

afterAll(async () => {
  await app.close();
  await keys.close();
});

interface Answer {
  readonly status: number;
  readonly type: string | null;
  readonly challenge: string | null;
  readonly body: Record<string, unknown>;
}

async function call(
  method: string,
  path: string,
  options: { readonly token?: string; readonly body?: unknown; readonly raw?: string; readonly type?: string } = {},
): Promise<Answer> {
  const {
    token,
    body,
    raw = body === undefined ? undefined : JSON.stringify(body),
    type = 'application/json',
  } = options;
  const response = await fetch(`${url}${path}`, {
    method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(raw === undefined ? {} : { 'content-type': type }),
    },
    ...(raw === undefined ? {} : { body: raw }),
  });
  const text = await response.text();
  return {
    status: response.status,
    type: response.headers.get('content-type'),
    challenge: response.headers.get('www-authenticate'),
    body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
  };
}

async function createProduct(vendor: string): Promise<string> {
  const answer = await call('POST', '/products', {
    token: issuer.tokenFor('vendor', { sub: vendor }),
    body: { name: `Made by ${vendor}`, priceCents: 100 },
  });
  expect(answer.status).toBe(201);
  return String(answer.body['id']);
}

describe('who may do what', () => {
  const create = { body: { name: 'A gate', priceCents: 12_000 } };
  const change = { body: { stock: 3 } };

  it.each([
    { caller: undefined, expected: { list: 401, read: 401, create: 401, change: 401, remove: 401 } },
    { caller: 'user', expected: { list: 200, read: 200, create: 403, change: 403, remove: 403 } },
    { caller: 'vendor', expected: { list: 200, read: 200, create: 201, change: 403, remove: 403 } },
    { caller: 'admin', expected: { list: 200, read: 200, create: 201, change: 200, remove: 204 } },
  ])('gives $caller exactly what the role allows on a product of another user', async ({ caller, expected }) => {
    const id = await createProduct('vendor-of-the-table');
    const token = caller === undefined ? {} : { token: issuer.tokenFor(caller) };
    const seen = {
      list: (await call('GET', '/products', token)).status,
      read: (await call('GET', `/products/${id}`, token)).status,
      create: (await call('POST', '/products', { ...token, ...create })).status,
      change: (await call('PATCH', `/products/${id}`, { ...token, ...change })).status,
      remove: (await call('DELETE', `/products/${id}`, token)).status,
    };
    expect(seen).toEqual(expected);
  });

  it('lets a vendor change a product of their own, and counts the version', async () => {
    const id = await createProduct('vendor-1');
    const answer = await call('PATCH', `/products/${id}`, {
      token: issuer.tokenFor('vendor'),
      body: { name: 'Renamed', stock: 7 },
    });
    expect(answer).toMatchObject({ status: 200, body: { name: 'Renamed', stock: 7, priceCents: 100, version: 2 } });
  });

  it.each(['vendor-2', 'VENDOR-1', 'vendor-1 '])('refuses %j the product of vendor-1', async (sub) => {
    const id = await createProduct('vendor-1');
    const answer = await call('PATCH', `/products/${id}`, {
      token: issuer.tokenFor('vendor', { sub }),
      body: { priceCents: 1 },
    });
    expect(answer).toMatchObject({ status: 403, body: { code: 'SP_FORBIDDEN' } });
    const unchanged = await call('GET', `/products/${id}`, { token: issuer.tokenFor('user') });
    expect(unchanged.body).toMatchObject({ priceCents: 100, version: 1 });
  });

  it('refuses a vendor the catalogue of the house', async () => {
    const token = issuer.tokenFor('vendor');
    expect((await call('PATCH', `/products/${catalogueId}`, { token, body: { stock: 0 } })).status).toBe(403);
  });

  it('does not believe a role without its permissions', async () => {
    const token = issuer.tokenFor('user', { roles: ['admin'] });
    expect((await call('DELETE', `/products/${catalogueId}`, { token })).status).toBe(403);
  });

  it('refuses a token made for another service, with a challenge', async () => {
    const answer = await call('GET', '/products', { token: issuer.tokenFor('user', { aud: 'account' }) });
    expect(answer).toMatchObject({ status: 401, body: { code: 'SP_TOKEN_INVALID' } });
    expect(answer.challenge).toContain('error="invalid_token"');
  });

  it('answers a health check to anyone', async () => {
    expect(await call('GET', '/healthz')).toMatchObject({ status: 200, body: { status: 'ok' } });
  });
});

describe('bad input', () => {
  const token = (): string => issuer.tokenFor('vendor');
  const good = { name: 'A gate', priceCents: 100 };

  it.each([
    { name: 'no name', body: { priceCents: 1 }, field: 'name' },
    { name: 'an empty name', body: { ...good, name: '   ' }, field: 'name' },
    { name: 'a name that is a number', body: { ...good, name: 7 }, field: 'name' },
    { name: 'a very long name', body: { ...good, name: 'x'.repeat(121) }, field: 'name' },
    { name: 'a negative price', body: { ...good, priceCents: -1 }, field: 'priceCents' },
    { name: 'a broken price', body: { ...good, priceCents: 1.5 }, field: 'priceCents' },
    { name: 'a price as text', body: { ...good, priceCents: '100' }, field: 'priceCents' },
    { name: 'a price beyond all bounds', body: { ...good, priceCents: 1e9 }, field: 'priceCents' },
    { name: 'an unknown currency', body: { ...good, currency: 'DOGE' }, field: 'currency' },
    { name: 'an unknown field', body: { ...good, colour: 'red' }, field: 'colour' },
    { name: 'an owner', body: { ...good, ownerId: 'vendor-2' }, field: 'ownerId' },
    { name: 'an id', body: { ...good, id: unknownId }, field: 'id' },
    { name: 'a version', body: { ...good, version: 9 }, field: 'version' },
    { name: 'a list', body: [good], field: '' },
    { name: 'null', body: null, field: undefined },
  ])('refuses $name in a new product and names the field', async ({ body, field }) => {
    const answer = await call('POST', '/products', { token: token(), body });
    expect(answer.type).toContain('application/problem+json');
    // Express reads only objects and lists: a bare null is malformed to it.
    if (field === undefined) return expect(answer).toMatchObject({ status: 400, body: { code: 'SP_JSON_MALFORMED' } });
    expect(answer).toMatchObject({ status: 422, body: { code: 'SP_VALIDATION_FAILED' } });
    expect(answer.body['errors']).toEqual([expect.objectContaining({ field })]);
  });

  it.each(['ownerId', 'createdAt', 'version', 'id'])('refuses to let a change reassign %s', async (field) => {
    const id = await createProduct('vendor-1');
    const answer = await call('PATCH', `/products/${id}`, { token: token(), body: { name: 'Mine', [field]: 'x' } });
    expect(answer).toMatchObject({ status: 422, body: { errors: [{ field }] } });
  });

  it('refuses a change of nothing', async () => {
    const id = await createProduct('vendor-1');
    expect((await call('PATCH', `/products/${id}`, { token: token(), body: {} })).status).toBe(422);
  });

  it('does not take __proto__ for a field', async () => {
    const raw = '{"name":"A gate","priceCents":1,"__proto__":{"ownerId":"vendor-2"}}';
    const answer = await call('POST', '/products', { token: token(), raw });
    expect(answer.body['ownerId']).not.toBe('vendor-2');
  });

  it('refuses a body that is not JSON', async () => {
    const answer = await call('POST', '/products', { token: token(), raw: '{"name":' });
    expect(answer).toMatchObject({ status: 400, body: { code: 'SP_JSON_MALFORMED', status: 400 } });
    expect(answer.type).toContain('application/problem+json');
  });

  it('refuses a huge body', async () => {
    const answer = await call('POST', '/products', { token: token(), body: { name: 'x'.repeat(200_000) } });
    expect(answer).toMatchObject({ status: 413, body: { code: 'SP_BODY_TOO_LARGE' } });
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'application/jsonx'])(
    'refuses a body of type %s',
    async (type) => {
      const answer = await call('POST', '/products', { token: token(), raw: 'name=A', type });
      expect(answer).toMatchObject({ status: 415, body: { code: 'SP_MEDIA_TYPE_UNSUPPORTED' } });
    },
  );

  it.each([
    { query: 'page=0', field: 'page' },
    { query: 'page=-1', field: 'page' },
    { query: 'page=1e9', field: 'page' },
    { query: 'page=two', field: 'page' },
    { query: 'pageSize=101', field: 'pageSize' },
    { query: 'pageSize=0', field: 'pageSize' },
    { query: 'pageSize=1.5', field: 'pageSize' },
    { query: 'page=1&page=2', field: 'page' },
    { query: 'sort=ownerId', field: 'sort' },
    { query: 'sort=name;DROP TABLE product', field: 'sort' },
    { query: 'owner=vendor-1', field: 'owner' },
  ])('refuses the list at ?$query', async ({ query, field }) => {
    const answer = await call('GET', `/products?${query}`, { token: token() });
    expect(answer).toMatchObject({ status: 422, body: { errors: [{ field }] } });
  });

  it.each(['1', 'not-a-uuid', "' OR 1=1 --", '../healthz%00'])('refuses the id %j', async (id) => {
    const answer = await call('GET', `/products/${encodeURIComponent(id)}`, { token: token() });
    expect(answer).toMatchObject({ status: 422, body: { code: 'SP_VALIDATION_FAILED', errors: [{ field: 'id' }] } });
  });

  it.each([
    { method: 'GET', path: `/products/${unknownId}`, role: 'user' },
    { method: 'PATCH', path: `/products/${unknownId}`, role: 'admin', body: { stock: 1 } },
    { method: 'DELETE', path: `/products/${unknownId}`, role: 'admin' },
    { method: 'GET', path: '/nothing/here', role: 'user' },
    { method: 'PUT', path: `/products/${unknownId}`, role: 'admin', body: { stock: 1 } },
  ])('answers $method $path with 404', async ({ method, path, role, body }) => {
    const answer = await call(method, path, {
      token: issuer.tokenFor(role),
      ...(body === undefined ? {} : { body }),
    });
    expect(answer).toMatchObject({ status: 404, body: { code: 'SP_NOT_FOUND' } });
  });
});

describe('the list', () => {
  it('comes in pages that do not overlap and together hold everything', async () => {
    const token = issuer.tokenFor('user');
    const first = await call('GET', '/products?pageSize=5&page=1', { token });
    const total = Number(first.body['total']);
    const ids: unknown[] = [];
    for (let page = 1; page <= Math.ceil(total / 5); page += 1) {
      const { body } = await call('GET', `/products?pageSize=5&page=${page}`, { token });
      ids.push(...(body['items'] as readonly { id: string }[]).map(({ id }) => id));
    }
    expect(total).toBeGreaterThanOrEqual(18);
    expect(new Set(ids).size).toBe(total);
  });

  it('is empty beyond the last page', async () => {
    const { body } = await call('GET', '/products?page=9999', { token: issuer.tokenFor('user') });
    expect(body['items']).toEqual([]);
  });

  it('is sorted as asked', async () => {
    const { body } = await call('GET', '/products?sort=-priceCents&pageSize=100', { token: issuer.tokenFor('user') });
    const prices = (body['items'] as readonly { priceCents: number }[]).map(({ priceCents }) => priceCents);
    expect(prices).toEqual(prices.toSorted((left, right) => right - left));
  });
});

describe('the stream of changes', () => {
  it('says which product changed, after it did', async () => {
    const stop = new AbortController();
    const response = await fetch(`${url}/products/events`, {
      headers: { authorization: `Bearer ${issuer.tokenFor('user')}`, accept: 'text/event-stream' },
      signal: stop.signal,
    });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
    const text = readText(response);
    await expect.poll(text, { timeout: 10_000 }).toContain('event: open\n');
    const token = issuer.tokenFor('admin');
    const id = await createProduct('admin');
    await call('PATCH', `/products/${id}`, { token, body: { stock: 2 } });
    await call('DELETE', `/products/${id}`, { token });
    await call('DELETE', `/products/${id}`, { token });
    const changes = () => text().match(new RegExp(`event: changed\nid: \\d+\ndata: {"id":"${id}"}\n\n`, 'g'));
    await expect.poll(changes, { timeout: 10_000 }).toHaveLength(3);
    stop.abort();
  });

  it('is for those who may see products', async () => {
    expect((await call('GET', '/products/events')).status).toBe(401);
    const token = issuer.tokenFor('user', { roles: [], scope: '' });
    expect((await call('GET', '/products/events', { token })).status).toBe(403);
  });
});

/** What has arrived of a body so far. */
function readText(response: Response): () => string {
  let text = '';
  void (async () => {
    try {
      for await (const chunk of response.body ?? []) text += Buffer.from(chunk).toString();
    } catch {
      // The reader has left.
    }
  })();
  return () => text;
}

describe('the API page', () => {
  it('loads its assets relatively, so that it also works under the path behind the gateway', async () => {
    const html = await (await fetch(`${url}/docs`)).text();
    const assets = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? '');
    expect(assets.length).toBeGreaterThan(3);
    for (const asset of assets) {
      expect(asset).toMatch(/^\.\//);
      expect(new URL(asset, 'http://app.test/api/shop/docs').pathname).toMatch(/^\/api\/shop\/docs\//);
      expect((await fetch(new URL(asset, `${url}/docs`))).status).toBe(200);
    }
  });

  it.each([
    { name: 'on its own port', headers: {}, server: '/' },
    { name: 'behind the door', headers: { 'x-forwarded-host': 'localhost:3000' }, server: '/api/shop' },
  ])('tries requests out where it came from, $name', async ({ headers, server }) => {
    const document = (await (await fetch(`${url}/docs-json`, { headers })).json()) as Record<string, unknown>;
    expect(document['servers']).toEqual([{ url: server }]);
  });

  it('asks for a bearer token exactly where the guard does', async () => {
    const document = (await (await fetch(`${url}/docs-json`)).json()) as {
      paths: Record<string, Record<string, { security?: unknown; responses: Record<string, unknown> }>>;
    };
    const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ name: `${method} ${path}`, operation })),
    );
    expect(operations.map(({ name }) => name)).toContain('post /products');
    for (const { name, operation } of operations) {
      const isOpen = name === 'get /healthz' || name === 'get /readyz';
      expect({ name, security: operation.security ?? [] }).toEqual({
        name,
        security: isOpen ? [] : [{ sallyport: [] }],
      });
      expect('401' in operation.responses).toBe(!isOpen);
    }
  });
});
