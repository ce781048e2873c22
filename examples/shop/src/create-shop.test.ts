import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { catalogueId, issuer, startTestShop, type TestShop } from './create-shop.test-support.ts';

let shop: TestShop;
beforeAll(async () => {
  shop = await startTestShop();
});
afterAll(() => shop.close());

describe('who may do what', () => {
  const create = { body: { name: 'A gate', priceCents: 12_000 } };
  const change = { body: { stock: 3 } };

  it.each([
    { caller: undefined, expected: { list: 401, read: 401, create: 401, change: 401, remove: 401 } },
    { caller: 'user', expected: { list: 200, read: 200, create: 403, change: 403, remove: 403 } },
    { caller: 'vendor', expected: { list: 200, read: 200, create: 201, change: 403, remove: 403 } },
    { caller: 'admin', expected: { list: 200, read: 200, create: 201, change: 200, remove: 204 } },
  ])('gives $caller exactly what the role allows on a product of another user', async ({ caller, expected }) => {
    const id = await shop.createProduct('vendor-of-the-table');
    const token = caller === undefined ? {} : { token: issuer.tokenFor(caller) };
    const seen = {
      list: (await shop.call('GET', '/products', token)).status,
      read: (await shop.call('GET', `/products/${id}`, token)).status,
      create: (await shop.call('POST', '/products', { ...token, ...create })).status,
      change: (await shop.call('PATCH', `/products/${id}`, { ...token, ...change })).status,
      remove: (await shop.call('DELETE', `/products/${id}`, token)).status,
    };
    expect(seen).toEqual(expected);
  });

  it('lets a vendor change a product of their own, and counts the version', async () => {
    const id = await shop.createProduct('vendor-1');
    const answer = await shop.call('PATCH', `/products/${id}`, {
      token: issuer.tokenFor('vendor'),
      body: { name: 'Renamed', stock: 7 },
    });
    expect(answer).toMatchObject({ status: 200, body: { name: 'Renamed', stock: 7, priceCents: 100, version: 2 } });
  });

  it.each(['vendor-2', 'VENDOR-1', 'vendor-1 '])('refuses %j the product of vendor-1', async (sub) => {
    const id = await shop.createProduct('vendor-1');
    const answer = await shop.call('PATCH', `/products/${id}`, {
      token: issuer.tokenFor('vendor', { sub }),
      body: { priceCents: 1 },
    });
    expect(answer).toMatchObject({ status: 403, body: { code: 'SP_POLICY_DENIED' } });
    const unchanged = await shop.call('GET', `/products/${id}`, { token: issuer.tokenFor('user') });
    expect(unchanged.body).toMatchObject({ priceCents: 100, version: 1 });
  });

  it('refuses a vendor the catalogue of the house', async () => {
    const token = issuer.tokenFor('vendor');
    expect((await shop.call('PATCH', `/products/${catalogueId}`, { token, body: { stock: 0 } })).status).toBe(403);
  });

  it('does not believe a role without its permissions', async () => {
    const token = issuer.tokenFor('user', { roles: ['admin'] });
    expect((await shop.call('DELETE', `/products/${catalogueId}`, { token })).status).toBe(403);
  });

  it('refuses a token made for another service, with a challenge', async () => {
    const answer = await shop.call('GET', '/products', { token: issuer.tokenFor('user', { aud: 'account' }) });
    expect(answer).toMatchObject({ status: 401, body: { code: 'SP_TOKEN_INVALID' } });
    expect(answer.challenge).toContain('error="invalid_token"');
  });

  it('answers a health check to anyone', async () => {
    expect(await shop.call('GET', '/healthz')).toMatchObject({ status: 200, body: { status: 'ok' } });
  });
});

describe('the list', () => {
  it('comes in pages that do not overlap and together hold everything', async () => {
    const token = issuer.tokenFor('user');
    const first = await shop.call('GET', '/products?pageSize=5&page=1', { token });
    const total = Number(first.body['total']);
    const ids: unknown[] = [];
    for (let page = 1; page <= Math.ceil(total / 5); page += 1) {
      const { body } = await shop.call('GET', `/products?pageSize=5&page=${page}`, { token });
      ids.push(...(body['items'] as readonly { id: string }[]).map(({ id }) => id));
    }
    expect(total).toBeGreaterThanOrEqual(18);
    expect(new Set(ids).size).toBe(total);
  });

  it('is empty beyond the last page', async () => {
    const { body } = await shop.call('GET', '/products?page=9999', { token: issuer.tokenFor('user') });
    expect(body['items']).toEqual([]);
  });

  it('is sorted as asked', async () => {
    const { body } = await shop.call('GET', '/products?sort=-priceCents&pageSize=100', {
      token: issuer.tokenFor('user'),
    });
    const prices = (body['items'] as readonly { priceCents: number }[]).map(({ priceCents }) => priceCents);
    expect(prices).toEqual(prices.toSorted((left, right) => right - left));
  });
});

