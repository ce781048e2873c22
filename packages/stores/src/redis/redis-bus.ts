import { randomUUID } from 'node:crypto';
import {
  revocationKinds,
  SallyportError,
  silentLogger,
  withTimeout,
  type InvalidationBus,
  type Logger,
  type RevocationEvent,
  type Sealer,
} from '@sallyport/core';
import { createBusListeners } from '../bus-listeners.ts';
import type { Redis } from './open-redis.ts';
import { defineScript } from './redis-script.ts';

export interface RedisBusOptions {
  readonly redis: Redis;
  /** For the purpose `invalidation-bus`: who can publish on Redis can neither make an event nor read one. */
  readonly sealer: Sealer;
  readonly logger?: Logger;
  /** How often it is checked that everything arrived. @default 1000 */
  readonly heartbeatMilliseconds?: number;
}

/** The bus of a deployment with several gateway processes. */
export interface RedisBus extends InvalidationBus {
  /** Tells the listeners of this process that nothing they cached may be believed. */
  announceGap(): void;
  close(): void;
}

type Unnumbered = Omit<RevocationEvent, 'seq'>;

/** What crosses Redis: an event, or a notice that some were lost before they got there. */
type Body = ({ readonly kind: 'revocation'; readonly event: Unnumbered } | { readonly kind: 'gap' }) & {
  /** By which its publisher recognises it. */
  readonly mark?: string;
};

/** Numbers a message and sends it in one step, so that the order of the numbers is the order of the messages. */
const publishScript = defineScript(`
local seq = redis.call('INCR', KEYS[1])
redis.call('PUBLISH', ARGV[1], string.format('%d', seq) .. ' ' .. ARGV[2])
return seq
`);

const sealContext = 'revocation';

/** How many heartbeats may be missing before no cache may be used. */
const leaseHeartbeats = 2;

/** How long a process waits for the echo of what it published itself. */
const ownEchoMilliseconds = 500;

/** How long a message may be on its way between the nodes of a Cluster. */
const settlingMilliseconds = 250;

/**
 * Builds the bus on Redis.
 *
 * Messages are numbered by Redis. A number that is missing, a connection that was lost, and a Redis that counts anew after
 * it was emptied are gaps; every heartbeat compares what arrived with what was sent, so that a half-open connection is
 * noticed within two heartbeats. `isConnected` is a lease that heartbeats prolong: a process that slept does not believe
 * what it remembers when it wakes up.
 *
 * `publish` resolves when Redis has accepted the event and every listener of this process has it. It rejects with
 * `SP_STORE_UNAVAILABLE` when Redis has not, or when that is not known; the listeners of this process have it all the
 * same, and all processes get a gap as soon as Redis is back.
 */
