import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { toCheckedToken } from '@sallyport/core';
import type { INestApplication } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ask, issuer, post, startGraphqlService } from './graphql-service.test-support.ts';
import { handled, ProductsResolver } from './products-resolver.test-support.ts';

/* A gateway that counts how often it is asked, by a service that believes no answer twice. */

const token = toCheckedToken('sp_at_', 'x'.repeat(83));
let asked: number;
let gateway: Server;
let app: INestApplication | undefined;

beforeEach(async () => {
  asked = 0;
  handled.length = 0;
  gateway = createServer((request, response) => {
    request.resume();
    asked += 1;
    response.setHeader('content-type', 'application/json').end(JSON.stringify(answer()));
  });
  await once(gateway.listen(0, '127.0.0.1'), 'listening');
});
afterEach(async () => {
  await app?.close();
  gateway.closeAllConnections();
  gateway.close();
});

const answer = (): object => ({
  active: true,
  token_type: 'Bearer',
  iss: 'https://app.test',
  sub: 'usr_1',
  aud: issuer.audience,
  exp: Math.floor(Date.now() / 1000) + 300,
  client_id: 'sallyport-first-party',
  sid: 'Jx3kfM2nQp8rTv5wYz7abA',
  scope: 'product:read product:create',
  roles: ['vendor'],
  acr: 'pwd',
  amr: ['pwd'],
  auth_time: 1_795_000_000,
  gen: { s: 1, u: 1, p: 1 },
  sub_type: 'user',
  cred: 'opaque',
});

describe.each(['Apollo', 'Mercurius'] as const)('one request of GraphQL with %s', (driver) => {
  it('has its token verified once, however many resolvers it reaches and operations it holds', async () => {
    // A server that listens on a port has an address of this shape.
    const url = `http://127.0.0.1:${(gateway.address() as AddressInfo).port}/oauth2/introspect`;
    const introspection = { url, apiKey: `sp_key_${'A'.repeat(38)}`, cacheSeconds: 0 };
    app = await startGraphqlService(driver, { resolvers: [ProductsResolver], access: { introspection } });

    const query = '{ me again: me whoami products { margin } product(id: "9") { margin } }';
    const { data } = await ask(app, query, token);
    expect(data).toMatchObject({ me: 'usr_1', again: 'usr_1', whoami: 'usr_1', product: { margin: 40 } });
    expect(handled).toContain('margin of 9 for usr_1');
    expect(asked).toBe(1);

    const answers = await post(app, [{ query }, { query }, { query: '{ products { margin } }' }], token);
    expect(await answers.json()).toHaveLength(3);
    expect(asked).toBe(2);
  });
});
