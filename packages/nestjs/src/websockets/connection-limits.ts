import { SallyportError, type Caller } from '@sallyport/core';
import type { SocketSettings } from './socket-options.ts';

/** Counts open connections: in all, of each caller, and of the anonymous callers together. */
export interface ConnectionLimits {
  /**
   * Takes a place for a connection, before anything is opened.
   *
   * @returns what gives the place back; the second time it does nothing.
   * @throws `SP_TOO_MANY_STREAMS` beyond the limit of a caller, `SP_SERVICE_UNAVAILABLE` beyond that of the process.
   */
  take(caller: Caller): () => void;
}

type Limits = Pick<SocketSettings, 'maxConnections' | 'maxConnectionsPerCaller' | 'maxAnonymousConnections'>;

const retryAfterSeconds = 5;

/** Builds the count. */
export function createConnectionLimits(limits: Limits): ConnectionLimits {
  const { maxConnections, maxConnectionsPerCaller, maxAnonymousConnections } = limits;
  const openOf = new Map<string, number>();
  let open = 0;
  return {
    take: (caller) => {
      if (open >= maxConnections)
        throw new SallyportError('SP_SERVICE_UNAVAILABLE', { reason: 'connections-full', retryAfterSeconds });
      const key = caller.kind === 'anonymous' ? 'anonymous' : `${caller.kind} ${caller.id}`;
      const own = openOf.get(key) ?? 0;
      const most = caller.kind === 'anonymous' ? maxAnonymousConnections : maxConnectionsPerCaller;
      if (own >= most)
        throw new SallyportError('SP_TOO_MANY_STREAMS', { reason: 'connections-of-caller', retryAfterSeconds });
      open += 1;
      openOf.set(key, own + 1);
      let isTaken = true;
      return () => {
        if (!isTaken) return;
        isTaken = false;
        open -= 1;
        const left = (openOf.get(key) ?? 1) - 1;
        if (left === 0) openOf.delete(key);
        else openOf.set(key, left);
      };
    },
  };
}
