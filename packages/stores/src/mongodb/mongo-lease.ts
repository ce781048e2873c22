import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Collection, MongoClient } from 'mongodb';
import { isDuplicateRow } from '@sallyport/core';

/** A lock that is a document. Who holds it must show every few seconds that it still lives. */
export interface MongoLease {
  /** Whether this process still holds the lock, as far as it can know. */
  isHeld(): boolean;
  release(): Promise<void>;
}

export interface MongoLeaseOptions {
  readonly client: MongoClient;
  readonly databaseName: string;
  /** Which lock. */
  readonly name: string;
  /** How long to wait while another process holds it. Longer than a lease, so that the lock of a process that was killed can be taken over. */
  readonly waitMilliseconds: number;
}

interface LeaseDocument {
  readonly _id: string;
  readonly owner: string;
  /** Grows with every sign of life and every change of the owner; compare-and-set on it is the fence. */
  readonly beat: number;
}

const collectionName = 'sallyportLock';

/** A holder that shows no sign of life for this long has lost the lock. Measured by each process on its own clock. */
export const leaseMilliseconds = 10_000;
const beatMilliseconds = 2_000;
const pollMilliseconds = 250;

/**
 * Takes a lock in a MongoDB.
 *
 * No clock of another machine is compared: who waits watches the counter of the holder, and takes over when it stood
 * still for a whole lease. The holder gives up on its own before that.
 *
 * @returns the lock, or `undefined` when another process held it all the time.
 */
export async function takeMongoLease(options: MongoLeaseOptions): Promise<MongoLease | undefined> {
  const { client, databaseName, name, waitMilliseconds } = options;
  const collection = client.db(databaseName).collection<LeaseDocument>(collectionName);
  const owner = randomUUID();
  const deadline = performance.now() + waitMilliseconds;
  let seen = null as LeaseDocument | null;
  let seenAt = performance.now();
  for (;;) {
    const beat = seen !== null && performance.now() - seenAt >= leaseMilliseconds ? seen.beat : undefined;
    const taken = await (beat === undefined
      ? insert(collection, name, owner)
      : takeOver(collection, name, owner, beat));
    if (taken !== undefined) return holdLease(collection, name, owner, taken);
    const current = await collection.findOne({ _id: name });
    if (current?.owner !== seen?.owner || current?.beat !== seen?.beat) seenAt = performance.now();
    seen = current;
    if (performance.now() > deadline) return undefined;
    await delay(pollMilliseconds);
  }
}

async function insert(collection: Collection<LeaseDocument>, name: string, owner: string): Promise<number | undefined> {
  try {
    await collection.insertOne({ _id: name, owner, beat: 1 });
    return 1;
  } catch (error) {
    if (isDuplicateRow(error)) return undefined;
    throw error;
  }
}

async function takeOver(
  collection: Collection<LeaseDocument>,
  name: string,
  owner: string,
  beat: number,
): Promise<number | undefined> {
  const { matchedCount } = await collection.updateOne({ _id: name, beat }, { $set: { owner, beat: beat + 1 } });
  return matchedCount === 1 ? beat + 1 : undefined;
}

function holdLease(collection: Collection<LeaseDocument>, name: string, owner: string, firstBeat: number): MongoLease {
  let beat = firstBeat;
  let isLost = false;
  let provenAt = performance.now();
  let running: Promise<void> | undefined;

  const prove = async (): Promise<void> => {
    const startedAt = performance.now();
    const { matchedCount } = await collection.updateOne({ _id: name, owner, beat }, { $set: { beat: beat + 1 } });
    if (matchedCount === 1) {
      beat += 1;
      provenAt = startedAt;
      return;
    }
    // An answer that was lost on its way may have been written.
    const current = await collection.findOne({ _id: name });
    if (current?.owner !== owner) isLost = true;
    else beat = current.beat;
  };
  const timer = setInterval(() => {
    // A database that does not answer is recognised by the time that passes.
    running ??= prove()
      .catch(() => {})
      .finally(() => (running = undefined));
  }, beatMilliseconds);
  timer.unref();

  return {
    isHeld: () => !isLost && performance.now() - provenAt < leaseMilliseconds - beatMilliseconds,
    release: async () => {
      clearInterval(timer);
      await running;
      isLost = true;
      await collection.deleteOne({ _id: name, owner });
    },
  };
}
