import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { Agent, createServer, request as sendRequest, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import type { Config } from '@sallyport/server';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createGatewayFolder, type GatewayFolder } from './gateway-folder.ts';

// Processes are started.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const patience = { timeout: 20_000, interval: 20 };

describe('a gateway that is told to stop', () => {
  let upstream: Server;
  let to: string;
  const held: (() => void)[] = [];
  const folders: GatewayFolder[] = [];
  beforeAll(async () => {
    upstream = createServer((request, response) => {
      if (request.url === '/open/slow') held.push(() => response.end('at last'));
      else if (request.url === '/open/events') {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write('data: 1\n\n');
      } else if (request.url === '/open/download') {
        response.writeHead(200, { 'content-length': '1000' });
        response.write('begun');
      } else response.end('fine');
    });
    upstream.on('upgrade', echoFrames);
    await once(upstream.listen(0, '127.0.0.1'), 'listening');
    to = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    upstream.closeAllConnections();
    upstream.close();
  });
  afterEach(() => {
    for (const folder of folders.splice(0)) folder.remove();
    held.splice(0);
  });

  const create = async (drain: Partial<Config['drain']>): Promise<GatewayFolder> => {
    const folder = await createGatewayFolder({
      config: { drain, routes: [{ name: 'open', prefix: '/open', upstream: to, audience: 'open', access: 'public' }] },
    });
    folders.push(folder);
    return folder;
  };

  it('says at once that it leaves, serves on for the delay, and ends what is in flight', async () => {
    const folder = await create({ delaySeconds: 1, graceSeconds: 20 });
    const gateway = await folder.start();
    const slow = fetch(`${folder.origin}/open/slow`);
    await vi.waitFor(() => expect(held).toHaveLength(1), patience);
    expect((await fetch(`${folder.origin}/readyz`)).status).toBe(200);
    gateway.signal('SIGTERM');
    await vi.waitFor(async () => expect((await fetch(`${folder.origin}/readyz`)).status).toBe(503), patience);

    const during = await fetch(`${folder.origin}/open/a`);
    expect(during.status).toBe(200);
    expect(during.headers.get('connection')).toBe('close');
    await vi.waitFor(() => expect(fetch(`${folder.origin}/open/a`)).rejects.toThrow(), patience);
    held[0]?.();
    expect(await (await slow).text()).toBe('at last');
    expect(await gateway.ended).toBe(0);
  });

  it('keeps streams open for the delay, tells them when it is over, and waits for none of them', async () => {
    const folder = await create({ delaySeconds: 1, graceSeconds: 3600 });
    const gateway = await folder.start();
    const socket = new WebSocket(`${folder.origin.replace('http', 'ws')}/open/socket`);
    const closed = once(socket, 'close') as Promise<[CloseEvent]>;
    await once(socket, 'open');
    const events = readAll(await fetch(`${folder.origin}/open/events`));
    await vi.waitFor(() => expect(events.text()).toBe('data: 1\n\n'), patience);

    gateway.signal('SIGTERM');
    await vi.waitFor(async () => expect((await fetch(`${folder.origin}/readyz`)).status).toBe(503), patience);
    // Readiness checks see it already; streams have not been told yet.
    socket.send('still here');
    const [message] = (await once(socket, 'message')) as [{ readonly data: unknown }];
    expect(message.data).toBe('still here');
    expect(events.isOver()).toBe(false);

    const [{ code, reason, wasClean }] = await closed;
    expect({ code, reason, wasClean }).toEqual({ code: 1001, reason: 'going away', wasClean: true });
    // A browser opens an event stream again by itself when it ended whole.
    await expect(events.end).resolves.toBe('whole');
    expect(events.text()).toBe('data: 1\n\n');
    expect(await gateway.ended).toBe(0);
  });

  it('cuts what is still in flight when the grace period is over, so that no client takes it for whole', async () => {
    const folder = await create({ delaySeconds: 0, graceSeconds: 1 });
    const gateway = await folder.start();
    const download = readAll(await fetch(`${folder.origin}/open/download`));
    await vi.waitFor(() => expect(download.text()).toBe('begun'), patience);
    gateway.signal('SIGTERM');
    expect(await gateway.ended).toBe(0);
    await expect(download.end).resolves.toBe('cut');
  });

  it('stops at once when it is told a second time', async () => {
    const folder = await create({ delaySeconds: 300, graceSeconds: 3600 });
    const gateway = await folder.start();
    const slow = fetch(`${folder.origin}/open/slow`).catch(() => 'cut');
    await vi.waitFor(() => expect(held).toHaveLength(1), patience);
    gateway.signal('SIGTERM');
    await vi.waitFor(async () => expect((await fetch(`${folder.origin}/readyz`)).status).toBe(503), patience);
    gateway.signal('SIGTERM');
    expect(await gateway.ended).toBe(1);
    expect(await slow).toBe('cut');
  });

  it('fails no request when it is one of two that are restarted under load', async () => {
    const [one, other] = [await create({ delaySeconds: 1 }), await create({ delaySeconds: 1 })];
    const [leaving] = await Promise.all([one.start(), other.start()]);
    const traffic = balance([one, other]);
    await traffic.progress(100);
    leaving.signal('SIGTERM');
    expect(await leaving.ended).toBe(0);
    await traffic.progress(100);
    await one.start();
    await traffic.untilServing(one);
    await traffic.progress(100);
    expect(await traffic.stop()).toEqual([]);
  });
});