export function createRedisBus(options: RedisBusOptions): RedisBus {
  const { redis, sealer, logger = silentLogger, heartbeatMilliseconds = 1000 } = options;
  const leaseMilliseconds = heartbeatMilliseconds * (leaseHeartbeats + 0.5);
  const listeners = createBusListeners(logger);
  const seqKey = `${redis.prefix}b:seq`;
  const channel = `${redis.prefix}b:events`;
  const echoes = new Map<string, (followers: readonly Promise<void>[]) => void>();
  /** What listeners publish while they handle a message: the publisher of that message waits for it as well. */
  let followers: Promise<void>[] | undefined;
  /** The number up to which everything arrived; `undefined` until the first after a connection was opened. */
  let lastSeq: number | undefined;
  let isListening = false;
  let isOwingGap = false;
  let isClosed = false;
  let leaseUntil = Number.NEGATIVE_INFINITY;

  const gap = (): void => listeners.deliver({ kind: 'gap' });

  const receive = (message: string): void => {
    const parsed = readMessage(message, sealer);
    if (parsed === undefined) return;
    const { seq, body } = parsed;
    // A number that is missing, or a Redis that counts anew, or a message that only a newer process can read.
    const isGap = (lastSeq !== undefined && seq !== lastSeq + 1) || body === undefined || body.kind === 'gap';
    lastSeq = seq;
    const published: Promise<void>[] = [];
    followers = published;
    if (isGap) gap();
    if (body?.kind === 'revocation')
      listeners.deliver({ kind: 'revocation', event: Object.freeze({ ...body.event, seq }) });
    followers = undefined;
    if (body?.mark !== undefined) echoes.get(body.mark)?.(published);
  };

  const subscription = redis.listen(channel, {
    onMessage: receive,
    onOpen: () => {
      lastSeq = undefined;
      isListening = true;
      void beat();
    },
    onLost: () => {
      isListening = false;
      leaseUntil = Number.NEGATIVE_INFINITY;
      gap();
    },
  });

  const readSeq = async (): Promise<number> => Number((await redis.command(seqKey, ['GET', seqKey])) ?? 0);

  /** Resolves once everything that was sent before has arrived, or was announced as a gap. */
  const catchUp = async (): Promise<void> => {
    const sent = await readSeq();
    await subscription.sync();
    if (lastSeq === undefined) {
      lastSeq = sent;
      return;
    }
    if (lastSeq < sent) await new Promise((resolve) => setTimeout(resolve, settlingMilliseconds));
    const before = lastSeq;
    // More may have been sent and have arrived since: a smaller number is asked for again before it means a new count.
    const isMissed = before < sent || (before > sent && (await readSeq()) < before);
    if (!isMissed || before !== lastSeq) return;
    gap();
    lastSeq = sent;
  };

  const announceOwedGap = async (): Promise<void> => {
    if (!isOwingGap) return;
    isOwingGap = false;
    await send({ kind: 'gap' }).catch(() => {
      isOwingGap = true;
    });
  };

  let isBeating = false;
  const beat = async (): Promise<void> => {
    if (isBeating || isClosed || !isListening) return;
    isBeating = true;
    const startedAt = performance.now();
    const wasConnected = isConnected();
    try {
      await catchUp();
      await announceOwedGap();
      if (!isListening || isOwingGap) return;
      // What was cached between the loss and now must be dropped.
      if (!wasConnected) gap();
      leaseUntil = startedAt + leaseMilliseconds;
    } catch {
      leaseUntil = Number.NEGATIVE_INFINITY;
      if (wasConnected) gap();
    } finally {
      isBeating = false;
    }
  };
  const timer = setInterval(() => void beat(), heartbeatMilliseconds);
  timer.unref();

  const isConnected = (): boolean => isListening && performance.now() < leaseUntil;

  const send = async (body: Body): Promise<number> => {
    const seq = await redis.script(publishScript, seqKey, [channel, sealer.seal(JSON.stringify(body), sealContext)]);
    if (typeof seq !== 'number') throw new SallyportError('SP_STORE_UNAVAILABLE', { reason: 'redis-failed' });
    return seq;
  };

  const publish = async (event: Unnumbered): Promise<void> => {
    const mark = randomUUID();
    const echo = Promise.withResolvers<readonly Promise<void>[]>();
    echoes.set(mark, echo.resolve);
    try {
      const seq = await send({ kind: 'revocation', event, mark });
      const published = isListening ? await withTimeout(echo.promise, ownEchoMilliseconds, () => undefined) : undefined;
      if (published !== undefined) return void (await Promise.allSettled(published));
      // Redis has it, and it does not come back to this process: it is delivered here directly.
      listeners.deliver({ kind: 'revocation', event: Object.freeze({ ...event, seq }) });
    } catch (error) {
      isOwingGap = true;
      leaseUntil = Number.NEGATIVE_INFINITY;
      listeners.deliver({ kind: 'revocation', event: Object.freeze({ ...event, seq: 0 }) });
      throw error;
    } finally {
      echoes.delete(mark);
    }
  };

  return {
    publish: (event) => {
      const published = publish(event);
      followers?.push(published);
      return published;
    },
    subscribe: (listener) => listeners.subscribe(listener),
    isConnected,
    outageSeconds: leaseMilliseconds / 1000,
    announceGap: gap,
    close: () => {
      isClosed = true;
      leaseUntil = Number.NEGATIVE_INFINITY;
      clearInterval(timer);
      subscription.close();
    },
  };
}

interface ReadMessage {
  readonly seq: number;
  /** `undefined` when it cannot be read. */
  readonly body: Body | undefined;
}

function readMessage(message: string, sealer: Sealer): ReadMessage | undefined {
  const [, seq, sealed] = /^([1-9]\d{0,15}) (\S+)$/.exec(message) ?? [];
  if (seq === undefined || sealed === undefined) return undefined;
  try {
    return { seq: Number(seq), body: toBody(JSON.parse(sealer.open(sealed, sealContext))) };
  } catch {
    return { seq: Number(seq), body: undefined };
  }
}

/** What was sealed was made by a process of ours, but perhaps by one of another version. */
function toBody(opened: unknown): Body | undefined {
  if (typeof opened !== 'object' || opened === null || !('kind' in opened)) return undefined;
  if (opened.kind === 'gap') return { kind: 'gap' };
  if (opened.kind !== 'revocation' || !('event' in opened)) return undefined;
  const event = opened.event as Readonly<Record<keyof Unnumbered, unknown>>; // Each field is checked below.
  const kind = revocationKinds.find((candidate) => candidate === event.kind);
  const { id, minGeneration, reason } = event;
  const at = new Date(typeof event.at === 'string' ? event.at : Number.NaN);
  if (kind === undefined || typeof id !== 'string' || typeof minGeneration !== 'number') return undefined;
  if (typeof reason !== 'string' || Number.isNaN(at.getTime())) return undefined;
  const mark = 'mark' in opened && typeof opened.mark === 'string' ? { mark: opened.mark } : {};
  return { kind: 'revocation', event: { kind, id, minGeneration, at, reason }, ...mark };
}
