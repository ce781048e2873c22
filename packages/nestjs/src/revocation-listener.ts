import {
  createRevocationMemory,
  exponentialBackoff,
  internalRevocationsPath,
  parseRevocationNotice,
  SallyportError,
  withJitter,
  type Logger,
  type Principal,
  type RevocationNotice,
} from '@sallyport/core';
import { createParser, type EventSourceMessage } from 'eventsource-parser';

/** Hears from the gateway what loses authority, so that a token that was handed out dies before it expires. */
export interface RevocationListener {
  start(): void;
  stop(): void;
  /** Why a token is refused that would hold otherwise. */
  readonly objectTo: (principal: Principal, issuedAt: number) => SallyportError | undefined;
  /** Calls back after each revocation that is heard, until what it returns is called. */
  onHeard(callback: (kind: RevocationNotice['kind']) => void): () => void;
  /** Whether the gateway is heard now. */
  readonly isHearing: boolean;
}

export interface RevocationListenerParts {
  /** Address of the internal listener's stream. */
  readonly url: string;
  readonly onGap: 'accept' | 'refuse';
  readonly logger: Logger;
  /** Called when a signing key was withdrawn: nothing that it signed may be believed. */
  readonly onKeyWithdrawn: (kid: string) => void;
  /** How long a message may wait: its token is older than any other, and its revocation is remembered for longer. @default 0 */
  readonly maxWaitSeconds?: number;
  readonly now?: () => Date;
}

/** The gateway says something every two seconds. */
const silenceMilliseconds = 6000;
const connectMilliseconds = 3000;
const backoff = { firstMilliseconds: 200, maxMilliseconds: 5000 };
/** After this many attempts, three seconds after the start, the operator should know that nothing arrives. */
const loggedFailures = 4;

/** How long nothing may be heard before tokens count as uncovered: a gateway may be restarted meanwhile. */
const graceMilliseconds = 10_000;

/** The longest life of a token, with every tolerance. */
const tokenSeconds = 360;

/** Far more than any event. */
const maximumEventLength = 65_536;

/**
 * Builds the listener. It connects in the background, for ever, with growing pauses that differ from service to service.
 *
 * What it cannot know is accepted (`onGap: 'accept'`), because such a token expires within the minute anyway, or answered
 * with 503 `SP_SERVICE_UNAVAILABLE` (`'refuse'`).
 */
export function createRevocationListener(parts: RevocationListenerParts): RevocationListener {
  const { url, onGap, logger, onKeyWithdrawn } = parts;
  const now = parts.now ?? (() => new Date());
  const memory = createRevocationMemory({
    now,
    rememberSeconds: Math.max(tokenSeconds, (parts.maxWaitSeconds ?? 0) + 60),
  });
  const stopping = new AbortController();
  const heard = new Set<(kind: RevocationNotice['kind']) => void>();
  let lastEventId: string | undefined;
  let isHearing = false;
  let silentSince = now().getTime();
  let failures = 0;

  const handleEvent = ({ event, id, data }: EventSourceMessage): void => {
    const value: unknown = JSON.parse(data);
    if (event === 'revocation') {
      const revocation = parseRevocationNotice(value);
      lastEventId = id ?? lastEventId;
      // A gateway of a later version may say what this one does not know.
      if (revocation === undefined)
        return logger.warn('a revocation cannot be read', { event: 'revocation-unreadable' });
      memory.add(revocation);
      if (revocation.kind === 'key' && revocation.minGeneration > 0) onKeyWithdrawn(revocation.id);
      for (const callback of heard) callback(revocation.kind);
    }
    if (event === 'gap')
      logger.warn('the gateway may have missed revocations', { event: 'revocations-missed', policy: onGap });
    if (event === 'covered') {
      memory.markSyncedSince(sinceOf(value));
      if (!isHearing) logger.info('revocations are heard', { event: 'revocations-connected' });
      isHearing = true;
      failures = 0;
    }
  };

  const listen = async (): Promise<void> => {
    const giveUp = new AbortController();
    let timer = setTimeout(() => giveUp.abort(), connectMilliseconds);
    try {
      const response = await fetch(url, {
        headers: {
          accept: 'text/event-stream',
          ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
        },
        redirect: 'error',
        signal: AbortSignal.any([stopping.signal, giveUp.signal]),
      });
      const type = response.headers.get('content-type') ?? '';
      if (!response.ok || response.body === null || !type.startsWith('text/event-stream')) {
        await response.body?.cancel();
        throw new Error(`the gateway answered ${response.status}`);
      }
      const parser = createParser({
        onEvent: handleEvent,
        maxBufferSize: maximumEventLength,
        onError: (error) => {
          if (error.type === 'max-buffer-size-exceeded') throw error;
        },
      });
      const decoder = new TextDecoder();
      for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
        clearTimeout(timer);
        timer = setTimeout(() => giveUp.abort(), silenceMilliseconds);
        timer.unref();
        parser.feed(decoder.decode(chunk, { stream: true }));
      }
    } finally {
      clearTimeout(timer);
    }
  };

  const follow = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const error = await listen().then(
        () => undefined,
        (reason: unknown) => reason,
      );
      if (stopping.signal.aborted) return;
      // A service may be up before its gateway: a start that is not heard at once is no news yet.
      if (isHearing || failures === loggedFailures)
        logger.warn('revocations are not heard', {
          event: 'revocations-disconnected',
          policy: onGap,
          error: error instanceof Error ? error.name : 'ended',
        });
      if (isHearing) silentSince = now().getTime();
      isHearing = false;
      // All services lose a gateway at the same moment: they must not come back at the same one.
      await sleep(withJitter(exponentialBackoff(failures, backoff)), stopping.signal);
      failures += 1;
    }
  };

  const isSynced = (issuedAt: number): boolean =>
    (isHearing || now().getTime() - silentSince < graceMilliseconds) && memory.isSynced(issuedAt);

  return {
    start: () => void follow(),
    stop: () => stopping.abort(),
    objectTo: (principal, issuedAt) => {
      if (memory.isRevoked(principal, issuedAt))
        return new SallyportError('SP_UNAUTHENTICATED', { reason: 'token-revoked' });
      if (onGap === 'accept' || isSynced(issuedAt)) return undefined;
      return new SallyportError('SP_SERVICE_UNAVAILABLE', { reason: 'revocations-not-heard' });
    },
    onHeard: (callback) => {
      heard.add(callback);
      return () => void heard.delete(callback);
    },
    get isHearing() {
      return isHearing;
    },
  };
}

/** The address of the stream beside the keys of a gateway. */
export function revocationsUrlBeside(keysUrl: string): string {
  return new URL(internalRevocationsPath, keysUrl).href;
}

function sinceOf(value: unknown): Date {
  const text = typeof value === 'object' && value !== null && 'since' in value ? value.since : undefined;
  const since = new Date(typeof text === 'string' ? text : Number.NaN);
  if (Number.isNaN(since.getTime())) throw new TypeError('the beginning of what is covered cannot be read');
  return since;
}

function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    timer.unref();
    signal.addEventListener('abort', done);
  });
}
