import { SallyportError } from '@sallyport/core';
import { describe, expect, it } from 'vitest';
import { createBatchedReads, type KeyedRead, type KeyedRow } from './batched-reads.ts';

const table: readonly KeyedRow[] = [
  { id: '1', owner: 'ada' },
  { id: '2', owner: 'bob' },
  { id: '3', owner: 'ada' },
  { id: '4', owner: 'eve' },
];

/** Answers as a database does, and notes each statement. */
function openTable(refuse: (read: KeyedRead) => Error | undefined = () => undefined) {
  const statements: KeyedRead[] = [];
  const read = createBatchedReads(async (statement) => {
    statements.push(statement);
    const error = refuse(statement);
    if (error !== undefined) throw error;
    const { field, values, limit } = statement;
    return table.filter((row) => values.includes(String(row[field]))).slice(0, limit);
  });
  const idsOf = async (values: readonly string[], field = 'owner', limit?: number) =>
    (await read({ model: 'thing', field, values, limit })).map(({ id }) => id);
  return { idsOf, read, statements };
}

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

describe('reads of one turn of the event loop', () => {
  it('share a statement, and each gets its own rows', async () => {
    const { idsOf, statements } = openTable();
    const found = await Promise.all([idsOf(['ada']), idsOf(['bob', 'eve']), idsOf(['zoe']), idsOf(['ada', 'bob'])]);
    expect(found).toEqual([['1', '3'], ['2', '4'], [], ['1', '3', '2']]);
    expect(statements).toEqual([
      { model: 'thing', field: 'owner', values: ['ada', 'bob', 'eve', 'zoe'], limit: undefined },
    ]);
  });

  it('are statements of their own for columns and tables of their own', async () => {
    const { idsOf, read, statements } = openTable();
    await Promise.all([
      idsOf(['ada']),
      idsOf(['1'], 'id'),
      read({ model: 'other', field: 'owner', values: ['ada'], limit: undefined }),
    ]);
    expect(statements.map(({ model, field }) => `${model}.${field}`)).toEqual([
      'thing.owner',
      'thing.id',
      'other.owner',
    ]);
  });

  it('never see what was read before they were asked for', async () => {
    const { idsOf, statements } = openTable();
    const first = idsOf(['ada']);
    await nextTurn();
    await Promise.all([first, idsOf(['ada'])]);
    expect(statements).toHaveLength(2);
  });

  it('give a row once to a read that names its value twice', async () => {
    const { idsOf } = openTable();
    expect(await Promise.all([idsOf(['bob', 'bob']), idsOf(['eve'])])).toEqual([['2'], ['4']]);
  });

  it('stay within a size of statement that is not large', async () => {
    const { idsOf, statements } = openTable();
    await Promise.all(Array.from({ length: 450 }, (_, index) => idsOf([`owner-${index}`])));
    expect(statements.map(({ values }) => values.length)).toEqual([200, 200, 50]);
  });
});

describe('limits of reads that share a statement', () => {
  it('hold for each of them', async () => {
    const { idsOf } = openTable();
    expect(await Promise.all([idsOf(['ada'], 'owner', 1), idsOf(['bob'], 'owner', 1)])).toEqual([['1'], ['2']]);
  });

  it('let the rows of one take the place of those of no other', async () => {
    const { idsOf, statements } = openTable();
    // Three rows are asked for together and are there, so that a fourth one might have been cut off.
    const found = await Promise.all([idsOf(['ada'], 'owner', 1), idsOf(['ada', 'eve'], 'owner', 1)]);
    expect(found).toEqual([['1'], ['1']]);
    expect(statements).toHaveLength(3);
  });
});

describe('a statement that fails', () => {
  it('fails the one read that the database refuses, and no other', async () => {
    const { idsOf } = openTable(({ values }) => (values.includes('\0') ? new Error('SQLSTATE 22021') : undefined));
    const outcomes = await Promise.allSettled([idsOf(['ada']), idsOf(['\0']), idsOf(['eve'])]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  it('is not run again for each while the database is away', async () => {
    const outage = new SallyportError('SP_STORE_UNAVAILABLE');
    const { idsOf, statements } = openTable(() => outage);
    const outcomes = await Promise.allSettled([idsOf(['ada']), idsOf(['bob'])]);
    expect(outcomes).toEqual([
      { status: 'rejected', reason: outage },
      { status: 'rejected', reason: outage },
    ]);
    expect(statements).toHaveLength(1);
  });
});
