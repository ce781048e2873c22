import {
  SallyportError,
  silentLogger,
  silentMeter,
  type BusMessage,
  type InvalidationBus,
  type KeyAlgorithm,
  type KeyRingEntry,
  type KeyUse,
  type Logger,
  type Meter,
  type Records,
  type RotatingKeyRing,
  type Sealer,
} from '@sallyport/core';
import { withStoreErrors } from '../records/store-error.ts';
import {
  advanceKeys,
  readKeys,
  rotateKeys,
  withdrawKey,
  type KeyRotationParts,
  type Schedule,
} from './key-rotation.ts';
import { countSignatures } from './count-signatures.ts';
import { toKeyTimes, type KeyTimeOptions } from './key-times.ts';
import { openKeysInUse } from './open-stored-keys.ts';
import { signCompact, signInput, type SigningKey } from './signing-key.ts';

export interface KeyRingOptions extends KeyTimeOptions {
  readonly records: Records;
  /** The sealer of a purpose of its own, such as `key-ring`. */
  readonly sealer: Sealer;
  /** The uses for which a key is made when there is none. @default ['internal'] */
  readonly uses?: readonly KeyUse[];
  /** With what new keys sign. @default 'ES256' */
  readonly algorithm?: KeyAlgorithm;
  /** Where changes of keys are published, and where this process receives them. @default it is noticed within a poll */
  readonly bus?: InvalidationBus;
  readonly logger?: Logger;
  readonly meter?: Meter;
  readonly now?: () => Date;
  /** The clock of the database, by which all processes agree on what is due. @default `now` */
  readonly readClock?: () => Promise<Date>;
}

/** Everything that was made before is refused. */
const everyGeneration = Number.MAX_SAFE_INTEGER;

/** The ring as it was read. */
interface Snapshot {
  readonly keys: readonly SigningKey[];
  readonly current: ReadonlyMap<KeyUse, SigningKey>;
  /** When reading began, on a clock that never jumps and on one that goes on while the machine sleeps. */
  readonly confirmed: { readonly ticks: number; readonly at: number };
}

/**
 * Opens the signing keys of a database, and makes one for each use that has none.
 *
 * At most one key per use is current: a unique column sees to it, so that processes that start at once end up with the
 * same key. Only the current key signs; next, current and retiring keys verify. A public key is published only when its
 * private part opens under the root secret, so that a row that another program wrote adds no key.
 *
 * Once started, the ring looks at the database every few seconds and when the bus speaks of keys. A process that could
 * not look for longer than retired keys verify what it signs (it slept, or the database is away) stops signing.
 *
 * @returns the ring, or rejects with `SP_STORE_UNAVAILABLE`, or with an Error that says what to do when a key cannot be
 *   opened.
 * @throws OptionsError when the times do not go together.
 */
