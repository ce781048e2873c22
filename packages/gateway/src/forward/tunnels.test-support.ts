import { expect } from 'vitest';
import type { RequestRecord } from '../record/record.ts';
import { startTestGateway, type TestGateway } from '../test-support/test-gateway.ts';
import { handshake, openRaw, type WebSocketClient } from '../test-support/web-socket-client.ts';
import { startWebSocketUpstream, type WebSocketUpstream } from '../test-support/web-socket-upstream.ts';

/** A gateway in front of an upstream that speaks WebSocket. */
export interface TestTunnels {
  readonly upstream: WebSocketUpstream;
  readonly gateway: TestGateway;
  readonly records: readonly RequestRecord[];
  open(bytes: string | Buffer, port?: number): WebSocketClient;
  openTunnel(target?: string, port?: number): Promise<WebSocketClient>;
  /** Before each test. */
  reset(): void;
  close(): Promise<void>;
}

export async function startTestTunnels(): Promise<TestTunnels> {
  const records: RequestRecord[] = [];
  const upstream = await startWebSocketUpstream();
  const { origin } = upstream;
  const gateway = await startTestGateway({
    accessLog: true,
    logger: {
      info: (_, fields) => void records.push(fields as unknown as RequestRecord),
      warn: () => {},
      error: (_, fields) => void records.push(fields as unknown as RequestRecord),
    },
    moreRoutes: [
      { name: 'live', prefix: '/live', access: 'public', upstream: origin },
      { name: 'stripped', prefix: '/stripped', access: 'public', upstream: origin, stripPrefix: true },
      { name: 'quick', prefix: '/quick', access: 'public', upstream: origin, timeouts: { headersMilliseconds: 50 } },
      { name: 'noted', prefix: '/noted', access: 'public', upstream: origin },
      { name: 'down', prefix: '/down', access: 'public', upstream: 'http://127.0.0.1:9' },
      { name: 'own', prefix: '/own', access: 'signed-in', upstream: origin },
      { name: 'maybe', prefix: '/maybe', access: 'optional', upstream: origin },
    ],
  });
  const open = (bytes: string | Buffer, port = gateway.port): WebSocketClient => openRaw(bytes, port);
  return {
    upstream,
    gateway,
    records,
    open,
    openTunnel: async (target = '/live/x', port = gateway.port) => {
      const client = open(handshake(target), port);
      await expect.poll(client.received).toContain('\r\n\r\n');
      expect(client.received()).toContain('HTTP/1.1 101 ');
      return client;
    },
    reset: () => {
      upstream.reset();
      records.length = 0;
    },
    close: async () => {
      await gateway.close();
      await upstream.close();
    },
  };
}
