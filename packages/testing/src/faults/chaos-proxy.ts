import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** What the way to a server does. */
export type ChaosBehaviour =
  | { readonly kind: 'pass' }
  /** No server listens, and what was connected is reset. */
  | { readonly kind: 'refuse' }
  /** Connections are accepted and stay open, and not a byte gets through in either direction. */
  | { readonly kind: 'blackhole' }
  /** Every piece is late, in each direction. */
  | { readonly kind: 'latency'; readonly milliseconds: number }
  /** The connection is reset after this many bytes of answers. */
  | { readonly kind: 'cut'; readonly afterBytes: number };

export interface ChaosProxyOptions {
  readonly targetPort: number;
  /** @default '127.0.0.1' */
  readonly targetHost?: string;
}

/** A way to a server on which things go wrong when a test says so. */
export interface ChaosProxy {
  readonly port: number;
  /** How many connections are open now. */
  readonly connections: number;
  /** Applies to open connections as well, except that a cut is counted anew. */
  behave(behaviour: ChaosBehaviour): Promise<void>;
  /** Resets every open connection, once. */
  reset(): void;
  close(): Promise<void>;
}

interface Pair {
  readonly client: Socket;
  readonly target: Socket;
}

/** Starts a proxy on loopback that passes everything on by default. */
export async function startChaosProxy(options: ChaosProxyOptions): Promise<ChaosProxy> {
  const { targetPort, targetHost = '127.0.0.1' } = options;
  const pairs = new Set<Pair>();
  let behaviour: ChaosBehaviour = { kind: 'pass' };
  let answered = 0;

  const carry = (from: Socket, to: Socket, isAnswer: boolean): void => {
    from.on('data', (chunk: Buffer) => {
      if (behaviour.kind === 'blackhole') return;
      if (behaviour.kind === 'latency') {
        setTimeout(() => to.writable && to.write(chunk), behaviour.milliseconds);
        return;
      }
      if (behaviour.kind === 'cut' && isAnswer) return cut(chunk, behaviour.afterBytes, from, to);
      to.write(chunk);
    });
    from.on('error', () => to.destroy());
    from.on('close', () => to.destroy());
  };
  const cut = (chunk: Buffer, afterBytes: number, from: Socket, to: Socket): void => {
    const left = Math.max(0, afterBytes - answered);
    answered += chunk.length;
    if (chunk.length <= left) return void to.write(chunk);
    to.write(chunk.subarray(0, left), () => {
      to.resetAndDestroy();
      from.destroy();
    });
  };

  const accept = (client: Socket): void => {
    const target = connect(targetPort, targetHost);
    const pair: Pair = { client, target };
    pairs.add(pair);
    client.on('close', () => pairs.delete(pair));
    carry(client, target, false);
    carry(target, client, true);
  };
  const reset = (): void => {
    for (const { client, target } of pairs) {
      client.resetAndDestroy();
      target.destroy();
    }
  };

  let server: Server = await listen(0, accept);
  const port = portOf(server);

  return {
    port,
    get connections() {
      return pairs.size;
    },
    behave: async (next) => {
      const wasClosed = behaviour.kind === 'refuse';
      behaviour = next;
      answered = 0;
      if (next.kind === 'refuse') {
        if (wasClosed) return;
        const closed = once(server, 'close');
        server.close();
        reset();
        await closed;
        return;
      }
      if (wasClosed) server = await listen(port, accept);
    },
    reset,
    close: async () => {
      const closed = server.listening ? once(server, 'close') : undefined;
      server.close();
      reset();
      await closed;
    },
  };
}

async function listen(port: number, accept: (socket: Socket) => void): Promise<Server> {
  const server = createServer(accept);
  await once(server.listen(port, '127.0.0.1'), 'listening');
  return server;
}

function portOf(server: Server): number {
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new TypeError('the proxy has no port');
  return address.port;
}
