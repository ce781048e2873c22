import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { expect } from 'vitest';
import type { GatewayOptions } from '../gateway-options.ts';
import type { RequestRecord } from '../record/record.ts';
import { cookie, startTestGateway, type TestGateway } from '../test-support/test-gateway.ts';
import {
  closeOf,
  handshake,
  openRaw,
  readFrames,
  writeFrame,
  type WebSocketClient,
} from '../test-support/web-socket-client.ts';
import { agreementTo, startWebSocketUpstream, type WebSocketUpstream } from '../test-support/web-socket-upstream.ts';

export const settled = { timeout: 10_000, interval: 20 };
export const sessionEnded = { code: 4401, reason: 'session ended' };
export const accessLost = { code: 4403, reason: 'access lost' };

/** Two gateways on one bus and the same sessions, in front of an upstream that speaks WebSocket and one of events. */
export interface TestStreams {
  readonly upstream: WebSocketUpstream;
  readonly gateway: TestGateway;
  /** Another gateway on the same bus and the same sessions. */
  readonly other: TestGateway;
  /** The token of a session that is new for each test. */
  readonly alice: string;
  readonly records: readonly RequestRecord[];
  /** The upstream's end of the last tunnel, and what arrived at it. */
  readonly end: Duplex;
  readonly arrived: Buffer;
  startGateway(change?: Partial<GatewayOptions>): Promise<TestGateway>;
  /** A gateway of its own for one test. */
  startOwnGateway(change: Partial<GatewayOptions>): Promise<TestGateway>;
  open(bytes: string, at?: TestGateway): WebSocketClient;
  openSocket(token?: string, target?: string, at?: TestGateway): Promise<WebSocketClient>;
  openEvents(token?: string, target?: string, at?: TestGateway): Promise<WebSocketClient>;
  /** Lets the plain upstream of a gateway answer with events. Resolves to the answer, once there is one. */
  answerWithEvents(
    at?: TestGateway,
    headers?: Readonly<Record<string, string>>,
  ): Promise<{ readonly response: ServerResponse; readonly gone: Promise<unknown> }>;
  endSession(token: string): Promise<void>;
  /** After as many turns as a message and its answer take, nothing has come. */
  staysOpen(client: WebSocketClient): Promise<void>;
  /** Closes it with the test. */
  keep(client: WebSocketClient): void;
  /** Before each test. */
  reset(): void;
  /** After each test: closes what it opened. */
  release(): Promise<void>;
  close(): Promise<void>;
}

export const closeSeenBy = (client: WebSocketClient) => () => closeOf(client.frames().at(-1));

export async function startTestStreams(): Promise<TestStreams> {
  const upstream = await startWebSocketUpstream();
  const records: RequestRecord[] = [];
  const clients: WebSocketClient[] = [];
  const gateways: TestGateway[] = [];
  let end: Duplex;
  let arrived: Buffer;

  function startGateway(change: Partial<GatewayOptions> = {}): Promise<TestGateway> {
    const { origin } = upstream;
    return startTestGateway({
      moreRoutes: [
        { name: 'own', prefix: '/own', upstream: origin },
        { name: 'maybe', prefix: '/maybe', access: 'optional', upstream: origin },
        { name: 'admins', prefix: '/admins', access: { roles: ['admin'] }, upstream: origin },
        { name: 'recent', prefix: '/recent', stepUp: { maxAgeSeconds: 2 }, upstream: origin },
        { name: 'service-events', prefix: '/service-events', access: 'service', streaming: true },
      ],
      accessLog: true,
      logger: {
        info: (_, fields) => void records.push(fields as unknown as RequestRecord),
        warn: () => {},
        error: () => {},
      },
      ...change,
    });
  }

  const gateway = await startGateway();
  const other = await startGateway({ bus: gateway.bus, sessions: gateway.sessions });
  let alice = gateway.sessions.add();

  async function startOwnGateway(change: Partial<GatewayOptions>): Promise<TestGateway> {
    const own = await startGateway(change);
    gateways.push(own);
    return own;
  }

  function open(bytes: string, at: TestGateway = gateway): WebSocketClient {
    const client = openRaw(bytes, at.port);
    clients.push(client);
    return client;
  }

  async function openSocket(token = alice, target = '/own/x', at: TestGateway = gateway): Promise<WebSocketClient> {
    const client = open(handshake(target, cookie(token)), at);
    await expect.poll(client.received, settled).toContain('\r\n\r\n');
    expect(client.received()).toContain('HTTP/1.1 101 ');
    return client;
  }

  async function openEvents(token = alice, target = '/events/x', at: TestGateway = gateway): Promise<WebSocketClient> {
    const client = open(`GET ${target} HTTP/1.1\r\nHost: app.test\r\nCookie: __Host-sallyport=${token}\r\n\r\n`, at);
    await expect.poll(client.received, settled).toContain('data: 1\n\n');
    return client;
  }

  function answerWithEvents(
    at: TestGateway = gateway,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<{ readonly response: ServerResponse; readonly gone: Promise<unknown> }> {
    return new Promise((resolve) => {
      at.upstream.answer = (_: IncomingMessage, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', ...headers });
        response.write('data: 1\n\n');
        resolve({ response, gone: once(response, 'close') });
      };
    });
  }

  async function endSession(token: string): Promise<void> {
    const sid = gateway.sessions.sidOf(token);
    gateway.sessions.remove(token);
    await gateway.bus.revoke('session', sid);
  }

  async function staysOpen(client: WebSocketClient): Promise<void> {
    end.write(writeFrame('still here'));
    await expect.poll(() => client.frames().at(-1)?.payload.toString(), settled).toBe('still here');
    client.socket.write(writeFrame('and I', { isMasked: true }));
    await expect.poll(() => readFrames(arrived).at(-1)?.payload.toString(), settled).toBe('and I');
    expect(client.isEnded()).toBe(false);
  }

  return {
    upstream,
    gateway,
    other,
    records,
    get alice() {
      return alice;
    },
    get end() {
      return end;
    },
    get arrived() {
      return arrived;
    },
    startGateway,
    startOwnGateway,
    open,
    openSocket,
    openEvents,
    answerWithEvents,
    endSession,
    staysOpen,
    keep: (client) => void clients.push(client),
    reset() {
      records.length = 0;
      upstream.reset();
      for (const one of [gateway, other]) one.upstream.reset();
      upstream.answer = (request, socket) => {
        end = socket;
        arrived = Buffer.alloc(0);
        socket.on('data', (piece: Buffer) => (arrived = Buffer.concat([arrived, piece])));
        socket.write(agreementTo(request));
      };
      alice = gateway.sessions.add();
    },
    async release() {
      for (const client of clients.splice(0)) client.socket.destroy();
      await Promise.all(gateways.splice(0).map((own) => own.close()));
    },
    async close() {
      await Promise.all([gateway.close(), other.close()]);
      await upstream.close();
    },
  };
}
