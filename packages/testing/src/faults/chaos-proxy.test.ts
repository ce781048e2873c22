import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startChaosProxy, type ChaosProxy } from './chaos-proxy.ts';

let target: Server;
let proxy: ChaosProxy;
beforeEach(async () => {
  target = createServer((socket) => {
    socket.on('error', () => {});
    socket.pipe(socket);
  });
  await once(target.listen(0, '127.0.0.1'), 'listening');
  proxy = await startChaosProxy({ targetPort: (target.address() as AddressInfo).port });
});
afterEach(async () => {
  await proxy.close();
  target.close();
});

async function open(): Promise<Socket> {
  const socket = connect(proxy.port, '127.0.0.1');
  await once(socket, 'connect');
  socket.on('error', () => {});
  return socket;
}

function gone(socket: Socket): Promise<unknown> {
  return new Promise((resolve) => socket.once('close', resolve));
}

async function echo(socket: Socket, text: string): Promise<string> {
  socket.write(text);
  const [chunk] = (await once(socket, 'data')) as [Buffer];
  return chunk.toString();
}

it('a chaos proxy passes everything on', async () => {
  expect(await echo(await open(), 'hello')).toBe('hello');
});

it('a chaos proxy refuses, and listens on the same port afterwards', async () => {
  const before = await open();
  const isGone = gone(before);
  await proxy.behave({ kind: 'refuse' });
  await isGone;
  await expect(open()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  await proxy.behave({ kind: 'pass' });
  expect(await echo(await open(), 'back')).toBe('back');
});

it('a chaos proxy swallows what it is sent while it is a black hole, and keeps the connection', async () => {
  const socket = await open();
  await echo(socket, 'before');
  await proxy.behave({ kind: 'blackhole' });
  socket.write('lost');
  await new Promise((resolve) => setTimeout(resolve, 50));
  await proxy.behave({ kind: 'pass' });
  expect(await echo(socket, 'after')).toBe('after');
});

it('a chaos proxy resets a connection in the middle of an answer', async () => {
  const socket = await open();
  await echo(socket, 'before');
  await proxy.behave({ kind: 'cut', afterBytes: 3 });
  const isGone = gone(socket);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.write('abcdef');
  await isGone;
  expect(Buffer.concat(chunks).toString().length).toBeLessThanOrEqual(3);
});

it('a chaos proxy is late in each direction', async () => {
  const socket = await open();
  await proxy.behave({ kind: 'latency', milliseconds: 40 });
  const sentAt = performance.now();
  await echo(socket, 'slow');
  expect(performance.now() - sentAt).toBeGreaterThanOrEqual(79);
});
