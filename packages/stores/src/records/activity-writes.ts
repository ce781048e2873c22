import { recordModels, type Records, type SessionStore } from '@sallyport/core';

interface Activity {
  readonly lastActiveAt: Date;
  readonly idleExpiresAt: Date;
}

interface Batch {
  readonly bySid: Map<string, Activity>;
  readonly written: PromiseWithResolvers<void>;
}

const model = recordModels.session;

/** How long after a write the next batch is collected. */
const batchMilliseconds = 100;

/** Sessions whose activity is less apart are written as if it were that of the first. */
const roundingMilliseconds = 1000;

/** How many sessions one statement names. */
const statementSize = 500;

/**
 * Builds the writer of session activity. The first activity is written at once; what comes within a tenth of a second
 * after it is written as a batch, in few statements. A statement costs a commit, and with the embedded database a commit
 * stops everything else: ten thousand sessions in use would stop it a thousand times a second.
 *
 * In one statement all get the earliest time: a session may end a second earlier than it could, and never later.
 */
export function createActivityWrites(records: Records): SessionStore['recordActivity'] {
  let pending: Batch | undefined;
  let isResting = false;

  const rest = (): void => {
    isResting = true;
    setTimeout(() => {
      isResting = false;
      const batch = pending;
      if (batch === undefined) return;
      pending = undefined;
      rest();
      writeAll(records, batch.bySid).then(batch.written.resolve, batch.written.reject);
    }, batchMilliseconds);
  };

  return async (sid, lastActiveAt, idleExpiresAt) => {
    const activity = { lastActiveAt, idleExpiresAt };
    if (!isResting) {
      rest();
      return write(records, [sid], activity);
    }
    pending ??= { bySid: new Map(), written: Promise.withResolvers() };
    const known = pending.bySid.get(sid);
    if (known === undefined || known.lastActiveAt < lastActiveAt) pending.bySid.set(sid, activity);
    return pending.written.promise;
  };
}

async function writeAll(records: Records, bySid: ReadonlyMap<string, Activity>): Promise<void> {
  const ascending = [...bySid].toSorted(([, a], [, b]) => a.lastActiveAt.getTime() - b.lastActiveAt.getTime());
  while (ascending.length > 0) {
    const [, first] = ascending[0] ?? [];
    if (first === undefined) return;
    const fits = ascending.findIndex(([, activity]) => !isCloseTo(first, activity));
    const group = ascending.splice(0, Math.min(fits === -1 ? Infinity : fits, statementSize));
    await write(
      records,
      group.map(([sid]) => sid),
      first,
    );
  }
}

function isCloseTo(first: Activity, { lastActiveAt, idleExpiresAt }: Activity): boolean {
  const apart = lastActiveAt.getTime() - first.lastActiveAt.getTime();
  // Both move together, or the sessions are of different kinds.
  return apart < roundingMilliseconds && idleExpiresAt.getTime() - first.idleExpiresAt.getTime() === apart;
}

async function write(records: Records, sids: string[], { lastActiveAt, idleExpiresAt }: Activity): Promise<void> {
  await records.updateMany({
    model,
    where: [
      { field: 'sid', value: sids, operator: 'in' },
      { field: 'revokedAt', value: null },
      { field: 'lastActiveAt', value: lastActiveAt, operator: 'lt' },
      // A session that was idle for too long is over, even when its activity is reported late.
      { field: 'idleExpiresAt', value: lastActiveAt, operator: 'gt' },
    ],
    update: { lastActiveAt, idleExpiresAt },
  });
}