export async function openKeyRing(options: KeyRingOptions): Promise<RotatingKeyRing> {
  const { sealer, uses = ['internal'], algorithm = 'ES256', bus, logger = silentLogger, meter = silentMeter } = options;
  const now = options.now ?? (() => new Date());
  const readClock = options.readClock ?? (async () => now());
  const times = toKeyTimes(options);
  const parts: KeyRotationParts = { records: withStoreErrors(options.records), sealer, algorithm, times };
  const signatures = countSignatures(meter, uses);
  const withdrawn = new Set<string>();

  let snapshot: Snapshot = { keys: [], current: new Map(), confirmed: { ticks: 0, at: 0 } };
  /** How far the clock of the database is ahead of ours, in milliseconds. */
  let ahead = 0;
  let signatureCount = 0;
  let isStarted = false;
  let isClosed = false;
  let isFailing = false;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let isAskedAgain = false;

  // Asked for once: gateways of two configurations at the same time must not go back and forth.
  const settled = new Set<KeyUse>();
  let hasReplacedNext = false;
  const schedule: Schedule = {
    isAlgorithmAwaited: ({ use, alg }) => {
      if (alg === algorithm) settled.add(use);
      return !settled.has(use);
    },
    mayReplaceNext: () => {
      const may = !hasReplacedNext;
      hasReplacedNext = true;
      return may;
    },
  };

  const timeOfDatabase = async (): Promise<Date> => {
    const time = await readClock();
    ahead = time.getTime() - now().getTime();
    return time;
  };

  const announce = async (kid: string, minGeneration: number, reason: string): Promise<boolean> => {
    if (bus === undefined) return false;
    try {
      await bus.publish({ kind: 'key', id: kid, minGeneration, at: now(), reason });
      return true;
    } catch {
      return false;
    }
  };

  const load = async (): Promise<void> => {
    const confirmed = { ticks: performance.now(), at: now().getTime() };
    const at = await timeOfDatabase();
    let isPromoted = false;
    for (const use of uses)
      isPromoted = (await advanceKeys(parts, use, at, isStarted ? schedule : undefined)) || isPromoted;
    const rows = await readKeys(parts.records);
    const keys = openKeysInUse(rows, sealer, at);
    const current = new Map(keys.filter(isCurrent).map((key) => [key.entry.use, key]));
    const before = snapshot;
    snapshot = { keys: keys.filter(isNotWithdrawn), current, confirmed };
    for (const kid of missingFrom(rows, before, at)) {
      // Another process took it away, and its event did not arrive: what it signed is in the caches of this one.
      forget(kid);
      await announce(kid, everyGeneration, 'key-withdrawn');
    }
    for (const use of uses) {
      const kid = current.get(use)?.entry.kid;
      const previous = before.current.get(use)?.entry.kid;
      if (kid === undefined || previous === undefined || kid === previous) continue;
      logger.info('another key signs from now on', { event: 'signing-key-changed', use, kid, previous });
      if (isPromoted) await announce(kid, 0, 'key-rotated');
    }
  };
  const isNotWithdrawn = ({ entry }: SigningKey): boolean => !withdrawn.has(entry.kid);

  const refresh = async (): Promise<void> => {
    isAskedAgain = true;
    running ??= (async () => {
      while (isAskedAgain) {
        isAskedAgain = false;
        await load();
      }
    })().finally(() => (running = undefined));
    await running;
  };

  const follow = async (): Promise<void> => {
    try {
      await refresh();
      isFailing = false;
    } catch (error) {
      if (!isFailing)
        logger.error('the signing keys cannot be looked at', {
          event: 'signing-keys-unreadable',
          error: wordOf(error),
        });
      isFailing = true;
    }
  };

  const poll = (): void => {
    if (isClosed) return;
    timer = setTimeout(() => void follow().finally(poll), times.poll * 1000);
    timer.unref();
  };

  const listen = (message: BusMessage): void => {
    if (message.kind === 'revocation' && message.event.kind !== 'key') return;
    if (message.kind === 'revocation' && message.event.minGeneration > 0) forget(message.event.id);
    if (isStarted) void follow();
  };
  /** At once, before the ring is read again: what is signed in between would be worth nothing. */
  const forget = (kid: string): void => {
    withdrawn.add(kid);
    const keys = snapshot.keys.filter(isNotWithdrawn);
    const current = new Map(snapshot.current);
    for (const [use, { entry }] of snapshot.current) {
      if (entry.kid !== kid) continue;
      const next = keys.find((key) => key.entry.use === use && key.entry.state === 'next');
      if (next === undefined) current.delete(use);
      else current.set(use, next);
    }
    snapshot = { ...snapshot, keys, current };
  };

  const isUnconfirmed = ({ confirmed }: Snapshot): boolean => {
    if (!isStarted) return false;
    // The first does not go on while a machine sleeps, and the second may be set back.
    const elapsed = Math.max(performance.now() - confirmed.ticks, now().getTime() - confirmed.at);
    return elapsed > times.unconfirmed * 1000;
  };

  const currentKey = (use: KeyUse): SigningKey => {
    if (isUnconfirmed(snapshot)) {
      // It slept, or its clock was put right: it looks now, and not at the next turn.
      if (running === undefined) void follow();
      throw new SallyportError('SP_KEYS_UNAVAILABLE', { reason: 'key-ring-unconfirmed' });
    }
    const key = snapshot.current.get(use);
    if (key !== undefined) return key;
    if (!uses.includes(use)) throw new TypeError(`the key ring was opened without a key for "${use}"`);
    throw new SallyportError('SP_KEYS_UNAVAILABLE', { reason: 'key-withdrawn' });
  };
  const countSignature = (use: KeyUse): void => {
    signatureCount += 1;
    signatures.get(use)?.add();
  };

  await load();
  const unsubscribe = bus?.subscribe(listen);

  return {
    maxAgeSeconds: times.cache,
    sign: (use, type, claims) => {
      const key = currentKey(use);
      countSignature(use);
      return signCompact(key, type, claims);
    },
    signer: (use) => {
      const { kid, alg } = currentKey(use).entry;
      return {
        kid,
        alg,
        sign: (input) => {
          const key = currentKey(use);
          if (key.entry.kid !== kid) throw new SallyportError('SP_KEYS_UNAVAILABLE', { reason: 'key-rotated' });
          countSignature(use);
          return signInput(key, Buffer.from(input));
        },
      };
    },
    publicKeys: (use) => {
      const at = now().getTime() + ahead;
      const known = snapshot.keys.filter(
        ({ entry }) => entry.use === use && (entry.state !== 'retiring' || at < entry.verifyUntil.getTime()),
      );
      return { keys: known.map(({ publicJwk }) => ({ ...publicJwk })) };
    },
    get signatureCount() {
      return signatureCount;
    },
    start: async () => {
      isStarted = true;
      await follow();
      poll();
    },
    list: () => readKeys(parts.records),
    rotate: async (use, when) => {
      const isPromoted = await rotateKeys(parts, use, await timeOfDatabase(), when === 'now');
      await refresh();
      const kid = snapshot.current.get(use)?.entry.kid;
      if (kid !== undefined) await announce(kid, 0, isPromoted ? 'key-rotated' : 'key-rotation-due');
      return isPromoted;
    },
    withdraw: async (kid) => {
      const key = await withdrawKey(parts, kid, await timeOfDatabase());
      forget(kid);
      await refresh();
      return { key, isAnnounced: await announce(kid, everyGeneration, 'key-withdrawn') };
    },
    close: () => {
      isClosed = true;
      clearTimeout(timer);
      unsubscribe?.();
    },
  };
}

/** Those that signed, and are gone before their time. */
function missingFrom(rows: readonly KeyRingEntry[], before: Snapshot, at: Date): readonly string[] {
  const present = new Set(rows.map(({ kid }) => kid));
  return before.keys
    .filter(({ entry }) => entry.state !== 'next' && at < entry.verifyUntil && !present.has(entry.kid))
    .map(({ entry }) => entry.kid);
}

function isCurrent({ entry }: SigningKey): boolean {
  return entry.state === 'current';
}

function wordOf(error: unknown): string {
  if (error instanceof SallyportError) return error.code;
  // What a key that cannot be opened says names its id, and no secret.
  return error instanceof Error ? error.message : 'unknown';
}
