import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

export interface LoadBalancerOptions {
  /** Port of 127.0.0.1 to listen on; 0 picks a free one. */
  readonly port: number;
  /** Ports of 127.0.0.1 that connections go to. */
  readonly targets: readonly number[];
}

/** A plain load balancer: it knows connections, and nothing of what is said on them. */
export interface LoadBalancer {
  readonly port: number;
  /** Sends new connections to these alone, and ends those to others. */
  routeTo(targets: readonly number[]): void;
  close(): Promise<void>;
}

/** Hands connections to the targets in turn. One that refuses is passed over; a connection that breaks breaks for its client. */
export async function startLoadBalancer(options: LoadBalancerOptions): Promise<LoadBalancer> {
  let { targets } = options;
  let turn = 0;
  const routes = new Map<Socket, number>();

  // Paused: what the client sends waits until a gateway is connected. Half-open: each side ends when it likes.
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (client) => {
    client.on('error', () => client.destroy());
    const candidates = targets.map((_, index) => targets[(turn + index) % targets.length] ?? 0);
    turn += 1;
    void connectToFirst(candidates).then((backend) => {
      if (backend === undefined || client.destroyed) {
        backend?.socket.destroy();
        client.resetAndDestroy();
        return;
      }
      join(client, backend.socket);
      routes.set(client, backend.port);
      client.once('close', () => routes.delete(client));
    });
  });
  server.listen(options.port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();

  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    routeTo(next) {
      targets = next;
      for (const [client, port] of routes) if (!next.includes(port)) client.destroy();
    },
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const client of routes.keys()) client.destroy();
      await closed;
    },
  };
}

interface Backend {
  readonly port: number;
  readonly socket: Socket;
}

async function connectToFirst(ports: readonly number[]): Promise<Backend | undefined> {
  for (const port of ports) {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    const isConnected = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    if (isConnected) return { port, socket };
    socket.destroy();
  }
  return undefined;
}

function join(client: Socket, backend: Socket): void {
  for (const [one, other] of [
    [client, backend],
    [backend, client],
  ] as const) {
    one.setNoDelay(true);
    one.on('error', () => other.destroy());
    one.on('close', () => other.destroy());
    one.pipe(other);
  }
}
