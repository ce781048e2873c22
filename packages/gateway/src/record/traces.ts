import { createLeastRecentlyUsed, type InternalTokenClaims } from '@sallyport/core';

/** One request as it went through the stages. Holds claims, never a token; a path, never a query. */
export interface GatewayTrace {
  readonly requestId: string;
  readonly at: Date;
  readonly method: string;
  readonly route: string;
  readonly path: string;
  /** Whether a browser asked in advance, for a page that is not open yet. */
  readonly isPrefetch: boolean;
  readonly status: number;
  readonly stages: readonly { readonly name: string; readonly microseconds: number }[];
  readonly sessionCache: 'hit' | 'miss';
  readonly tokenCache: 'hit' | 'miss' | 'none';
  /** Signatures that this request had to wait for. */
  readonly signatures: number;
  /** What the upstream was told of the caller; absent when it was told nothing. */
  readonly claims?: InternalTokenClaims;
  readonly decision: 'forward' | 'mount' | 'redirect' | 'refuse' | 'preflight';
  readonly reason?: string;
  readonly upstreamMilliseconds?: number;
  readonly totalMilliseconds: number;
}

/** The last requests of each session, for the page "Behind the gateway" of the demo. */
export interface GatewayTraces {
  record(sid: string, trace: GatewayTrace): void;
  /** The requests of a session, newest first. */
  list(sid: string): readonly GatewayTrace[];
}

export interface GatewayTracesOptions {
  /** @default 50 */
  readonly perSession?: number;
  /** @default 200 */
  readonly sessions?: number;
}

/** Keeps the last requests of a bounded number of sessions in memory; the session unused for longest makes room. */
export function createGatewayTraces(options: GatewayTracesOptions = {}): GatewayTraces {
  const { perSession = 50, sessions = 200 } = options;
  const bySession = createLeastRecentlyUsed<GatewayTrace[]>(sessions);
  return {
    record: (sid, trace) => {
      const traces = bySession.get(sid) ?? [];
      bySession.set(sid, traces);
      traces.push(trace);
      if (traces.length > perSession) traces.shift();
    },
    list: (sid) => [...(bySession.get(sid) ?? [])].reverse(),
  };
}
