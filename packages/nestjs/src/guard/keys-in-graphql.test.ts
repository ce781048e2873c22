import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { toCheckedToken } from '@sallyport/core';
import type { INestApplication } from '@nestjs/common';
import { Query, Resolver } from '@nestjs/graphql';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Accepts, Authenticated, Public } from '../access/declare-access.ts';
import { startGraphqlService } from '../graphql/graphql-service.test-support.ts';

const key = toCheckedToken('sp_key_', 'k'.repeat(32));

@Resolver()
@Authenticated()
class StockResolver {
  @Query(() => String)
  @Accepts('api-key')
  byKey(): string {
    return 'by key';
  }

  @Query(() => String, { nullable: true })
  byToken(): string {
    return 'by token';
  }

  @Query(() => String)
  @Public('open to everyone')
  open(): string {
    return 'open';
  }
}

/** A gateway that knows the key, in the hands of the test. */
const gateway: Server = createServer((_request, response) => {
  response.setHeader('content-type', 'application/json').end(
    JSON.stringify({
      active: true,
      iss: 'https://app.test',
      sub: 'stock-robot',
      aud: 'shop',
      exp: Math.floor(Date.now() / 1000) + 300,
      client_id: 'key_1',
      sub_type: 'service',
      cred: 'api-key',
      scope: '',
      roles: [],
      acr: 'pwd',
      amr: [],
      auth_time: 1,
      gen: { s: 1, u: 1, p: 1 },
    }),
  );
});
let app: INestApplication;
let url: string;
beforeAll(async () => {
  await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve));
  const { port } = gateway.address() as AddressInfo;
  const introspection = { url: `http://127.0.0.1:${port}/oauth2/introspect`, apiKey: key };
  app = await startGraphqlService('Apollo', { resolvers: [StockResolver], access: { introspection } });
  url = `http://127.0.0.1:${(app.getHttpServer() as { address(): AddressInfo }).address().port}/graphql`;
});
afterAll(async () => {
  await app.close();
  gateway.close();
});

it.each(['{ open byKey byToken }', '{ byToken byKey open }', '{ byKey open byToken }'])(
  'an API key opens the resolvers of one query that name it, and no other: %s',
  async (query) => {
    // The second time everything is remembered.
    for (let turn = 0; turn < 2; turn++) {
      const answer = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-api-key': key },
        body: JSON.stringify({ query }),
      });
      const { data, errors = [] } = (await answer.json()) as {
        readonly data: unknown;
        readonly errors?: readonly { readonly path: readonly string[] }[];
      };
      expect(data).toEqual({ byKey: 'by key', byToken: null, open: 'open' });
      expect(errors.map(({ path }) => path)).toEqual([['byToken']]);
    }
  },
);
