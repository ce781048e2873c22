import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { INestApplication } from '@nestjs/common';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ask, issuer, lines, startGraphqlService } from './graphql-service.test-support.ts';
import { handled, OpenSubscriptionResolver, products, ProductsResolver } from './products-resolver.test-support.ts';
import {
  openSubscriptions,
  type SubscriptionClient,
  type SubscriptionClientOptions,
} from './subscription-client.test-support.ts';

const patience = { timeout: 10_000, interval: 10 };

/** The stream of revocations of a gateway. */
let server: Server;
let stream: ServerResponse | undefined;
const say = (event: string, data: unknown): void =>
  void stream?.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);

beforeAll(async () => {
  server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    stream = response;
    say('covered', { since: new Date(0).toISOString() });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const clients: SubscriptionClient[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
});
const open = (app: INestApplication, options?: SubscriptionClientOptions): SubscriptionClient => {
  const client = openSubscriptions(app, options);
  clients.push(client);
  return client;
};
const addProduct = (id: string): void => void products.emit('added', { id, name: `Chair ${id}` });
const subscription = 'subscription { productAdded { id } }';

describe.each(['Apollo', 'Apollo on Fastify', 'Mercurius'] as const)('GraphQL subscriptions with %s', (driver) => {
  let app: INestApplication;
  beforeAll(async () => {
    // A server that listens on a port has an address of this shape.
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/internal/revocations`;
    const access = { keys: issuer.jwks(), clockToleranceSeconds: 0, revocations: { url } };
    app = await startGraphqlService(driver, { resolvers: [ProductsResolver], access });
  });
  afterAll(() => app.close());
  beforeEach(() => {
    handled.length = 0;
    lines.length = 0;
  });

  /** Waits until a subscription is heard, and tells what it gets of a product that is added then. */
  const subscribe = async (client: SubscriptionClient) => {
    const answers = client.send(subscription);
    await expect.poll(() => handled, patience).toContain('productAdded');
    return answers;
  };

  it('delivers what is published to a caller that holds the permission', async () => {
    const answers = await subscribe(open(app, { token: issuer.tokenFor('vendor') }));
    addProduct('1');
    addProduct('2');
    await expect
      .poll(() => answers.map(({ data }) => data), patience)
      .toEqual([{ productAdded: { id: '1' } }, { productAdded: { id: '2' } }]);
  });

  it('guards the fields of each event', async () => {
    const client = open(app, { token: issuer.tokenFor('admin') });
    const answers = client.send('subscription { productAdded { id margin } }');
    await expect.poll(() => handled, patience).toContain('productAdded');
    addProduct('1');
    await expect
      .poll(() => answers, patience)
      .toMatchObject([
        {
          data: { productAdded: { id: '1', margin: null } },
          errors: [{ extensions: { code: 'FORBIDDEN', problem: { code: 'SP_FORBIDDEN' } } }],
        },
      ]);
  });

  it('answers queries over the connection for its caller', async () => {
    const answers = open(app, { token: issuer.tokenFor('vendor') }).send('{ me }');
    await expect.poll(() => answers, patience).toMatchObject([{ data: { me: 'vendor-1' } }]);
  });

  it('refuses a subscription whose permission is missing, and goes on with the connection', async () => {
    const client = open(app, { token: issuer.tokenFor('user') });
    const answers = client.send(subscription);
    await expect
      .poll(() => answers, patience)
      .toMatchObject([{ errors: [{ extensions: { code: 'FORBIDDEN', problem: { code: 'SP_FORBIDDEN' } } }] }]);
    expect(handled).toEqual([]);
    expect(lines).toMatchObject([{ code: 'SP_FORBIDDEN', subject: 'user-1', requiredPermissions: 'product:read' }]);
    const others = client.send('{ me }');
    await expect.poll(() => others, patience).toMatchObject([{ data: { me: 'user-1' } }]);
    expect(client.closes).toEqual([]);
  });

  /** Apollo accepts the upgrade and closes before it acknowledges; Mercurius answers the upgrade. */
  const expectRefusal = async (client: SubscriptionClient, code: string): Promise<void> => {
    await expect.poll(() => client.closes.length, patience).toBe(1);
    expect(client.isAcknowledged).toBe(false);
    if (driver !== 'Mercurius') expect(client.closes).toEqual([{ code: 4401, reason: code }]);
    else {
      expect(client.refusals).toMatchObject([{ status: 401 }]);
      expect(JSON.parse(client.refusals[0]?.body ?? '')).toMatchObject({ code });
    }
    expect(lines).toMatchObject([{ code }]);
    expect(handled).toEqual([]);
  };

  it.each([
    { name: 'without a token', options: () => ({}), code: 'SP_UNAUTHENTICATED' },
    { name: 'with what is no token', options: () => ({ token: 'x' }), code: 'SP_TOKEN_INVALID' },
    {
      name: 'with a token for another service',
      options: () => ({ token: issuer.sign({ aud: 'billing' }) }),
      code: 'SP_TOKEN_INVALID',
    },
    {
      name: 'with a token that is over',
      options: () => ({ token: issuer.sign({ iat: 1, exp: 61 }) }),
      code: 'SP_TOKEN_EXPIRED',
    },
    {
      name: 'with a token among its parameters',
      options: () => ({
        connectionParams: {
          authorization: `Bearer ${issuer.tokenFor('vendor')}`,
          headers: { authorization: `Bearer ${issuer.tokenFor('vendor')}` },
        },
      }),
      code: 'SP_UNAUTHENTICATED',
    },
  ])('does not accept a connection $name', async ({ options, code }) => {
    const client = open(app, options());
    client.send(subscription);
    await expectRefusal(client, code);
  });

  it('ends a connection when its token expires', async () => {
    const exp = Math.floor(Date.now() / 1000) + 2;
    const client = open(app, { token: issuer.tokenFor('vendor', { exp }) });
    const answers = await subscribe(client);
    addProduct('1');
    await expect.poll(() => client.closes, patience).toEqual([{ code: 4401, reason: 'token expired' }]);
    addProduct('2');
    expect(answers.map(({ data }) => data)).toEqual([{ productAdded: { id: '1' } }]);
  });

  it('ends a connection when the session of its caller is revoked, and no other', async () => {
    const token = (sid: string): string => issuer.tokenFor('vendor', { sid, gen: { s: 1, u: 1, p: 1 } });
    const revoked = open(app, { token: token('session-9') });
    await subscribe(revoked);
    const other = open(app, { token: token('session-8') });
    const answers = other.send('{ me }');
    await expect.poll(() => answers.length, patience).toBe(1);
    say('revocation', {
      kind: 'session',
      id: 'session-9',
      minGeneration: Number.MAX_SAFE_INTEGER,
      at: new Date().toISOString(),
    });
    await expect.poll(() => revoked.closes, patience).toEqual([{ code: 4401, reason: 'session ended' }]);
    expect(other.closes).toEqual([]);
  });
});

describe.each(['Apollo', 'Mercurius'] as const)('a public GraphQL subscription with %s', (driver) => {
  let app: INestApplication;
  beforeAll(async () => {
    app = await startGraphqlService(driver, { resolvers: [ProductsResolver, OpenSubscriptionResolver] });
  });
  afterAll(() => app.close());
  beforeEach(() => {
    handled.length = 0;
  });

  it('is open to a caller without a token, who stays anonymous whatever the connection was told later', async () => {
    const token = issuer.tokenFor('vendor');
    const client = open(app, {
      connectionParams: { authorization: `Bearer ${token}`, headers: { authorization: `Bearer ${token}` } },
    });
    const news = client.send('subscription { newsFor }');
    await expect.poll(() => handled, patience).toEqual(['newsFor anonymous']);
    addProduct('3');
    await expect.poll(() => news, patience).toMatchObject([{ data: { newsFor: 'Chair 3' } }]);
    for (const query of [subscription, '{ me }']) {
      const answers = client.send(query);
      await expect
        .poll(() => answers, patience)
        .toMatchObject([{ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] }]);
    }
    expect(handled).toEqual(['newsFor anonymous']);
  });

  it('is closed to a token that does not hold', async () => {
    const client = open(app, { token: issuer.sign({ aud: 'billing' }) });
    client.send('subscription { newsFor }');
    await expect.poll(() => client.closes.length, patience).toBe(1);
    expect(client.isAcknowledged).toBe(false);
    expect(handled).toEqual([]);
  });
});

describe.each(['Apollo', 'Mercurius'] as const)('GraphQL with %s while keys cannot be fetched', (driver) => {
  let app: INestApplication;
  beforeAll(async () => {
    const access = { keysUrl: 'http://127.0.0.1:9/internal/.well-known/jwks.json' };
    app = await startGraphqlService(driver, { resolvers: [ProductsResolver], access });
  });
  afterAll(() => app.close());
  beforeEach(() => {
    handled.length = 0;
  });

  it('says SERVICE_UNAVAILABLE, and nothing of the caller', async () => {
    const { data, errors } = await ask(app, '{ me whoami }', issuer.tokenFor('vendor'));
    expect(data).toEqual({ me: null, whoami: 'anonymous' });
    expect(errors).toMatchObject([
      { extensions: { code: 'SERVICE_UNAVAILABLE', problem: { code: 'SP_KEYS_UNAVAILABLE', status: 503 } } },
    ]);
    expect(handled).toEqual([]);
  });

  it('accepts no connection, and does not say that its caller is signed out', async () => {
    const client = open(app, { token: issuer.tokenFor('vendor') });
    client.send(subscription);
    await expect.poll(() => client.closes.length, patience).toBe(1);
    expect(client.isAcknowledged).toBe(false);
    if (driver !== 'Mercurius') expect(client.closes).toEqual([{ code: 1013, reason: 'SP_KEYS_UNAVAILABLE' }]);
    else expect(client.refusals).toMatchObject([{ status: 503 }]);
    expect(handled).toEqual([]);
  });
});