/** Reads an answer as it comes. */
function readAll(answer: Response): { text(): string; isOver(): boolean; readonly end: Promise<'whole' | 'cut'> } {
  let text = '';
  let isOver = false;
  const read = async (): Promise<void> => {
    const decoder = new TextDecoder();
    const body: AsyncIterable<Uint8Array> | null = answer.body;
    for await (const piece of body ?? []) text += decoder.decode(piece, { stream: true });
  };
  const end = read().then(
    () => 'whole' as const,
    () => 'cut' as const,
  );
  void end.then(() => (isOver = true));
  return { text: () => text, isOver: () => isOver, end };
}

/** Agrees to a WebSocket, and sends back short frames as a server sends them (RFC 6455, section 5). */
function echoFrames(request: IncomingMessage, socket: Duplex): void {
  const key = `${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
  const accept = createHash('sha1').update(key).digest('base64');
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
  socket.on('error', () => {});
  socket.on('end', () => socket.end());
  socket.on('data', (frame: Buffer) => {
    const [first = 0, second = 0] = frame;
    const mask = frame.subarray(2, 6);
    const payload = frame.subarray(6).map((byte, index) => byte ^ (mask[index % 4] ?? 0));
    socket.write(Buffer.concat([Buffer.from([first, second & 0x7f]), payload]));
  });
}

interface BalancedTraffic {
  progress(answers: number): Promise<void>;
  untilServing(folder: GatewayFolder): Promise<void>;
  /** Resolves to everything that was not answered with 200. */
  stop(): Promise<readonly string[]>;
}

/** What stands in front of two gateways: it asks each whether it is ready, keeps connections, and repeats nothing. */
function balance(folders: readonly GatewayFolder[]): BalancedTraffic {
  const ready = new Set(folders);
  const agents = new Map(folders.map((folder) => [folder, new Agent({ keepAlive: true })]));
  const failures: string[] = [];
  let answers = 0;
  let turn = 0;
  let isStopped = false;
  const probing = folders.map(async (folder) => {
    while (!isStopped) {
      const isReady = await fetch(`${folder.origin}/readyz`, { headers: { connection: 'close' } }).then(
        ({ ok }) => ok,
        () => false,
      );
      if (isReady) ready.add(folder);
      else ready.delete(folder);
      await wait(20);
    }
  });
  const running = Array.from({ length: 6 }, async () => {
    while (!isStopped) {
      const serving = [...ready];
      const folder = serving[turn++ % Math.max(1, serving.length)];
      if (folder === undefined) await wait(5);
      else {
        const outcome = await ask(folder, agents.get(folder));
        if (outcome === '200') answers++;
        else failures.push(outcome);
      }
    }
  });
  return {
    progress: async (count) => {
      const wanted = answers + count;
      await vi.waitFor(() => expect(answers).toBeGreaterThan(wanted), patience);
    },
    untilServing: (folder) => vi.waitFor(() => expect(ready.has(folder)).toBe(true), patience),
    stop: async () => {
      isStopped = true;
      await Promise.all([...probing, ...running]);
      for (const agent of agents.values()) agent.destroy();
      return failures;
    },
  };
}

function ask({ origin }: GatewayFolder, agent: Agent | undefined): Promise<string> {
  return new Promise((resolve) => {
    const request = sendRequest(`${origin}/open/a`, agent === undefined ? {} : { agent }, (response) => {
      response.resume();
      response.once('end', () => resolve(String(response.statusCode)));
      response.once('error', () => resolve('cut short'));
    });
    request.once('error', (error) => resolve(error.message));
    request.end();
  });
}
