import { networkOf, type ErrorCode, type Logger, type SecurityEventLog } from '@sallyport/core';
import type { RequestRecord } from '@sallyport/gateway';
import type { KernelEvent } from '@sallyport/identity';

/** Writes the refusals of the gateway that matter as security events. */
export interface RefusalEvents {
  /** Takes a refusal and returns at once. */
  note(record: RequestRecord, clientAddress: string): void;
  /** Writes what was counted, and stops. */
  close(): Promise<void>;
}

export interface RefusalEventsOptions {
  readonly events: SecurityEventLog<KernelEvent>;
  readonly logger: Logger;
  readonly now?: () => Date;
  /** How long repetitions are counted before they are written as one. @default 60 seconds */
  readonly windowMilliseconds?: number;
  /** Refusals of different kinds that are told apart within that time; the rest is counted together. @default 100 */
  readonly maxKinds?: number;
}

/** What clients tried to do that they may not, or did too often. Signed-out visitors and expired sessions are neither. */
const codesThatMatter: ReadonlySet<string> = new Set<ErrorCode>([
  'SP_FORBIDDEN',
  'SP_CROSS_SITE_REQUEST',
  'SP_TOO_MANY_REQUESTS',
  'SP_TOO_MANY_STREAMS',
  'SP_TOKEN_INVALID',
  'SP_CREDENTIALS_CONFLICT',
  'SP_WEBHOOK_UNVERIFIED',
  'SP_WEBHOOK_REPLAYED',
]);

/** At the listener for machines no visitor is signed out: a certificate that does not count is an attempt. */
function matters({ listener, code }: RequestRecord): boolean {
  if (code === undefined) return false;
  return codesThatMatter.has(code) || (listener === 'machine' && code === 'SP_UNAUTHENTICATED');
}

interface Counted {
  readonly record: RequestRecord;
  readonly address: string;
  repetitions: number;
}

/**
 * Builds the writer. The first refusal of a kind (code, reason, route, and who: the account, or the network of a visitor)
 * is written at once, and its repetitions as one event with their number when the window is over: a flood of refusals
 * becomes a bounded number of rows, and the log says how large it was. Nothing waits for it, and what cannot be written is
 * logged and lost.
 */
export function createRefusalEvents(options: RefusalEventsOptions): RefusalEvents {
  const { events, logger, now = () => new Date(), windowMilliseconds = 60_000, maxKinds = 100 } = options;
  let kinds = new Map<string, Counted>();
  let beyond: Counted | undefined;
  const writing = new Set<Promise<void>>();

  const write = (event: Extract<KernelEvent, { readonly type: 'access.refused' }>): void => {
    const written: Promise<void> = events
      .append(event)
      .catch((error: unknown) => {
        const name = error instanceof Error ? error.name : 'unknown';
        logger.warn('a refusal was not recorded', { event: 'refusal-not-recorded', error: name });
      })
      .finally(() => writing.delete(written));
    writing.add(written);
  };
  const writeCounted = ({ record, address }: Counted, count: number, isTold = true): void => {
    const { code = 'unknown', reason = 'unknown', route, subject, sid, requestId, actor: via } = record;
    write({
      type: 'access.refused',
      at: now(),
      outcome: 'refused',
      ...(isTold && subject !== undefined ? { actor: subject } : {}),
      ...(isTold && sid !== undefined ? { sid } : {}),
      requestId,
      address,
      details: isTold ? { code, reason, route, count, via } : { code: 'several', reason: 'beyond-the-bound', count },
    });
  };
  const flush = (): void => {
    const [ended, rest] = [kinds, beyond];
    kinds = new Map();
    beyond = undefined;
    for (const counted of ended.values()) if (counted.repetitions > 0) writeCounted(counted, counted.repetitions);
    if (rest !== undefined) writeCounted(rest, rest.repetitions, false);
  };
  const timer = setInterval(flush, windowMilliseconds);
  timer.unref();

  return {
    note(record, address) {
      const { code, reason, route, subject, actor } = record;
      if (!matters(record)) return;
      const key = [code, reason, route, subject ?? networkOf(address), actor].join('\n');
      const known = kinds.get(key);
      if (known !== undefined) known.repetitions += 1;
      else if (kinds.size < maxKinds) {
        const counted = { record, address, repetitions: 0 };
        kinds.set(key, counted);
        writeCounted(counted, 1);
      } else if (beyond === undefined) beyond = { record, address, repetitions: 1 };
      else beyond.repetitions += 1;
    },
    async close() {
      clearInterval(timer);
      flush();
      await Promise.all(writing);
    },
  };
}
