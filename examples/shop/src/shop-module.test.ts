import type { AddressInfo } from 'node:net';
import { shopPolicy } from '@sallyport/example-shop-kit/policy';
import { createTestIssuer, overrideSallyport, startFakeClock } from '@sallyport/testing';
import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSqliteProductStore } from './products/sqlite-product-store.ts';
import { ShopModule } from './shop-module.ts';

const issuer = createTestIssuer({ audience: 'shop', roles: { user: ['product:read'], vendor: ['product:create'] } });
/** What the shop would be configured with: addresses at which nothing listens. */
const access = {
  issuer: 'https://shop.example/internal',
  audience: 'shop',
  keysUrl: 'https://gateway.invalid/internal/.well-known/jwks.json',
};

let app: INestApplication;
let url: string;
beforeAll(async () => {
  const shop = ShopModule.create(access, createSqliteProductStore(undefined));
  const module = await overrideSallyport(Test.createTestingModule({ imports: [shop] }), issuer, {
    policy: shopPolicy,
  }).compile();
  app = module.createNestApplication<INestApplication>({ logger: false });
  await app.listen(0, '127.0.0.1');
  // A server that listens on a port has an address of this shape.
  url = `http://127.0.0.1:${(app.getHttpServer() as { address(): AddressInfo }).address().port}/products`;
});
afterAll(() => app.close());

const list = async (token?: string): Promise<number> =>
  (await fetch(url, token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } })).status;

describe('the module of the shop, under the issuer of a test', () => {
  it.each([
    { name: 'a user', token: () => issuer.issueToken({ roles: ['user'] }), status: 200 },
    {
      name: 'a caller with that permission alone',
      token: () => issuer.issueToken({ permissions: ['product:read'] }),
      status: 200,
    },
    {
      name: 'a vendor without the permission to read',
      token: () => issuer.issueToken({ roles: ['vendor'] }),
      status: 403,
    },
    { name: 'a caller without a token', token: () => undefined, status: 401 },
    {
      name: 'a caller with an expired token',
      token: () => issuer.issueToken({ roles: ['user'], expiresInSeconds: -60 }),
      status: 401,
    },
    { name: 'a caller with a token of another issuer', token: () => createTestIssuer().issueToken(), status: 401 },
  ])('answers $name with $status', async ({ token, status }) => {
    expect(await list(token())).toBe(status);
  });

  it('believes a token for as long as it says, by the clock of the test', async () => {
    const clock = startFakeClock();
    try {
      const token = issuer.issueToken({ roles: ['user'], expiresInSeconds: 60 });
      expect(await list(token)).toBe(200);
      clock.advance(59);
      expect(await list(token)).toBe(200);
      clock.advance(30);
      expect(await list(token)).toBe(401);
    } finally {
      clock.restore();
    }
  });
});
