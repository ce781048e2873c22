import { describe, expect, it } from 'vitest';
import { databaseChecks, type DatabaseContext } from './database-checks.ts';
import { examineClock } from './examine-clock.ts';
import { redisChecks, type RedisContext } from './redis-checks.ts';
import { runChecks } from './require-checks.ts';

describe('the check of a clock', () => {
  it.each([
    { name: 'accepts a clock that is right', ahead: 0, kind: 'ok' },
    { name: 'accepts five seconds', ahead: 5_000, kind: 'ok' },
    { name: 'warns of six seconds ahead', ahead: 6_000, kind: 'warning' },
    { name: 'warns of six seconds behind', ahead: -6_000, kind: 'warning' },
    { name: 'warns of a day ahead', ahead: 86_400_000, kind: 'warning' },
  ])('$name', ({ ahead, kind }) => {
    const reading = { time: new Date(1_000_000 + ahead), askedAt: 1_000_000, answeredAt: 1_000_000 };
    expect(examineClock('Redis', reading).kind).toBe(kind);
  });

  it('does not take a slow answer for a wrong clock', () => {
    const reading = { time: new Date(4_000), askedAt: 0, answeredAt: 9_000 };
    expect(examineClock('Redis', reading).kind).toBe('ok');
  });
});

describe('the checks of Redis', () => {
  const sound = { time: new Date(0), evictionPolicy: 'noeviction', isAppendOnly: true, isSavingBroken: false };
  const judge = async (condition: Partial<RedisContext['condition']>): Promise<readonly string[]> => {
    const all = await runChecks(redisChecks, { condition: { ...sound, ...condition }, askedAt: 0, answeredAt: 0 });
    return all.filter(({ found: { kind, hint } }) => kind !== 'ok' || hint !== undefined).map(toLine);
  };

  it.each([
    { name: 'find nothing wrong with a sound one', condition: {}, finds: [] },
    ...['allkeys-lru', 'allkeys-random', 'volatile-lru', 'volatile-ttl'].map((evictionPolicy) => ({
      name: `warn of ${evictionPolicy}`,
      condition: { evictionPolicy },
      finds: ['warning Redis when full'],
    })),
    { name: 'warn of a disk that fails', condition: { isSavingBroken: true }, finds: ['warning Redis on disk'] },
    { name: 'note that nothing is appended', condition: { isAppendOnly: false }, finds: ['ok Redis on disk'] },
    { name: 'warn of its clock', condition: { time: new Date(60_000) }, finds: ['warning clock of Redis'] },
    {
      name: 'note that this user may not ask',
      condition: { time: undefined, evictionPolicy: undefined, isAppendOnly: undefined, isSavingBroken: undefined },
      finds: ['ok Redis'],
    },
  ])('$name', async ({ condition, finds }) => {
    expect(await judge(condition)).toEqual(finds);
  });
});

describe('the checks of a database', () => {
  const sound: DatabaseContext = {
    environment: { isProduction: true },
    abilities: { hasTransactions: true, hasAtomicUpdates: true },
    connection: undefined,
    clock: { time: new Date(0), askedAt: 0, answeredAt: 0 },
    plan: { database: 'mongodb', tables: [], columns: [], indexes: [], statements: [], problems: [] },
  };
  const judge = async (change: Partial<DatabaseContext>): Promise<readonly string[]> => {
    const all = await runChecks(databaseChecks, { ...sound, ...change });
    return all.filter(({ found: { kind, hint } }) => kind !== 'ok' || hint !== undefined).map(toLine);
  };

  it.each([
    { name: 'find nothing wrong with a sound one', change: {}, finds: [] },
    { name: 'find nothing wrong with one that has no clock of its own', change: { clock: undefined }, finds: [] },
    {
      name: 'warn of a MongoDB without transactions, also in production',
      change: { abilities: { hasTransactions: false, hasAtomicUpdates: true } },
      finds: ['warning transactions'],
    },
    {
      name: 'refuse a FerretDB 1 in production',
      change: { abilities: { hasTransactions: false, hasAtomicUpdates: false } },
      finds: ['warning transactions', 'failure conditional updates'],
    },
    {
      name: 'warn of a FerretDB 1 elsewhere',
      change: {
        abilities: { hasTransactions: false, hasAtomicUpdates: false },
        environment: { isProduction: false },
      },
      finds: ['warning transactions', 'warning conditional updates'],
    },
    {
      name: 'refuse rows that stand in the way of a migration',
      change: { plan: { ...sound.plan, problems: ['two rows have one email.'] } },
      finds: ['failure migrations'],
    },
    {
      name: 'note what is to be migrated',
      change: { plan: { ...sound.plan, tables: ['user'] } },
      finds: ['ok migrations'],
    },
    {
      name: 'warn of its clock',
      change: { clock: { time: new Date(60_000), askedAt: 0, answeredAt: 0 } },
      finds: ['warning clock of the database'],
    },
  ])('$name', async ({ change, finds }) => {
    expect(await judge(change)).toEqual(finds);
  });
});

function toLine({ check, found: { kind } }: Awaited<ReturnType<typeof runChecks>>[number]): string {
  return `${kind} ${check}`;
}
