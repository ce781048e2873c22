import { createServer, connect, type Socket } from 'node:net';
import { env } from 'node:process';

export type ServerKind = 'postgres' | 'mongodb';

/** Address of the server for tests; an empty text when there is none. */
export function testServerUrl(kind: ServerKind): string {
  return (kind === 'postgres' ? env['TEST_POSTGRES_URL'] : env['TEST_MONGODB_URL']) ?? '';
}

/** The title of a group of tests, with the store that they run on, and why they do not when they do not. */
export function titleOn(title: string, kind: ServerKind): string {
  const reason = testServerUrl(kind) === '' ? ` (no server: TEST_${kind.toUpperCase()}_URL is not set)` : '';
  return `${title} [${kind}]${reason}`;
}

/** A wire to a server that a test cuts or holds. */
export interface Wire {
  readonly port: number;
  /** Bytes no longer pass, and connections stay open, as with a server that stands still. */
  hold(): void;
  /** Bytes pass again. */
  resume(): void;
  /** Ends every connection and refuses new ones. */
  cut(): Promise<void>;
}

/** Lays a wire to the server of an address. */
export async function layWire(url: string): Promise<Wire> {
  const { hostname, port } = new URL(url);
  const sockets = new Set<Socket>();
  let isHeld = false;
  const server = createServer((near) => {
    const far = connect(Number(port), hostname);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('data', (bytes) => to.write(bytes));
      from.on('error', () => to.destroy());
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
      if (isHeld) from.pause();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    hold: () => {
      isHeld = true;
      for (const socket of sockets) socket.pause();
    },
    resume: () => {
      isHeld = false;
      for (const socket of sockets) socket.resume();
    },
    cut: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** The same address through a wire. */
export function throughWire(url: string, { port }: Wire, database: string): string {
  const address = new URL(url);
  address.host = `127.0.0.1:${port}`;
  address.pathname = `/${database}`;
  return address.href;
}
