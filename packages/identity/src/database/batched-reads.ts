import { isStoreFault, SallyportError } from '@sallyport/core';

/** Rows that have one of some values in a column. */
export interface KeyedRead {
  readonly model: string;
  readonly field: string;
  readonly values: readonly string[];
  /** The most rows that are of use; absent means all. */
  readonly limit?: number | undefined;
}

/** A row, by the names of its columns. */
export type KeyedRow = Readonly<Record<string, unknown>>;

/** Runs one read. */
export type RunKeyedRead = (read: KeyedRead) => Promise<readonly KeyedRow[]>;

interface WaitingRead {
  readonly read: KeyedRead;
  readonly outcome: PromiseWithResolvers<readonly KeyedRow[]>;
}

/** More values do not share a statement, so that none is large. */
const maxValues = 200;

/**
 * Builds reads that share statements (the dataloader pattern): what is asked for in one turn of the event loop, of the same
 * column, is one statement. Nothing is remembered: every read is of the rows as they are after it was asked for.
 *
 * A statement that the database refuses is run again for each read alone: what one of them asked for, such as a text that
 * is none in its encoding, fails no other.
 */
export function createBatchedReads(run: RunKeyedRead): RunKeyedRead {
  let waiting = new Map<string, WaitingRead[]>();

  const flush = (): void => {
    const groups = waiting;
    waiting = new Map();
    for (const group of groups.values()) for (const batch of batchesOf(group)) void runBatch(batch, run);
  };

  return (read) => {
    if (waiting.size === 0) setImmediate(flush);
    const column = `${read.model} ${read.field}`;
    const group = waiting.get(column) ?? [];
    if (group.length === 0) waiting.set(column, group);
    const outcome = Promise.withResolvers<readonly KeyedRow[]>();
    group.push({ read, outcome });
    return outcome.promise;
  };
}

function batchesOf(group: readonly WaitingRead[]): readonly WaitingRead[][] {
  const batches: WaitingRead[][] = [];
  let room = 0;
  for (const one of group) {
    const size = one.read.values.length;
    if (size > room) {
      batches.push([]);
      room = maxValues;
    }
    batches.at(-1)?.push(one);
    room -= size;
  }
  return batches;
}

async function runBatch(batch: readonly WaitingRead[], run: RunKeyedRead): Promise<void> {
  const [first] = batch;
  if (first === undefined) return;
  if (batch.length === 1) return settle(first, () => run(first.read));
  const { model, field } = first.read;
  const values = [...new Set(batch.flatMap(({ read }) => read.values))];
  const limit = limitOf(batch);
  let rows: readonly KeyedRow[];
  try {
    rows = await run({ model, field, values, limit });
  } catch (error) {
    if (!isOutage(error)) return runEach(batch, run);
    for (const { outcome } of batch) outcome.reject(error);
    return;
  }
  // Cut off, so that rows of one may have taken the place of those of another.
  if (limit !== undefined && rows.length >= limit) return runEach(batch, run);
  const rowsByValue = Map.groupBy(rows, (row) => row[field]);
  for (const { read, outcome } of batch) {
    const found = [...new Set(read.values)].flatMap((value) => rowsByValue.get(value) ?? []);
    outcome.resolve(found.slice(0, read.limit));
  }
}

function isOutage(error: unknown): boolean {
  return error instanceof SallyportError || isStoreFault(error);
}

async function runEach(batch: readonly WaitingRead[], run: RunKeyedRead): Promise<void> {
  await Promise.all(batch.map((one) => settle(one, () => run(one.read))));
}

async function settle({ outcome }: WaitingRead, work: () => Promise<readonly KeyedRow[]>): Promise<void> {
  try {
    outcome.resolve(await work());
  } catch (error) {
    outcome.reject(error);
  }
}

/** One more than all of them want together, so that a full answer is known not to be cut off. */
function limitOf(batch: readonly WaitingRead[]): number | undefined {
  let sum = 1;
  for (const { read } of batch) {
    if (read.limit === undefined) return undefined;
    sum += read.limit;
  }
  return sum;
}
