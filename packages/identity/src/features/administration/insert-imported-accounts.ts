import { isDuplicateRow, retryContended, type SecurityEventLog } from '@sallyport/core';
import type { AllowedRoleChange, Authority } from '../../accounts/authority.ts';
import type { PendingAccounts } from '../../accounts/pending-accounts.ts';
import type { UserTable } from '../../accounts/user-table.ts';
import { createRowId } from '../../database/row-id.ts';
import type { AuditContext } from '../../events/audit-context.ts';
import type { KernelEvent } from '../../events/kernel-events.ts';
import type { AdministrationEvent } from './administration-events.ts';
import type { AuthorityMails } from './authority-mails.ts';
import type { ImportedUser } from './user-import.ts';

export interface InsertImportedParts {
  readonly users: UserTable;
  readonly authority: Authority;
  readonly pendingAccounts: PendingAccounts;
  readonly mails: AuthorityMails;
  readonly events: SecurityEventLog<KernelEvent | AdministrationEvent>;
  readonly transaction: <T>(work: () => Promise<T>) => Promise<T>;
  /** Whether a transaction that failed left nothing. */
  readonly hasTransactions: boolean;
  readonly now: () => Date;
}

/** Inserts accounts as another system exported them, and resolves to how many were made. */
export type InsertImportedAccounts = (batch: readonly ImportedUser[], context: AuditContext) => Promise<number>;

const contention = { maxAttempts: 20, code: 'SP_CONFLICT' } as const;

export function createInsertImportedAccounts(parts: InsertImportedParts): InsertImportedAccounts {
  const { users, authority, pendingAccounts, mails, events, transaction, hasTransactions, now } = parts;

  /** Says what it made as it goes: without transactions that stays when a later one fails. */
  const importInto = async (
    batch: readonly ImportedUser[],
    context: AuditContext,
    noteMade: (user: ImportedUser, gainsManagement: boolean) => void,
  ): Promise<void> => {
    const known = new Set(await users.knownAmong(batch.map(({ email }) => email)));
    // In one order everywhere: two imports that wait for one another's addresses would be a deadlock.
    const ordered = batch.toSorted((one, other) => (one.email < other.email ? -1 : Number(one.email > other.email)));
    const judge = createRoleJudge(context);
    for (const user of ordered) {
      if (known.has(user.email)) continue;
      known.add(user.email);
      const { gainsManagement } = await judge(user.roles);
      const [id, at] = [createRowId(), now()];
      await pendingAccounts.discard(user.email, 'made-by-operator', context);
      await events.append({ type: 'account.imported', at, outcome: 'success', target: id, ...context, details: {} });
      await users.insert({ ...user, id }, at);
      noteMade(user, gainsManagement);
    }
  };

  /** Thousands of accounts have a few sets of roles between them: each is asked about once. */
  const createRoleJudge = (context: AuditContext) => {
    const judged = new Map<string, AllowedRoleChange>();
    return async (after: readonly string[]): Promise<AllowedRoleChange> => {
      const key = after.join(' ');
      const allowed =
        judged.get(key) ?? (await authority.requireRoleChange({ target: '', before: [], after, context }));
      judged.set(key, allowed);
      return allowed;
    };
  };

  return async (batch, context) => {
    let made = 0;
    let managers: string[] = [];
    return retryContended(contention, async () => {
      try {
        await transaction(async () => {
          if (hasTransactions) [made, managers] = [0, []];
          await importInto(batch, context, ({ email }, gainsManagement) => {
            made += 1;
            if (gainsManagement) managers.push(email);
          });
        });
        const [email] = managers;
        if (email !== undefined)
          await mails.tellManagers(
            { email: managers.length === 1 ? email : `${email} and ${managers.length - 1} more of an import` },
            context,
          );
        return made;
      } catch (error) {
        // An address was taken between the read and the write: the next read sees it.
        if (isDuplicateRow(error)) return 'retry';
        throw error;
      }
    });
  };
}
