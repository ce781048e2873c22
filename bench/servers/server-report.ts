import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readSettings, reportReady } from '../child-side.ts';

/** What a server under test is told. */
export interface ServerSettings {
  readonly upstreamPort: number;
  /** Whether each request is written to the access log. */
  readonly accessLog?: boolean;
  /** Whether what Prometheus would read is counted. */
  readonly metrics?: boolean;
  /** Whether a proxy on loopback says for whom it asks. */
  readonly isBehindProxy?: boolean;
}

/** What a server says when it listens. */
export interface ServerReady {
  readonly port: number;
  /** The cookie of a session that this server knows. */
  readonly cookie: string;
  /** How the server was set up, where the name does not say it. */
  readonly note?: string;
}

/** What a server has used since it was started. */
export interface ServerUsage {
  readonly cpuMicroseconds: number;
  readonly residentBytes: number;
  /** Whatever this server counts, such as store reads and signatures. */
  readonly counters: Readonly<Record<string, number>>;
}

export interface ServerDescription extends Partial<Omit<ServerReady, 'port'>> {
  readonly port: number;
  readonly counters?: () => Readonly<Record<string, number>>;
}

/** A cookie header of the usual length, for servers that do not look at it. */
const someCookie = `sallyport=${'a'.repeat(43)}`;

/** The settings of this server. */
export function readServerSettings(): ServerSettings {
  return readSettings<ServerSettings>();
}

/** Listens on a free port of the loopback interface, and resolves to it. */
export async function listenOnLoopback(server: Server): Promise<number> {
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** Says that the server is ready, and answers the benchmark's questions for CPU time. */
export function reportServer(description: ServerDescription): void {
  const { counters = () => ({}), cookie = someCookie, ...rest } = description;
  const ready: ServerReady = { ...rest, cookie };
  reportReady(ready, (): ServerUsage => {
    const { user, system } = process.cpuUsage();
    return { cpuMicroseconds: user + system, residentBytes: process.memoryUsage.rss(), counters: counters() };
  });
}
