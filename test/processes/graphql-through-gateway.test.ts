import 'reflect-metadata';
import { EventEmitter, on } from 'node:events';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { CurrentPrincipal, Permissions, Public, SallyportModule, SallyportSubscriptions } from '@sallyport/nestjs';
import { startTestGateway, type TestGateway } from '@sallyport/server/test-support';
import { Injectable, type DynamicModule, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findFreePorts } from '../../tools/launch/free-ports.ts';

type Decorator = (target: object, name: string, descriptor: PropertyDescriptor) => void;

// The drivers are installed for the package that is tested with them.
const packageOfNest = createRequire(new URL('../../packages/nestjs/package.json', import.meta.url));
const load = (name: string): Promise<unknown> => import(pathToFileURL(packageOfNest.resolve(name)).href);
const { GraphQLModule, Query, Resolver, Subscription } = (await load('@nestjs/graphql')) as {
  readonly GraphQLModule: { forRootAsync(options: object): DynamicModule };
  readonly Query: (name: string) => Decorator;
  readonly Subscription: (name: string) => Decorator;
  readonly Resolver: () => ClassDecorator;
};
const { ApolloDriver } = (await load('@nestjs/apollo')) as { readonly ApolloDriver: object };

const typeDefs = `
  type Query { whoami: String! secret: String }
  type Subscription { news: String! }
`;
const news = new EventEmitter();
const patience = { timeout: 10_000, interval: 20 };

class NewsResolver {
  whoami(caller: { readonly kind: string; readonly roles?: readonly string[] }): string {
    return caller.roles?.join(' ') ?? caller.kind;
  }

  secret(): string {
    return 'served';
  }

  news(): AsyncIterable<object> {
    const said = on(news, 'said') as AsyncIterableIterator<[string]>;
    const iterator: AsyncIterableIterator<object> = {
      next: async () => {
        const event = await said.next();
        return event.done === true ? { done: true, value: undefined } : { value: { news: event.value[0] } };
      },
      return: async () => {
        await said.return?.();
        return { done: true, value: undefined };
      },
      [Symbol.asyncIterator]: () => iterator,
    };
    return iterator;
  }
}
// By hand: the tests of the whole system are compiled without decorators.
const decorate = (name: keyof NewsResolver, ...decorators: readonly Decorator[]): void => {
  const descriptor = Object.getOwnPropertyDescriptor(NewsResolver.prototype, name) ?? {};
  for (const decorator of decorators) decorator(NewsResolver.prototype, name, descriptor);
};
decorate('whoami', Query('whoami'), Public('tells anyone who they are'));
CurrentPrincipal()(NewsResolver.prototype, 'whoami', 0);
decorate('secret', Query('secret'), Permissions('product:create'));
decorate('news', Subscription('news'), Permissions('product:read'));
Resolver()(NewsResolver);
Injectable()(NewsResolver);

