import type { OperatorAccounts } from '../operator-accounts.ts';
import { parseUserImport, type ImportedUser } from '../user-import.ts';
import type { ImportRecord } from './import-record.ts';

export interface AccountImport {
  readonly accounts: OperatorAccounts;
  readonly records: AsyncIterable<ImportRecord>;
  /** Roles of records that name none. */
  readonly defaultRoles: readonly string[];
  readonly isDryRun: boolean;
  /** `email` is that of the record, where it has one that could be. */
  readonly onRefused: (line: number, reason: string, email: string | undefined) => void;
  /** Called after each batch, with the number of records so far. */
  readonly onProgress: (records: number) => void;
}

/** What became of the records. */
export interface ImportSummary {
  readonly records: number;
  /** Accounts that were made, or would be when it is a dry run. */
  readonly made: number;
  /** Addresses that have an account: left as they are. */
  readonly existing: number;
  readonly refused: number;
  /** The highest bcrypt cost among the records that were not refused; 0 when there was none. */
  readonly bcryptCost: number;
}

/** Records that become accounts in one transaction. */
const batchSize = 500;

/**
 * Turns records into accounts, batch by batch. Where the database has transactions each batch is durable or not there at
 * all, and an address that has an
 * account is passed over: an import that was interrupted is finished by running it again.
 */
export async function importAccounts(options: AccountImport): Promise<ImportSummary> {
  const { accounts, records, defaultRoles, isDryRun, onRefused, onProgress } = options;
  const counts = { records: 0, made: 0, existing: 0, refused: 0, bcryptCost: 0 };
  const isRole = createRoleCheck(accounts);
  let batch: ImportedUser[] = [];

  const flush = async (): Promise<void> => {
    const users = batch;
    batch = [];
    const made = await (isDryRun ? countNew(accounts, users) : accounts.importUsers(users));
    counts.made += made;
    counts.existing += users.length - made;
    onProgress(counts.records);
  };
  const refuse = (line: number, reason: string, email?: string): void => {
    counts.refused += 1;
    onRefused(line, reason, email);
  };

  for await (const record of records) {
    counts.records += 1;
    if (record.kind === 'unreadable') {
      refuse(record.line, record.reason);
      continue;
    }
    const parsed = parseUserImport(record.fields, defaultRoles);
    if (parsed.kind === 'refused') {
      refuse(
        record.line,
        parsed.errors.map(({ field, message }) => `${field} ${message}`.trim()).join('; '),
        parsed.email,
      );
      continue;
    }
    const { user } = parsed;
    if (!(await isRole(user.roles))) {
      refuse(record.line, 'roles names a role that the policy does not have', user.email);
      continue;
    }
    counts.bcryptCost = Math.max(counts.bcryptCost, bcryptCostOf(user.passwordHash));
    batch.push(user);
    if (batch.length >= batchSize) await flush();
  }
  await flush();
  return counts;
}

function createRoleCheck(accounts: OperatorAccounts): (roles: readonly string[]) => Promise<boolean> {
  const known = new Map<string, boolean>();
  return async (roles) => {
    for (const role of roles) {
      // Only as many as there are roles are remembered, whatever the file holds.
      const isKnown = known.get(role) ?? (await accounts.unknownRoles([role])).length === 0;
      if (!isKnown) return false;
      known.set(role, isKnown);
    }
    return true;
  };
}

async function countNew(accounts: OperatorAccounts, users: readonly ImportedUser[]): Promise<number> {
  const emails = [...new Set(users.map(({ email }) => email))];
  return emails.length - (await accounts.knownAmong(emails)).size;
}

function bcryptCostOf(hash: string | undefined): number {
  return Number(/^\$2[aby]\$(\d\d)\$/.exec(hash ?? '')?.[1] ?? 0);
}