describe('the stream of changes', () => {
  it('says which product changed, after it did', async () => {
    const stop = new AbortController();
    const response = await fetch(`${shop.url}/products/events`, {
      headers: { authorization: `Bearer ${issuer.tokenFor('user')}`, accept: 'text/event-stream' },
      signal: stop.signal,
    });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
    const text = readText(response);
    await expect.poll(text, { timeout: 10_000 }).toContain('event: open\n');
    const token = issuer.tokenFor('admin');
    const id = await shop.createProduct('admin');
    await shop.call('PATCH', `/products/${id}`, { token, body: { stock: 2 } });
    await shop.call('DELETE', `/products/${id}`, { token });
    await shop.call('DELETE', `/products/${id}`, { token });
    const changes = () => text().match(new RegExp(`event: changed\nid: \\d+\ndata: {"id":"${id}"}\n\n`, 'g'));
    await expect.poll(changes, { timeout: 10_000 }).toHaveLength(3);
    stop.abort();
  });

  it('says nothing about a draft, save to its vendor and administrators', async () => {
    const stop = new AbortController();
    const listen = async (role: string, claims: Readonly<Record<string, unknown>> = {}): Promise<() => string> => {
      const headers = { authorization: `Bearer ${issuer.tokenFor(role, claims)}`, accept: 'text/event-stream' };
      const text = readText(await fetch(`${shop.url}/products/events`, { headers, signal: stop.signal }));
      await expect.poll(text, { timeout: 10_000 }).toContain('event: open\n');
      return text;
    };
    const own = await listen('vendor', { sub: 'vera' });
    const others = [await listen('user'), await listen('vendor', { sub: 'vic' })];
    const administrator = await listen('admin');
    const token = issuer.tokenFor('vendor', { sub: 'vera' });
    const body = { name: 'A secret', priceCents: 100, status: 'draft' };
    const draft = String((await shop.call('POST', '/products', { token, body })).body['id']);
    await shop.call('PATCH', `/products/${draft}`, { token, body: { stock: 2 } });
    const shown = await shop.createProduct('vera');
    // What goes out of sale is gone for those who saw it.
    await shop.call('PATCH', `/products/${shown}`, { token, body: { status: 'draft' } });
    await shop.call('DELETE', `/products/${shown}`, { token: issuer.tokenFor('admin') });
    const told = (text: string, id: string): number => text.split(`data: {"id":"${id}"}`).length - 1;
    for (const text of [own, administrator]) await expect.poll(() => told(text(), shown), { timeout: 10_000 }).toBe(3);
    for (const text of others) await expect.poll(() => told(text(), shown), { timeout: 10_000 }).toBe(2);
    expect([own, administrator, ...others].map((text) => told(text(), draft))).toEqual([2, 2, 0, 0]);
    stop.abort();
  });

  it('is for those who may see products', async () => {
    expect((await shop.call('GET', '/products/events')).status).toBe(401);
    const token = issuer.tokenFor('user', { roles: [], scope: '' });
    expect((await shop.call('GET', '/products/events', { token })).status).toBe(403);
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
    const html = await (await fetch(`${shop.url}/docs`)).text();
    const assets = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? '');
    expect(assets.length).toBeGreaterThan(3);
    for (const asset of assets) {
      expect(asset).toMatch(/^\.\//);
      expect(new URL(asset, 'http://app.test/api/shop/docs').pathname).toMatch(/^\/api\/shop\/docs\//);
      expect((await fetch(new URL(asset, `${shop.url}/docs`))).status).toBe(200);
    }
  });

  it.each([
    { name: 'on its own port', headers: {}, server: '/' },
    { name: 'behind the door', headers: { 'x-forwarded-host': 'localhost:3000' }, server: '/api/shop' },
  ])('tries requests out where it came from, $name', async ({ headers, server }) => {
    const document = (await (await fetch(`${shop.url}/docs-json`, { headers })).json()) as Record<string, unknown>;
    expect(document['servers']).toEqual([{ url: server }]);
  });

  it('asks for a bearer token exactly where the guard does', async () => {
    const document = (await (await fetch(`${shop.url}/docs-json`)).json()) as {
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
