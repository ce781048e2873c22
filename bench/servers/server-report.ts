import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { readSettings, reportReady } from '../child-side.ts';

/** Who may ask a Nest service, and what decides. */
export type NestAccess = 'open' | 'pass' | 'guard' | 'passport';

/** What a server under test is told. */
export interface ServerSettings {
  readonly upstreamPort: number;
  /** Whether each request is written to the access log. */
  readonly accessLog?: boolean;
  /** Whether what Prometheus would read is counted. */
  readonly metrics?: boolean;
  /** Whether a proxy on loopback forwards the address of the client. */
  readonly isBehindProxy?: boolean;
  /** Whether requests come with an opaque access token instead of a session. */
  readonly presentsOpaqueToken?: boolean;
  /** Whether requests come with an API key instead of a session. */
  readonly presentsApiKey?: boolean;
  /** Whether they come with an access token of `/auth/token` instead. */
  readonly presentsAccessToken?: boolean;
  /** How many sessions the store holds, and how many of them are used; one when it is not said. */
  readonly sessions?: { readonly stored: number; readonly hot: number };
  readonly nestAccess?: NestAccess;
  /** Whether Node may spare requests without a body their life as a stream, as the gateway does; not its default. */
  readonly skipsEmptyBodies?: boolean;
  /** Which service nginx asks about each request. @default 'lean' */
  readonly verifier?: 'lean' | 'remembering' | 'better-auth';
  /** Whether it is noted how late the event loop is. It wakes the process every millisecond, so that only who asks pays. */
  readonly watchesEventLoop?: boolean;
}

/** What a server says when it listens. */
export interface ServerReady {
  readonly port: number;
  /** The cookie of a session that this server knows. */
  readonly cookie: string;
  /** What is sent instead of a cookie. */
  readonly authorization?: string;
  /** More of them, where requests are to be of many sessions. */
  readonly cookies?: readonly string[];
  /** How the server was set up, where the name does not say it. */
  readonly note?: string;
}

/** What a server has used since it was started. */
export interface ServerUsage {
  readonly cpuMicroseconds: number;
  readonly residentBytes: number;
  /** Whatever this server counts, such as store reads and signatures. */
  readonly counters: Readonly<Record<string, number>>;
  /** 99th percentile of how late the event loop was since it was asked before, in milliseconds; if it is watched. */
  readonly loopDelayP99?: number;
}

export interface ServerDescription extends Partial<Omit<ServerReady, 'port'>> {
  readonly port: number;
  readonly counters?: () => Readonly<Record<string, number>>;
}

/** A cookie header of the usual length, for servers that do not look at it. */
const someCookie = `sallyport-3000=${'a'.repeat(43)}`;

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
  const loopDelay = readServerSettings().watchesEventLoop === true ? watchEventLoop() : undefined;
  reportReady(ready, (): ServerUsage => {
    const { user, system } = process.cpuUsage();
    return {
      cpuMicroseconds: user + system,
      residentBytes: process.memoryUsage.rss(),
      counters: counters(),
      ...(loopDelay === undefined ? {} : { loopDelayP99: loopDelay() }),
    };
  });
}

function watchEventLoop(): () => number {
  const resolution = 1;
  const histogram = monitorEventLoopDelay({ resolution });
  histogram.enable();
  return () => {
    const p99 = histogram.percentile(99) / 1e6 - resolution;
    histogram.reset();
    return p99;
  };
}
