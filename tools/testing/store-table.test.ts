import { describe, expect, it } from 'vitest';
import { storesOf, toStoreTable, type StoreRun } from './store-table.ts';

describe('the stores of a test', () => {
  it.each([
    { titles: ['the session store [redis]'], project: 'unit', suite: 'the session store', stores: 'redis' },
    { titles: ['a race', 'counters [in-process]'], project: 'unit', suite: 'counters', stores: 'in-process' },
    { titles: ['records [sqlite] in two processes'], project: 'unit', suite: 'records', stores: 'sqlite' },
    { titles: [], project: 'e2e', suite: 'browser', stores: 'sqlite + in-process' },
    { titles: ['sign-in'], project: 'e2e [mongodb + redis]', suite: 'browser', stores: 'mongodb + redis' },
    { titles: ['x [postgres + redis ×2]'], project: 'e2e', suite: 'browser', stores: 'postgres + redis ×2' },
  ])('are $stores for $titles in $project', ({ titles, project, suite, stores }) => {
    expect(storesOf(titles, project)).toEqual({ kind: suite === 'browser' ? 'browser' : 'suite', suite, stores });
  });

  it.each(['a plain name', 'a list like [1, 2]', 'refuses [sqlite3]', 'nothing []', '[redis'])(
    'are none for %j',
    (title) => {
      expect(storesOf([title], 'unit')).toBeUndefined();
    },
  );
});

describe('the table of stores', () => {
  const run = (suite: string, stores: string, counts: Partial<StoreRun> = {}): StoreRun => ({
    kind: suite === 'browser' ? 'browser' : 'suite',
    suite,
    stores,
    passed: 0,
    failed: 0,
    skipped: 0,
    ...counts,
  });

  it('has a row for each suite, a column for each store, and says what did not run and why', () => {
    const runs = [
      run('sessions', 'redis', { skipped: 9 }),
      run('sessions', 'sqlite', { passed: 4 }),
      run('sessions', 'sqlite', { passed: 3, failed: 1 }),
      run('products', 'sqlite', { passed: 5, skipped: 2 }),
      run('products', 'mongodb', { passed: 7 }),
      run('browser', 'sqlite + in-process', { passed: 60 }),
      run('browser', 'postgres + redis ×2', { skipped: 60 }),
    ];
    expect(toStoreTable(runs, { redis: 'no redis-server on the search path' })).toEqual([
      '',
      'cases run on   sqlite          mongodb   redis',
      'products       5 (2 skipped)   7         –',
      'sessions       8 (1 failed)    –         0 (no server)',
      '',
      'browser tests on      cases run',
      'postgres + redis ×2   0 (no server)',
      'sqlite + in-process   60',
      '',
      'No redis server: no redis-server on the search path',
    ]);
  });

  it('is not there when no test names a store', () => {
    expect(toStoreTable([], {})).toEqual([]);
  });
});
