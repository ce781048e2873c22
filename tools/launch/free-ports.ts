import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

const loopback = '127.0.0.1';

/**
 * Below the ports that systems give to connections that go out and to servers that ask for any: what is found here is
 * still free when it is used.
 */
const lowest = 20_000;
const highest = 32_767;

/** Finds ports of 127.0.0.1 that no server listens on, all different. */
export async function findFreePorts(count: number): Promise<number[]> {
  // All are held open until the last is found, or one could be found twice.
  const held = new Map<number, Server>();
  for (let tries = 0; held.size < count; tries++) {
    if (tries === highest - lowest) throw new Error(`there are no ${count} free ports from ${lowest} to ${highest}`);
    const port = randomInt(lowest, highest + 1);
    const server = await listen(port).catch(() => undefined);
    if (server !== undefined) held.set(port, server);
  }
  await Promise.all([...held.values()].map(close));
  return [...held.keys()];
}

/** Says whether a port of 127.0.0.1 can be opened, and why not. */
export async function checkPort(port: number): Promise<'free' | 'in-use' | 'not-permitted'> {
  try {
    await close(await listen(port));
    return 'free';
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EACCES') return 'not-permitted';
    return 'in-use';
  }
}

async function listen(port: number): Promise<Server> {
  const server = createServer().listen({ port, host: loopback, exclusive: true });
  await once(server, 'listening');
  return server;
}

async function close(server: Server): Promise<void> {
  server.close();
  await once(server, 'close');
}
