import { createReadStream, openSync, closeSync, writeSync } from 'node:fs';
import { exitCodes, UsageError } from '@sallyport/core';
import type { OperatorAccounts } from '../operator-accounts.ts';
import type { AccountCommand, AccountCommandCall } from './account-command.ts';
import { importAccounts, type ImportSummary } from '../import/import-accounts.ts';
import { createImportProgress } from '../import/import-progress.ts';
import { delimiters } from '../import/csv-dialect.ts';
import { openSource, prepareSource, type PreparedSource } from '../import/import-source.ts';
import { encodings } from '../import/require-encoding.ts';

/** Refused lines that are shown; all of them are in the file of `--errors`. */
const shownRefusals = 20;
/** Verifying a hash of this bcrypt cost or above takes longer than the answers are held back by default. */
const slowBcryptCost = 12;

/** Takes accounts over from another system. */
export const importUsers: AccountCommand = {
  name: 'users import',
  summary: 'Takes accounts over from NDJSON or CSV, with bcrypt or argon2id hashes',
  operands: ['<file>'],
  options: {
    'dry-run': { describe: 'Check every record, and write nothing' },
    format: { value: 'ndjson|csv', describe: 'Format of the file; its ending says it when absent' },
    encoding: { value: encodings.join('|'), describe: 'How the text of a CSV file is written; utf-8 when absent' },
    delimiter: {
      value: Object.keys(delimiters).join(' '),
      describe: 'What stands between the fields of a CSV file; its first line says it when absent',
    },
    roles: { value: 'roles', describe: 'Roles of records that name none, with commas between; "user" when absent' },
    errors: { value: 'file', describe: 'Write line, reason and address of every refused record to this file' },
  },
  notes: [
    'Fields: email, name, passwordHash, roles, emailVerified. Addresses that have an account are left as they are, so that',
    'an import that was interrupted is finished by running it again. Exit code 1 when a record was refused.',
  ],
  run: async (call) => {
    const source = openSource(call);
    const defaultRoles = (call.value('roles') ?? 'user').split(/[\s,]+/).filter((role) => role !== '');
    const isDryRun = call.has('dry-run');
    const prepared = await prepareSource(source);
    return call.withServices(isDryRun ? 'reads' : 'writes', async ({ accounts }) => {
      const unknown = await accounts.unknownRoles(defaultRoles);
      if (unknown.length > 0)
        throw new UsageError(
          '--roles names a role that the policy in sallyport.config.ts does not have.',
          exitCodes.usage,
        );
      return runImport(call, accounts, { source: prepared, defaultRoles, isDryRun });
    });
  },
};

interface ImportOptions {
  readonly source: PreparedSource;
  readonly defaultRoles: readonly string[];
  readonly isDryRun: boolean;
}

async function runImport(
  call: AccountCommandCall,
  accounts: OperatorAccounts,
  { source, defaultRoles, isDryRun }: ImportOptions,
): Promise<number> {
  const refusals = openRefusals(call);
  const progress = createImportProgress(call, source.bytes);
  const stream = createReadStream(source.path, { highWaterMark: 65_536 });
  try {
    const summary = await importAccounts({
      accounts,
      records: source.read(stream),
      defaultRoles,
      isDryRun,
      onRefused: (line, reason, email) => refusals.add(line, reason, email),
      onProgress: (records) => progress.update(records, stream.bytesRead),
    });
    progress.end();
    refusals.showRest();
    report(call, summary, isDryRun);
    return summary.refused > 0 ? exitCodes.refused : exitCodes.done;
  } finally {
    progress.end();
    stream.destroy();
    refusals.close();
  }
}

function openRefusals(call: AccountCommandCall) {
  const file = call.value('errors');
  const descriptor = file === undefined ? undefined : openForWriting(call.resolvePath(file));
  let count = 0;
  return {
    add(line: number, reason: string, email: string | undefined): void {
      count += 1;
      if (descriptor !== undefined)
        writeSync(descriptor, `${[line, reason, ...(email === undefined ? [] : [email])].join('\t')}\n`);
      const who = email === undefined ? '' : ` (${call.toPlainText(email)})`;
      if (count <= shownRefusals) call.note(`line ${line}${who}: ${reason}`);
    },
    showRest(): void {
      if (count > shownRefusals)
        call.note(
          `… and ${count - shownRefusals} more; ${file === undefined ? '--errors <file> writes' : 'the file has'} all.`,
        );
    },
    close(): void {
      if (descriptor !== undefined) closeSync(descriptor);
    },
  };
}

function openForWriting(path: string): number {
  try {
    return openSync(path, 'w', 0o600);
  } catch {
    throw new UsageError('The file of --errors cannot be written. Nothing was changed.', exitCodes.usage);
  }
}

function report(call: AccountCommandCall, summary: ImportSummary, isDryRun: boolean): void {
  const { records, made, existing, refused, bcryptCost } = summary;
  const rows = [
    ['records', records],
    [isDryRun ? 'would be made' : 'made', made],
    ['existing, left as they are', existing],
    ['refused', refused],
  ] as const;
  const table = rows.map(([name, count]) => `${name.padEnd(28)}${count.toLocaleString('en').padStart(12)}`).join('\n');
  call.report({ dryRun: isDryRun, records, made, existing, refused }, table);
  if (bcryptCost >= slowBcryptCost)
    call.note(
      `Some hashes are bcrypt of cost ${bcryptCost}. So that the time of an answer does not tell that such an account exists, gateways\n` +
        'hold every answer to a sign-in back for as long: at once from their next start, otherwise within an hour.',
    );
}
