import { setTimeout as delay } from 'node:timers/promises';
import type { RecordFilter, Records } from '../ports/records.ts';

/** Rows that one statement deletes. */
export const deletionBatchSize = 500;

/** Requests have the database to themselves between two batches. */
const pauseMilliseconds = 20;

/**
 * Deletes the rows that meet a condition, a few hundred with each statement, so that none holds up requests for long. The
 * condition should be on an indexed column.
 *
 * @returns how many rows were deleted, or rejects as the records do; what was deleted before stays deleted.
 *
 * @example
 * await deleteInBatches(records, 'sallyportEvent', [{ field: 'at', operator: 'lt', value: oldest }]);
 */
export async function deleteInBatches(
  records: Records,
  model: string,
  where: readonly RecordFilter[],
): Promise<number> {
  for (let count = 0; ;) {
    const rows = await records.findMany<{ readonly id: string }>({
      model,
      where: [...where],
      limit: deletionBatchSize,
    });
    if (rows.length === 0) return count;
    const ids = rows.map(({ id }) => id);
    // The condition once more: what changed since it was read stays.
    const deleted = await records.deleteMany({ model, where: [{ field: 'id', operator: 'in', value: ids }, ...where] });
    count += deleted;
    // Without progress another process deletes the same rows.
    if (rows.length < deletionBatchSize || deleted === 0) return count;
    await delay(pauseMilliseconds);
  }
}
