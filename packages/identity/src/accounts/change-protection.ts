import { retryContended, SallyportError, type InvalidationBus } from '@sallyport/core';
import type { User, UserTable } from './user-table.ts';

export interface ProtectionChangeParts {
  readonly users: UserTable;
  readonly transaction: <T>(work: () => Promise<T>) => Promise<T>;
  readonly bus: InvalidationBus;
  readonly now: () => Date;
}

const contention = { maxAttempts: 5, code: 'SP_CONFLICT' } as const;

/**
 * Runs a change to how a user signs in (second factors, identity providers) in one transaction with the generation of the
 * user, which grows: what was cached under the old one is revoked, and so is every pending sign-in. Every cache has the
 * event when this resolves.
 *
 * `change` reads and decides, too: two changes of one account pass one after the other, and the second one sees what the
 * first has done. What was looked at before is looked at for a quick answer only.
 *
 * Rejects with what the change rejects with, and `SP_CONFLICT` when the account keeps changing; then nothing is changed.
 */
export async function changeProtection<Outcome>(
  { users, transaction, bus, now }: ProtectionChangeParts,
  userId: string,
  reason: string,
  change: (owner: User) => Promise<Outcome>,
): Promise<{ readonly user: User; readonly outcome: Outcome }> {
  return retryContended(contention, async () => {
    const changed = await transaction(async () => {
      const before = await users.findById(userId);
      if (before === null) throw new SallyportError('SP_NOT_FOUND', { reason: 'account-gone' });
      // First, so that without transactions the change of a caller who lost the race has not begun.
      const after = await users.change(before, {}, now());
      return after === null ? null : { user: after, outcome: await change(after) };
    });
    if (changed === null) return 'retry';
    await bus.publish({ kind: 'user', id: userId, minGeneration: changed.user.generation, at: now(), reason });
    return changed;
  });
}
