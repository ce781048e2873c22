import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { startLoadBalancer, type LoadBalancer } from './load-balancer.ts';

const open: { close(): unknown }[] = [];

afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

/** Answers each line with its name. */
async function startNamed(name: string, port = 0): Promise<{ readonly port: number; readonly server: Server }> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (line) => socket.write(`${name}:${line.toString()}`));
  }).listen(port, '127.0.0.1');
  await once(server, 'listening');
  open.push(server);
  return { port: (server.address() as AddressInfo).port, server }; // It listens on a port.
}

async function start(targets: readonly number[]): Promise<LoadBalancer> {
  const balancer = await startLoadBalancer({ port: 0, targets });
  open.push(balancer);
  return balancer;
}

/** One connection, one line, one answer; nothing when the connection ends before. */
async function ask(port: number, line = 'x'): Promise<string | undefined> {
  const socket = connect(port, '127.0.0.1');
  const answer = new Promise<string | undefined>((resolve) => {
    socket.once('data', (chunk) => resolve(chunk.toString()));
    socket.once('error', () => resolve(undefined));
    socket.once('close', () => resolve(undefined));
  });
  socket.write(line);
  return answer.finally(() => socket.destroy());
}

describe('a load balancer', () => {
  it('hands connections out in turn, with everything that was said on them', async () => {
    const [a, b] = [await startNamed('a'), await startNamed('b')];
    const { port } = await start([a.port, b.port]);
    expect([await ask(port, '1'), await ask(port, '2'), await ask(port, '3'), await ask(port, '4')]).toEqual([
      'a:1',
      'b:2',
      'a:3',
      'b:4',
    ]);
  });

  it('passes over a backend that is gone, and takes it again when it is back', async () => {
    const [a, b] = [await startNamed('a'), await startNamed('b')];
    const { port } = await start([a.port, b.port]);
    a.server.close();
    await once(a.server, 'close');
    expect(new Set([await ask(port), await ask(port), await ask(port)])).toEqual(new Set(['b:x']));
    await startNamed('a', a.port);
    expect(new Set([await ask(port), await ask(port)])).toEqual(new Set(['a:x', 'b:x']));
  });

  it('ends a connection when no gateway is there', async () => {
    const { port } = await start([1]);
    expect(await ask(port)).toBeUndefined();
  });

  it('leaves a backend out on request, and ends what was connected to it', async () => {
    const [a, b] = [await startNamed('a'), await startNamed('b')];
    const balancer = await start([a.port, b.port]);
    const held = connect(balancer.port, '127.0.0.1');
    held.write('hello');
    await once(held, 'data');
    const ended = once(held, 'close');
    balancer.routeTo([b.port]);
    await ended;
    expect([await ask(balancer.port), await ask(balancer.port)]).toEqual(['b:x', 'b:x']);
  });
});
