import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  closeOf,
  type EchoUpstream,
  handshake,
  openRaw,
  startEchoUpstream,
  startWebSocketUpstream,
  type WebSocketClient,
  type WebSocketUpstream,
} from '@sallyport/gateway/test-support';
import { upstreamVariable } from '../../demo/topology.ts';
import { connectTo, cookieOf, signOutOf, type AskGateway } from '../../tools/launch/gateway-client.ts';
import type { GatewayName } from '../../tools/launch/demo-processes.ts';
import { startSystem, type RunningSystem } from '../../tools/launch/system.ts';
import { signUpVerified } from './mailed-links.ts';
import { demoAccount } from './sign-in.ts';
import { openStoresFor, type OwnStores } from './stores-of-a-system.ts';

const settled = { timeout: 20_000, interval: 5 };

let folder: string;
let own: OwnStores;
let system: RunningSystem;
let first: AskGateway;
let second: AskGateway;
/** In place of the shop and of the account zone: they speak what those do not. */
let sockets: WebSocketUpstream;
let events: EchoUpstream;
const clients: WebSocketClient[] = [];

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'sallyport-e2e-'));
  [own, sockets, events] = await Promise.all([
    openStoresFor({ name: 'postgres + redis ×2' }),
    startWebSocketUpstream(),
    startEchoUpstream(),
  ]);
  events.answer = (_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('data: 1\n\n');
  };
  const environment = { [upstreamVariable('shop')]: sockets.origin, [upstreamVariable('account')]: events.origin };
  system = await startSystem({
    dataDir: path.join(folder, 'data'),
    only: ['mailbox', 'gateway', 'gateway-2'],
    environment: { gateway: environment, 'gateway-2': environment },
    stores: own.stores,
    gateways: 2,
  });
  first = connectTo(system, 'gateway');
  second = connectTo(system, 'gateway-2');
});
afterAll(async () => {
  await system.stop();
  await Promise.all([own.dispose(), sockets.close(), events.close()]);
  await rm(folder, { recursive: true, force: true });
});
afterEach(() => {
  for (const client of clients.splice(0)) client.socket.destroy();
});

/** Opens a WebSocket and an event stream of a session at one gateway. */
async function openBoth(
  name: GatewayName,
  cookie: string,
): Promise<{ socket: WebSocketClient; stream: WebSocketClient }> {
  const { host, origin } = new URL(system.url);
  const port = system.gateways.find((gateway) => gateway.name === name)?.publicPort ?? 0;
  const socket = openRaw(handshake('/api/shop/live', { Host: host, Origin: origin, Cookie: cookie }), port);
  const stream = openRaw(
    `GET /account/events HTTP/1.1\r\nHost: ${host}\r\nAccept: text/event-stream\r\nCookie: ${cookie}\r\n\r\n`,
    port,
  );
  clients.push(socket, stream);
  await expect.poll(socket.received, settled).toMatch(/^HTTP\/1\.1 101 [^]*\r\n\r\n/);
  await expect.poll(stream.received, settled).toContain('data: 1\n\n');
  return { socket, stream };
}

async function sessionEndIsSeenBy({ socket, stream }: Awaited<ReturnType<typeof openBoth>>): Promise<void> {
  await expect.poll(() => closeOf(socket.frames().at(-1))?.code, settled).toBe(4401);
  await expect.poll(stream.received, settled).toContain('event: session-ended\n');
}

describe('W02: a WebSocket and an event stream [postgres + redis ×2]', () => {
  it('end at both gateways when the session is signed out at one', async () => {
    const account = await signUpVerified(first, system.mailbox);
    for (let round = 0; round < 10; round += 1) {
      const cookie = await cookieOf(first, account);
      const both = [await openBoth('gateway', cookie), await openBoth('gateway-2', cookie)];
      expect(await signOutOf(round % 2 === 0 ? first : second, cookie)).toBe(204);
      for (const opened of both) await sessionEndIsSeenBy(opened);
    }
    await expect.poll(() => sockets.open.size, settled).toBe(0);
  });

  it('end when the session is ended from another one, and only those of that session', async () => {
    const account = await signUpVerified(first, system.mailbox);
    const [phone, desk] = [await cookieOf(first, account), await cookieOf(second, account)];
    const ofPhone = await openBoth('gateway', phone);
    const ofDesk = await openBoth('gateway-2', desk);
    const { body } = await second('/auth/sessions', { cookie: desk });
    const sessions = body['sessions'] as readonly { readonly sid: string; readonly current: boolean }[];
    const other = sessions.find(({ current }) => !current);
    const ended = await second(`/auth/sessions/${other?.sid}`, { method: 'DELETE', cookie: desk });
    expect(ended.status).toBe(204);
    await sessionEndIsSeenBy(ofPhone);
    expect(ofDesk.socket.isEnded()).toBe(false);
    expect(ofDesk.stream.received()).not.toContain('session-ended');
  });

  it('end when their user signs out everywhere', async () => {
    const account = await signUpVerified(first, system.mailbox);
    const [phone, desk] = [await cookieOf(first, account), await cookieOf(second, account)];
    const both = [await openBoth('gateway', phone), await openBoth('gateway-2', desk)];
    const ended = await second('/auth/sessions/revoke-all', { method: 'POST', json: {}, cookie: desk });
    expect(ended.status).toBe(200);
    for (const opened of both) await sessionEndIsSeenBy(opened);
  });

  it('outlive a change that leaves the session alive', async () => {
    const account = await signUpVerified(first, system.mailbox);
    const cookie = await cookieOf(first, account);
    const { socket, stream } = await openBoth('gateway', cookie);
    const admin = await cookieOf(second, demoAccount('admin', system.accounts));
    const { id } = (await first('/auth/session', { cookie })).body['user'] as { readonly id: string };
    const roles = await second(`/auth/users/${id}/roles`, {
      method: 'PUT',
      json: { roles: ['vendor'] },
      cookie: admin,
    });
    expect(roles.status).toBe(200);
    socket.socket.write(Buffer.from([0x81, 0x80, 0, 0, 0, 0]));
    await expect.poll(() => socket.frames().length, settled).toBe(1);
    expect(closeOf(socket.frames()[0])).toBeUndefined();
    expect(stream.isEnded()).toBe(false);
  });
});
