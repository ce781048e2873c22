import { routeSchema, type KeyRing, type Route, type RouteInput } from '@sallyport/core';
import { createGateway, type Gateway } from '../gateway.ts';
import type { GatewayOptions } from '../gateway-options.ts';
import { startEchoUpstream, type EchoUpstream } from './echo-upstream.ts';
import { request, type RawAnswer } from './raw-client.ts';
import { createTestKeyRing } from './test-key-ring.ts';
import { createTestBus, createTestSessions, type TestBus, type TestSessions } from './test-sessions.ts';

/** A gateway in front of an echo, reached as https://app.test and https://shop.test. */
export interface TestGateway {
  readonly port: number;
  readonly internalPort: number;
  readonly gateway: Gateway;
  readonly sessions: TestSessions;
  readonly bus: TestBus;
  readonly keyRing: KeyRing;
  readonly upstream: EchoUpstream;
  send(method: string, target: string, headers?: Readonly<Record<string, string>>, body?: string): Promise<RawAnswer>;
  close(): Promise<void>;
}

/** Fills in the defaults of a route. */
export function route(input: Partial<RouteInput> & { readonly name: string; readonly prefix: string }): Route {
  return routeSchema.parse({ upstream: 'http://127.0.0.1:9', audience: input.name, access: 'signed-in', ...input });
}

/** The `Cookie` header of a session. */
export function cookie(token: string): { readonly Cookie: string } {
  return { Cookie: `__Host-sallyport=${token}` };
}

/** Starts a gateway with the routes of the catalogue of hostile cases, and more if they are given. */
export async function startTestGateway(
  change: Partial<GatewayOptions> & { readonly moreRoutes?: readonly Partial<RouteInput>[] } = {},
): Promise<TestGateway> {
  const upstream = await startEchoUpstream();
  const sessions = createTestSessions(change.now);
  const bus = createTestBus();
  const keyRing = createTestKeyRing();
  const { moreRoutes = [], ...options } = change;
  const inputs: Partial<RouteInput>[] = [
    { name: 'public', prefix: '/public', access: 'public' },
    { name: 'api', prefix: '/api', access: 'signed-in', permissions: ['product:*'] },
    { name: 'admin', prefix: '/admin', access: { roles: ['admin'] } },
    { name: 'hooks', prefix: '/hooks', access: 'public', csrf: 'off', limits: { bodyBytes: 1_048_576 } },
    { name: 'events', prefix: '/events', streaming: true, callers: ['shell', 'api'] },
    { name: 'ws', prefix: '/ws' },
    { name: 'shell', prefix: '/', access: 'optional', profile: true, permissions: ['*'], zone: true },
    ...moreRoutes,
  ];
  const gateway = createGateway({
    publicUrl: 'https://app.test',
    hosts: ['shop.test'],
    routes: inputs.map((input) => route({ name: 'x', prefix: '/x', upstream: upstream.origin, ...input })),
    sessions,
    bus,
    keyRing,
    accessLog: false,
    ...options,
  });
  const { port } = await gateway.listen({ host: '127.0.0.1', port: 0 });
  const { port: internalPort } = await gateway.listenInternal({ host: '127.0.0.1', port: 0 });
  return {
    port,
    internalPort,
    gateway,
    sessions,
    bus,
    keyRing,
    upstream,
    send: (method, target, headers, body) => request(port, method, target, headers, body),
    close: async () => {
      await gateway.close({ graceMilliseconds: 100 });
      await upstream.close();
    },
  };
}
