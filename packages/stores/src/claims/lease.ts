import { randomUUID } from 'node:crypto';
import { isDuplicateRow, recordModels, type Records, type RecordTable } from '@sallyport/core';

/** Work that one gateway does for all, one row for each kind of it. */
export const leaseTable = {
  model: recordModels.lease,
  columns: {
    name: { type: 'string', required: true, unique: true },
    holder: { type: 'string', required: true },
    /** Grows with every holder: compare-and-set on it lets one of several take the lease. */
    fence: { type: 'number', required: true },
    expiresAt: { type: 'date', required: true },
    /** When the work was last done to its end. */
    doneAt: { type: 'date', required: false },
  },
} as const satisfies RecordTable;

/** A turn at work that one process of a deployment does for all. */
export interface Lease {
  /**
   * Takes the turn for some time: resolves to its fencing number for one process, and to `null` for all others until the
   * time is over. A holder that dies gives the turn back that way, too.
   */
  take(seconds: number, now: Date): Promise<number | null>;
  /** Notes that the work was done. Does nothing for a holder whose turn another one has taken meanwhile. */
  noteDone(fence: number, now: Date): Promise<void>;
}

interface LeaseRow {
  readonly fence: number;
  readonly expiresAt: Date;
}

const model = recordModels.lease;

/** Builds a lease on a row. Its clock is that of each process, so that the work must bear being done twice at once. */
export function createLease(records: Records, name: string): Lease {
  const holder = randomUUID();
  return {
    async take(seconds, now) {
      const expiresAt = new Date(now.getTime() + seconds * 1000);
      const row = await records.findOne<LeaseRow>({ model, where: [{ field: 'name', value: name }] });
      if (row === null) {
        try {
          await records.create({ model, data: { name, holder, fence: 1, expiresAt, doneAt: null } });
          return 1;
        } catch (error) {
          if (isDuplicateRow(error)) return null;
          throw error;
        }
      }
      if (now < row.expiresAt) return null;
      const fence = row.fence + 1;
      const count = await records.updateMany({
        model,
        where: [
          { field: 'name', value: name },
          { field: 'fence', value: row.fence },
        ],
        update: { holder, fence, expiresAt },
      });
      return count === 1 ? fence : null;
    },
    async noteDone(fence, now) {
      await records.updateMany({
        model,
        where: [
          { field: 'name', value: name },
          { field: 'fence', value: fence },
        ],
        update: { doneAt: now },
      });
    },
  };
}
