import { recordModels, type RecordFilter, type Records, type SealedColumn, type SealerFor } from '@sallyport/core';
import { sealingContextOf } from '../keys/signing-key.ts';
import { textOf, type Row } from '../records/row.ts';
import { withStoreErrors } from '../records/store-error.ts';
import type { SecretVersion } from './secret-versions.ts';

/** The private parts of signing keys. */
export const sealedKeyColumn: SealedColumn = {
  model: recordModels.key,
  column: 'sealedPrivate',
  purpose: 'key-ring',
  contextOf: (row) => sealingContextOf(textOf(row, 'use'), textOf(row, 'kid')),
};

export interface RewrapOptions {
  readonly records: Records;
  readonly sealerFor: SealerFor;
  /** The accepted versions of the root secret, the newest first. */
  readonly versions: readonly SecretVersion[];
  readonly columns: readonly SealedColumn[];
  /** Counts, and writes nothing. */
  readonly isDryRun?: boolean;
}

/** What became of the texts of one column. */
export interface RewrapOutcome {
  readonly model: string;
  readonly column: string;
  /** Sealed anew under the newest version, or about to be when it is a dry run. */
  readonly rewrapped: number;
  /** Sealed under the newest version before. */
  readonly current: number;
  /** Not to be opened by any version that is accepted: left as they are. */
  readonly unreadable: number;
}

/** How many rows are read at once. */
const pageSize = 200;

/**
 * Seals what was sealed under an older version of the root secret anew under the newest. Running gateways read both, so
 * that it may run while they do; a row that changes meanwhile is left as it was written.
 *
 * @returns what became of each column, or rejects with `SP_STORE_UNAVAILABLE`. It may be run again at any time.
 */
export async function rewrapSealedColumns(options: RewrapOptions): Promise<readonly RewrapOutcome[]> {
  const outcomes: RewrapOutcome[] = [];
  for (const column of options.columns) outcomes.push(await rewrapColumn(column, options));
  return outcomes;
}

async function rewrapColumn(sealed: SealedColumn, options: RewrapOptions): Promise<RewrapOutcome> {
  const { model, column } = sealed;
  const counts = { rewrapped: 0, current: 0, unreadable: 0 };
  const records = withStoreErrors(options.records);
  for (let after: string | undefined; ;) {
    const where: RecordFilter[] = after === undefined ? [] : [{ field: 'id', operator: 'gt', value: after }];
    const sortBy = { field: 'id', direction: 'asc' } as const;
    const rows = await records.findMany<Row>({ model, where, sortBy, limit: pageSize });
    for (const row of rows) counts[await rewrapRow(row, sealed, { ...options, records })] += 1;
    const last = rows.at(-1);
    if (last === undefined || rows.length < pageSize) return { model, column, ...counts };
    after = textOf(last, 'id');
  }
}

async function rewrapRow(
  row: Row,
  { model, column, purpose, contextOf }: SealedColumn,
  { records, sealerFor, versions, isDryRun = false }: RewrapOptions,
): Promise<'rewrapped' | 'current' | 'unreadable'> {
  const text = row[column];
  if (typeof text !== 'string') return 'current';
  const sealer = sealerFor(purpose);
  let renewed: string;
  try {
    const context = contextOf(row);
    // Also what names the newest version: it may be that of another secret.
    const opened = sealer.open(text, context);
    if (text.startsWith(`v1.${versions[0]?.version ?? 0}.`)) return 'current';
    renewed = sealer.seal(opened, context);
  } catch {
    return 'unreadable';
  }
  if (isDryRun) return 'rewrapped';
  const where: RecordFilter[] = [
    { field: 'id', value: textOf(row, 'id') },
    { field: column, value: text },
  ];
  const count = await records.updateMany({ model, where, update: { [column]: renewed } });
  return count === 1 ? 'rewrapped' : 'current';
}