describe('GraphQL of a Nest service behind a gateway', () => {
  let gateway: TestGateway;
  let service: INestApplication;
  const sockets: WebSocket[] = [];
  beforeAll(async () => {
    const [port = 0] = await findFreePorts(1);
    gateway = await startTestGateway({
      config: {
        routes: [
          {
            name: 'news',
            prefix: '/graphql',
            upstream: `http://127.0.0.1:${port}`,
            audience: 'news',
            access: 'optional',
            permissions: ['product:*'],
          },
        ],
      },
    });
    const internalOrigin = `http://127.0.0.1:${gateway.gateway.internalPort}`;
    const root = {
      module: class Root {},
      imports: [
        SallyportModule.forRoot({
          issuer: `${gateway.origin}/internal`,
          audience: 'news',
          keysUrl: `${internalOrigin}/internal/.well-known/jwks.json`,
          connections: { endedBy: 'gateway' },
        }),
        GraphQLModule.forRootAsync({
          driver: ApolloDriver,
          inject: [SallyportSubscriptions],
          useFactory: (subscriptions: SallyportSubscriptions) => ({
            typeDefs,
            graphiql: false,
            subscriptions: { 'graphql-ws': subscriptions.graphqlWs() },
          }),
        }),
      ],
      providers: [NewsResolver],
    };
    service = await NestFactory.create<INestApplication>(root, new ExpressAdapter(), { logger: false });
    await service.listen(port, '127.0.0.1');
  });
  afterAll(async () => {
    for (const socket of sockets) socket.close();
    await service.close();
    await gateway.close();
  });

  const ask = async (query: string, cookie?: string): Promise<unknown> => {
    const { origin } = gateway;
    const headers = { origin, 'content-type': 'application/json', ...(cookie === undefined ? {} : { cookie }) };
    const answer = await fetch(`${origin}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query }) });
    return answer.json();
  };
  /** Opens a subscription as a page does it: with the cookie of its session and its origin, and nothing else. */
  const subscribe = (cookie?: string) => {
    const heard: unknown[] = [];
    const closes: { code: number; reason: string }[] = [];
    const { origin } = gateway;
    const socket = new WebSocket(`${origin.replace('http', 'ws')}/graphql`, {
      protocols: ['graphql-transport-ws'],
      headers: { origin, ...(cookie === undefined ? {} : { cookie }) },
    } as never); // Headers are an extension of Node.
    sockets.push(socket);
    const send = (message: object): void => socket.send(JSON.stringify(message));
    socket.addEventListener('open', () => send({ type: 'connection_init' }));
    socket.addEventListener('message', ({ data }) => {
      const message = JSON.parse(String(data)) as {
        readonly type: string;
        readonly payload?: { readonly data?: unknown };
      };
      if (message.type === 'connection_ack')
        send({ type: 'subscribe', id: '1', payload: { query: 'subscription { news }' } });
      if (message.type === 'next') heard.push(message.payload?.data);
    });
    socket.addEventListener('close', ({ code, reason }) => void closes.push({ code, reason }));
    return { heard, closes };
  };

  it('knows the caller of the session, and refuses what its roles do not allow', async () => {
    const [vendor, user] = [await gateway.signIn('vendor'), await gateway.signIn('user')];
    expect(await ask('{ whoami secret }')).toMatchObject({
      data: { whoami: 'anonymous', secret: null },
      errors: [{ extensions: { code: 'UNAUTHENTICATED', problem: { code: 'SP_UNAUTHENTICATED' } } }],
    });
    expect(await ask('{ whoami secret }', vendor)).toEqual({ data: { whoami: 'vendor', secret: 'served' } });
    expect(await ask('{ whoami secret }', user)).toMatchObject({
      data: { whoami: 'user', secret: null },
      errors: [{ extensions: { code: 'FORBIDDEN', problem: { code: 'SP_FORBIDDEN' } } }],
    });
  });

  it('delivers events to a signed-in page until it signs out', async () => {
    const cookie = await gateway.signIn('user');
    const { heard, closes } = subscribe(cookie);
    await expect.poll(() => news.listenerCount('said'), patience).toBe(1);
    news.emit('said', 'first');
    await expect.poll(() => heard, patience).toEqual([{ news: 'first' }]);
    const { origin } = gateway;
    const answer = await fetch(`${origin}/auth/sign-out`, { method: 'POST', headers: { cookie, origin } });
    expect(answer.status).toBe(204);
    await expect.poll(() => closes, patience).toEqual([{ code: 4401, reason: 'session ended' }]);
    await expect.poll(() => news.listenerCount('said'), patience).toBe(0);
    expect(heard).toHaveLength(1);
  });

  it('accepts no connection of an anonymous page', async () => {
    const { heard, closes } = subscribe();
    await expect.poll(() => closes, patience).toEqual([{ code: 4401, reason: 'SP_UNAUTHENTICATED' }]);
    expect(heard).toEqual([]);
  });
});
