import type { AddressInfo } from 'node:net';
import { shopPolicy } from '@sallyport/example-shop-kit/policy';
import { createTestIssuer } from '@sallyport/testing';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createOrders } from '../create-orders.ts';
import { createSqliteOrdersStore } from '../sqlite-orders-store.ts';

const issuer = createTestIssuer({ audience: 'orders', roles: shopPolicy.roles });
const good = { accountHolder: 'Vic Vendor', iban: 'DE89370400440532013000' };

let app: NestExpressApplication;
let url: string;
beforeAll(async () => {
  app = await createOrders({
    access: { issuer: issuer.issuer, audience: issuer.audience, keys: issuer.jwks(), services: { url: issuer.issuer } },
    store: createSqliteOrdersStore(undefined),
    productsPath: '/api/shop',
    publicPath: '/api/orders',
    logger: false,
  });
  await app.listen(0, '127.0.0.1');
  // A server that listens on a port has an address of this shape.
  url = `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}/payout`;
});
afterAll(() => app.close());

async function ask(method: string, signedInSecondsAgo: number): Promise<Response> {
  const at = Math.floor(Date.now() / 1000) - signedInSecondsAgo;
  return fetch(url, {
    method,
    headers: {
      authorization: `Bearer ${issuer.tokenFor('vendor', { auth_time: at })}`,
      'content-type': 'application/json',
    },
    ...(method === 'PUT' ? { body: JSON.stringify(good) } : {}),
  });
}

it('a vendor whose sign-in is older than five minutes sees the payout data, and changes it after proving who they are', async () => {
  expect((await ask('GET', 3600)).status).toBe(200);
  const refused = await ask('PUT', 301);
  expect(refused.status).toBe(401);
  expect(await refused.json()).toMatchObject({ code: 'SP_STEP_UP_REQUIRED', stepUp: { maxAgeSeconds: 300 } });
  expect(refused.headers.get('www-authenticate')).toContain('insufficient_user_authentication');
  expect(await (await ask('GET', 10)).json()).toEqual({ payout: null });
  expect((await ask('PUT', 10)).status).toBe(200);
});
