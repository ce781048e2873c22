import {
  recordModels,
  retryContended,
  SallyportError,
  type KeyAlgorithm,
  type KeyRingEntry,
  type KeyState,
  type KeyUse,
  type RecordFilter,
  type Records,
  type Sealer,
} from '@sallyport/core';
import type { Row } from '../records/row.ts';
import { slotOf, toKeyRingEntry, toKeyRow } from './key-table.ts';
import { after, type KeyTimes } from './key-times.ts';
import { makeSigningKey } from './signing-key.ts';

/** What a change of the ring needs. */
export interface KeyRotationParts {
  /** Of which every method rejects with an error of the catalog. */
  readonly records: Records;
  readonly sealer: Sealer;
  /** With what new keys sign. */
  readonly algorithm: KeyAlgorithm;
  readonly times: KeyTimes;
}

/** What the schedule is to do. */
export interface Schedule {
  /** Whether the current key gives way because it signs with another algorithm than new keys. */
  readonly isAlgorithmAwaited: (current: KeyRingEntry) => boolean;
  /** Whether a next key of another algorithm is made anew; `true` at most once in a process. */
  readonly mayReplaceNext: () => boolean;
}

/** The most keys that are read; a ring holds a handful. */
const maximumKeys = 1000;

/** Each step may be taken by another process at the same moment: then the ring is read again. */
const contention = { maxAttempts: 20, code: 'SP_STORE_UNAVAILABLE' } as const;

const model = recordModels.key;

/** Reads every key, or rejects with `SP_STORE_UNAVAILABLE`. */
export async function readKeys(records: Records): Promise<readonly KeyRingEntry[]> {
  const rows = await records.findMany<Row>({ model, limit: maximumKeys });
  return rows.map(toKeyRingEntry);
}

/**
 * Sees to it that one key of a use is current, and, with a schedule, to everything else that is due: a next key, the
 * change of keys, the end of keys that no verifier needs any more.
 *
 * Each step is one conditional write, and any number of processes may take them at once: a key leaves a state once, and
 * a unique column holds one current and one next key per use. A process that finds a ring that another process left in the
 * middle of a change, because it was killed, finishes it.
 *
 * @returns whether this process put another key in charge, or rejects with `SP_STORE_UNAVAILABLE`.
 */
export async function advanceKeys(
  parts: KeyRotationParts,
  use: KeyUse,
  now: Date,
  schedule: Schedule | undefined,
): Promise<boolean> {
  let isPromoted = false;
  return retryContended(contention, async () => {
    const keys = (await readKeys(parts.records)).filter((key) => key.use === use);
    const current = keys.find(({ state }) => state === 'current');
    const next = keys.find(({ state }) => state === 'next');
    if (current === undefined) {
      if (next === undefined) isPromoted = (await addKey(parts, use, 'current', now)) || isPromoted;
      else isPromoted = (await promote(parts, next, now)) || isPromoted;
      return 'retry';
    }
    if (schedule === undefined) return isPromoted;
    if (next === undefined) {
      await addKey(parts, use, 'next', now);
      return 'retry';
    }
    if (isDue(current, now, parts.times) || schedule.isAlgorithmAwaited(current)) {
      if (next.alg !== parts.algorithm && schedule.mayReplaceNext()) {
        await remove(parts.records, next);
        return 'retry';
      }
      if (now >= next.signFrom) {
        await retire(parts, current, now);
        return 'retry';
      }
    }
    for (const key of keys) if (key.state === 'retiring' && now >= key.verifyUntil) await remove(parts.records, key);
    return isPromoted;
  });
}

/**
 * Lets the current key give way: as soon as the next one is known to verifiers, or at once, before they know it.
 *
 * @returns whether another key signs now, or rejects with `SP_STORE_UNAVAILABLE`.
 */
export async function rotateKeys(parts: KeyRotationParts, use: KeyUse, now: Date, isNow: boolean): Promise<boolean> {
  const keys = (await readKeys(parts.records)).filter((key) => key.use === use);
  const current = keys.find(({ state }) => state === 'current');
  const next = keys.find(({ state }) => state === 'next');
  if (isNow) {
    if (next !== undefined && next.alg !== parts.algorithm) await remove(parts.records, next);
    await addKey(parts, use, 'next', now);
    if (current !== undefined) await retire(parts, current, now);
  } else if (current !== undefined) {
    // Due from now on, for every process that looks at the ring.
    const update = { verifyUntil: after(now, parts.times.overlap) };
    await parts.records.updateMany({ model, where: inState(current), update });
  }
  let mayReplaceNext = true;
  return advanceKeys(parts, use, now, {
    isAlgorithmAwaited: () => false,
    mayReplaceNext: () => {
      const may = mayReplaceNext;
      mayReplaceNext = false;
      return may;
    },
  });
}

/**
 * Removes a key for good, whatever state it is in, and puts the next one in its place when it was the current one.
 *
 * @returns the key that was removed, or rejects with `SP_NOT_FOUND` or `SP_STORE_UNAVAILABLE`.
 */
export async function withdrawKey(parts: KeyRotationParts, kid: string, now: Date): Promise<KeyRingEntry> {
  const key = (await readKeys(parts.records)).find((candidate) => candidate.kid === kid);
  if (key === undefined) throw new SallyportError('SP_NOT_FOUND', { reason: 'no-such-key' });
  await parts.records.deleteMany({ model, where: [{ field: 'kid', value: kid }] });
  await advanceKeys(parts, key.use, now, undefined);
  return key;
}

function isDue({ signFrom, verifyUntil }: KeyRingEntry, now: Date, times: KeyTimes): boolean {
  // The second is sooner after an operator asked for a rotation, or when the configured time has grown.
  return now >= after(signFrom, times.rotation) || now >= after(verifyUntil, -times.overlap);
}

/** @returns whether this process was the one that added it. */
async function addKey(
  parts: KeyRotationParts,
  use: KeyUse,
  state: Exclude<KeyState, 'retiring'>,
  now: Date,
): Promise<boolean> {
  const { records, sealer, algorithm, times } = parts;
  const signFrom = state === 'current' ? now : after(now, times.publish);
  const verifyUntil = after(signFrom, times.rotation + times.overlap);
  const entry = await makeSigningKey({ use, alg: algorithm, state, signFrom, verifyUntil }, sealer);
  return unlessTaken(records.create({ model, data: toKeyRow(entry) }).then(() => true));
}

function promote({ records, times }: KeyRotationParts, next: KeyRingEntry, now: Date): Promise<boolean> {
  const verifyUntil = after(now, times.rotation + times.overlap);
  const update = { state: 'current', slot: slotOf({ ...next, state: 'current' }), signFrom: now, verifyUntil };
  return unlessTaken(records.updateMany({ model, where: inState(next), update }).then((count) => count > 0));
}

async function retire({ records, times }: KeyRotationParts, current: KeyRingEntry, now: Date): Promise<void> {
  const update = { state: 'retiring', slot: null, verifyUntil: after(now, times.overlap) };
  await records.updateMany({ model, where: inState(current), update });
}

async function remove(records: Records, key: KeyRingEntry): Promise<void> {
  await records.deleteMany({ model, where: inState(key) });
}

function inState({ kid, state }: KeyRingEntry): RecordFilter[] {
  return [
    { field: 'kid', value: kid },
    { field: 'state', value: state },
  ];
}

/** Another process was first: its key is as good as ours. */
async function unlessTaken(write: Promise<boolean>): Promise<boolean> {
  try {
    return await write;
  } catch (error) {
    if (error instanceof SallyportError && error.code === 'SP_CONFLICT') return false;
    throw error;
  }
}
