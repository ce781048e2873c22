import { randomUUID } from 'node:crypto';
import { silentMeter, type BusMessage, type InvalidationBus, type Meter, type RevocationEvent } from '@sallyport/core';

/** Where a feed is written to: a response of `node:http`. */
export interface FeedSink {
  /** How much was written and not taken yet, in bytes. */
  readonly writableLength: number;
  write(text: string): unknown;
  end(): unknown;
  /** Cuts the connection. */
  destroy(): unknown;
}

/** What loses authority, told to services as it happens. */
export interface RevocationFeed {
  /**
   * Begins to tell a service: first what was said since its last event, or else everything that tokens of today could
   * still depend on.
   *
   * @returns a function that ends it, or `undefined` when there are too many already.
   */
  subscribe(sink: FeedSink, lastEventId: string | undefined): (() => void) | undefined;
  /** Ends every subscription, and takes no more. */
  close(): void;
}

export interface RevocationFeedParts {
  readonly bus: InvalidationBus;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly maximumSubscribers: number;
  readonly meter?: Meter;
  /** How often every subscriber is shown that the feed lives. @default 2000 */
  readonly heartbeatMilliseconds?: number;
  /** For how long an event is said to newcomers: the longest life of a token, with every tolerance. @default 360 */
  readonly rememberSeconds?: number;
  /** @default 10000 */
  readonly maximumEvents?: number;
  /** Bytes that may wait for a slow subscriber before its connection is cut. @default 262144 */
  readonly maximumBacklog?: number;
}

interface SaidEvent {
  readonly position: number;
  readonly at: number;
  readonly text: string;
}

/**
 * Builds the feed of one gateway.
 *
 * An event says what lost authority, and neither why nor which user. Its id is its place in the feed of this process,
 * so that a service that comes back hears what it missed, and one that comes from another gateway hears everything. After
 * that, and after every gap, `covered` says since when nothing is missing.
 */
export function createRevocationFeed(parts: RevocationFeedParts): RevocationFeed {
  const { bus, clock, maximumSubscribers, meter = silentMeter, heartbeatMilliseconds = 2000 } = parts;
  const { rememberSeconds = 360, maximumEvents = 10_000, maximumBacklog = 262_144 } = parts;
  const boot = randomUUID();
  const sinks = new Set<FeedSink>();
  let said: SaidEvent[] = [];
  let position = 0;
  /** Events after this one are all in `said`. */
  let forgotten = 0;
  let coveredSince = clock();
  let isClosed = false;

  const send = (sink: FeedSink, text: string): void => {
    if (sink.writableLength > maximumBacklog) {
      sinks.delete(sink);
      sink.destroy();
      return;
    }
    sink.write(text);
  };
  const syncAll = (text: string): void => {
    for (const sink of sinks) send(sink, text);
  };
  const covered = (): string => `event: covered\ndata: {"since":"${new Date(coveredSince).toISOString()}"}\n\n`;

  const forget = (count: number): void => {
    forgotten = said[count - 1]?.position ?? forgotten;
    said = said.slice(count);
  };
  const forgetOld = (): void => {
    const oldest = clock() - rememberSeconds * 1000;
    let count = 0;
    while ((said[count]?.at ?? Number.POSITIVE_INFINITY) < oldest) count += 1;
    if (count > 0) forget(count);
    if (said.length <= maximumEvents) return;
    // Tokens from before what is dropped now could depend on it.
    const surplus = said.length - Math.floor(maximumEvents * 0.9);
    coveredSince = Math.max(coveredSince, said[surplus - 1]?.at ?? coveredSince);
    forget(surplus);
  };

  const listen = (message: BusMessage): void => {
    if (message.kind === 'gap') {
      coveredSince = clock();
      syncAll(`event: gap\ndata: {}\n\n${covered()}`);
      return;
    }
    position += 1;
    const text = `id: ${boot}.${position}\nevent: revocation\ndata: ${toData(message.event)}\n\n`;
    said.push({ position, at: clock(), text });
    forgetOld();
    syncAll(text);
  };
  const unsubscribe = bus.subscribe(listen);

  const timer = setInterval(() => {
    forgetOld();
    // What is said elsewhere is not heard now, however alive this connection is.
    if (!bus.isConnected()) listen({ kind: 'gap' });
    else syncAll(': alive\n\n');
  }, heartbeatMilliseconds);
  timer.unref();

  meter.gauge(
    { name: 'sallyport_revocation_subscribers', help: 'Services that listen to revocations' },
    () => sinks.size,
  );

  const missedSince = (lastEventId: string | undefined): readonly SaidEvent[] => {
    const [, ofBoot, digits = ''] = /^([\w-]{36})\.(\d{1,15})$/.exec(lastEventId ?? '') ?? [];
    const last = Number(digits);
    if (ofBoot !== boot || last < forgotten || last > position) return said;
    return said.filter((event) => event.position > last);
  };

  return {
    subscribe: (sink, lastEventId) => {
      if (isClosed || sinks.size >= maximumSubscribers) return undefined;
      forgetOld();
      sinks.add(sink);
      const replay = missedSince(lastEventId).map(({ text }) => text);
      sink.write(`retry: 1000\n\n${replay.join('')}${covered()}`);
      return () => {
        sinks.delete(sink);
      };
    },
    close: () => {
      isClosed = true;
      clearInterval(timer);
      unsubscribe();
      for (const sink of sinks) sink.end();
      sinks.clear();
    },
  };
}

function toData({ seq, kind, id, minGeneration, at }: RevocationEvent): string {
  return JSON.stringify({ seq, kind, id, minGeneration, at });
}
