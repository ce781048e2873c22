import type { AddressInfo } from 'node:net';
import { createTestIssuer } from '@sallyport/testing';
import { expect } from 'vitest';
import { createShop } from './create-shop.ts';
import type { ProductStore } from './products/product-store.ts';
import { createSqliteProductStore } from './products/sqlite-product-store.ts';
import { seedProducts } from './products/seed-products.ts';

export const issuer = createTestIssuer({
  audience: 'shop',
  roles: {
    user: ['product:read'],
    vendor: ['product:read', 'product:create', 'product:update'],
    admin: ['product:read', 'product:create', 'product:update', 'product:update-any', 'product:delete'],
  },
});
export const unknownId = '00000000-0000-4000-8000-000000000000';
/** A product that no user owns. */
export const catalogueId = seedProducts(new Date())[0]?.id ?? unknownId;

export interface Answer {
  readonly status: number;
  readonly type: string | null;
  readonly challenge: string | null;
  readonly body: Record<string, unknown>;
}

export interface CallOptions {
  readonly token?: string;
  readonly body?: unknown;
  /** Sent as it is, instead of JSON. */
  readonly raw?: string;
  readonly type?: string;
}

/** A shop that listens, with the products of the catalogue. */
export interface TestShop {
  readonly url: string;
  readonly store: ProductStore;
  call(method: string, path: string, options?: CallOptions): Promise<Answer>;
  /** Resolves to the id. */
  createProduct(vendor: string): Promise<string>;
  close(): Promise<void>;
}

export async function startTestShop(): Promise<TestShop> {
  const keys = await issuer.listen();
  const store = createSqliteProductStore(undefined);
  const app = await createShop({
    access: { issuer: issuer.issuer, audience: issuer.audience, keysUrl: keys.url },
    store,
    publicPath: '/api/shop',
    logger: false,
  });
  await app.listen(0, '127.0.0.1');
  // A server that listens on a port has an address of this shape.
  const url = `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}`;

  async function call(method: string, path: string, options: CallOptions = {}): Promise<Answer> {
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

  return {
    url,
    store,
    call,
    createProduct,
    close: async () => {
      await app.close();
      await keys.close();
    },
  };
}
