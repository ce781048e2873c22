import { createServer, type Server } from 'node:net';
import { once } from 'node:events';

const loopback = '127.0.0.1';

/** Finds ports of 127.0.0.1 that no server listens on, all different. */
export async function findFreePorts(count: number): Promise<number[]> {
  // All are held open until the last is found, or the system would hand out the same one twice.
  const servers = await Promise.all(Array.from({ length: count }, () => listen(0)));
  const ports = servers.map((server) => {
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  });
  await Promise.all(servers.map(close));
  return ports;
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
