import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { createTestIssuer } from '@sallyport/testing';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { mongo } from 'mongoose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createShop } from './create-shop.ts';
import { openMongoProductStore } from './products/mongo-product-store.ts';
import { everything, unrestricted } from './products/product-store-contract.test-support.ts';
import type { ProductStore } from './products/product-store.ts';
import { createSqliteProductStore } from './products/sqlite-product-store.ts';

const mongodbUrl = process.env['TEST_MONGODB_URL'];
const database = `shop-${randomUUID()}`;
const issuer = createTestIssuer({
  audience: 'shop',
  roles: {
    vendor: ['product:read', 'product:create', 'product:update'],
    admin: ['product:read', 'product:create', 'product:update', 'product:update-any', 'product:delete'],
  },
});
const operators = ['{"$ne":null}', '{"$gt":""}', '{"$regex":".*"}', '{"$where":"sleep(5000)"}', '["$ne"]'];

describe('values that a database would obey [sqlite]', () => {
  describeHostileValues(async () => createSqliteProductStore(undefined));
});

describe.skipIf(mongodbUrl === undefined)('values that a database would obey [mongodb]', () => {
  const url = mongodbUrl ?? '';
  afterAll(async () => {
    const client = new mongo.MongoClient(url);
    await client.db(database).dropDatabase();
    await client.close();
  });
  describeHostileValues(async () => openMongoProductStore({ url, database }));
});

function describeHostileValues(open: () => Promise<ProductStore>): void {
  let store: ProductStore;
  let app: NestExpressApplication;
  let origin: string;

  beforeAll(async () => {
    store = await open();
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

  afterAll(async () => app.close());

  async function call(
    method: string,
    path: string,
    body?: string,
    token = issuer.tokenFor('admin'),
  ): Promise<Response> {
    return fetch(`${origin}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body }),
    });
  }

  it.each(operators)('are refused as an id: %s', async (operator) => {
    const before = await store.list(everything, unrestricted);
    for (const method of ['GET', 'DELETE', 'PATCH']) {
      const answer = await call(
        method,
        `/products/${encodeURIComponent(operator)}`,
        method === 'PATCH' ? '{"stock":1}' : undefined,
      );
      // What is deleted is looked up for the policy, before its id is looked at: there is no such product.
      expect(answer.status).toBe(method === 'DELETE' ? 404 : 422);
    }
    expect(await store.list(everything, unrestricted)).toEqual(before);
  });

  it.each(['page', 'pageSize', 'sort', 'id', '$where', '__proto__'])(
    'are refused in the query, in %s',
    async (name) => {
      const queries = [
        `${name}[$ne]=1`,
        `${name}[$gt]=`,
        `${encodeURIComponent(`${name}[$where]`)}=1`,
        `${name}=1&${name}[$ne]=2`,
        `${name}=${encodeURIComponent('{"$ne":1}')}`,
        `${name}[]=1`,
      ];
      for (const query of queries) {
        const answer = await call('GET', `/products?${query}`);
        // A lone __proto__ disappears while the query is read, as if it had not been sent.
        if (name !== '__proto__' || answer.status !== 200)
          expect({ query, status: answer.status }).toEqual({ query, status: 422 });
      }
    },
  );

  it.each(['name', 'description', 'priceCents', 'currency', 'stock', 'ownerId', 'version', '$set', '$where', 'a.b'])(
    'are refused in a body, in %s',
    async (field) => {
      const before = await store.list(everything, unrestricted);
      const [product] = before.items;
      for (const operator of [...operators, '{"__proto__":{"$ne":1}}', '{"toString":1}', '{"_bsontype":"ObjectId"}']) {
        const created = await call(
          'POST',
          '/products',
          `{"name":"A gate","priceCents":1,${JSON.stringify(field)}:${operator}}`,
        );
        // Bodies that readers disagree about are refused before their fields are looked at.
        const isNamedTwice = field === 'name' || field === 'priceCents';
        const isPrototype = operator.includes('__proto__');
        expect(created.status).toBe(isNamedTwice || isPrototype ? 400 : 422);
        const changed = await call('PATCH', `/products/${product?.id}`, `{${JSON.stringify(field)}:${operator}}`);
        expect(changed.status).toBe(isPrototype ? 400 : 422);
      }
      expect(await store.list(everything, unrestricted)).toEqual(before);
    },
  );

  it('are plain text in a text', async () => {
    const name = '$ne {"$gt":""} $$ROOT';
    const created = await call('POST', '/products', JSON.stringify({ name, priceCents: 1, description: '$where' }));
    expect(created.status).toBe(201);
    const { id } = (await created.json()) as { id: string };
    expect(await store.find(id)).toMatchObject({ name, description: '$where' });
    const changed = await call('PATCH', `/products/${id}`, JSON.stringify({ description: '$name' }));
    expect(changed.status).toBe(200);
    expect(await store.find(id)).toMatchObject({ name, description: '$name', version: 2 });
  });

  it('are plain text in the subject of a token, and no way into the products of another user', async () => {
    const token = issuer.tokenFor('vendor', { sub: '{"$ne":null}' });
    const [product] = (await store.list(everything, unrestricted)).items;
    expect((await call('PATCH', `/products/${product?.id}`, '{"stock":0}', token)).status).toBe(403);
  });
}
