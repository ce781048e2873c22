import { openPostgres } from '@sallyport/stores';
import { describe, expect, it } from 'vitest';
import { databaseChecks, type DatabaseContext } from './database-checks.ts';
import { runChecks } from './require-checks.ts';

const privateAddress = '10.1.2.3';
const publicAddress = '203.0.113.7';
const sound: Omit<DatabaseContext, 'connection'> = {
  environment: { isProduction: true },
  abilities: { hasTransactions: true, hasAtomicUpdates: true },
  clock: undefined,
  plan: { database: 'postgres', tables: [], columns: [], indexes: [], statements: [], problems: [] },
};

/** What the start and doctor say of an address, with the names that lead to these addresses. Nothing is connected to. */
async function findingsOf(parameters: string, ...found: readonly string[]) {
  const database = openPostgres({
    url: `postgres://sallyport:canary@db.example.com/canary${parameters}`,
    resolve: () => Promise.resolve(found.map((address) => ({ address, family: 4 }))),
  });
  const protection = await database.readEncryption();
  await database.close();
  const connection = { protection, ignoredParameters: database.ignoredParameters, lock: undefined };
  const all = await runChecks(databaseChecks, { ...sound, connection });
  return all.flatMap(({ check, found: finding }) => (check === 'encryption of the database' ? [finding] : []));
}

describe('what is found of the encryption of a database', () => {
  it('is advice to write it down, where nothing is asked for and the address is public', async () => {
    for (const found of [[publicAddress], [privateAddress, publicAddress]])
      expect(await findingsOf('', ...found)).toEqual([
        {
          kind: 'ok',
          finding: expect.stringMatching(/^certificate and host are verified: the address is a public one/) as string,
          hint: expect.stringContaining('sslmode=verify-full') as string,
        },
      ]);
  });

  it('is that there is none, where nothing is asked for and the address is private', async () => {
    expect(await findingsOf('', privateAddress)).toEqual([
      { kind: 'ok', finding: 'none, on this machine or in a private network' },
    ]);
  });

  it.each(['?sslmode=disable', '?ssl=false'])('is a warning with %s and a public address', async (parameters) => {
    for (const found of [[publicAddress], [publicAddress, privateAddress]])
      expect(await findingsOf(parameters, ...found)).toEqual([
        {
          kind: 'warning',
          key: 'DATABASE_URL',
          finding: expect.stringMatching(/sslmode=disable.*public address.*plain text/) as string,
          hint: 'Use sslmode=verify-full.',
        },
      ]);
  });

  it('is no warning with sslmode=disable and a private address', async () => {
    expect(await findingsOf('?sslmode=disable', privateAddress)).toEqual([
      { kind: 'ok', finding: 'none, on this machine or in a private network' },
    ]);
  });

  it.each(['require', 'verify-ca'])('says that sslmode=%s verifies as verify-full does', async (mode) => {
    for (const address of [publicAddress, privateAddress])
      expect(await findingsOf(`?sslmode=${mode}`, address)).toEqual([
        { kind: 'ok', finding: `certificate and host are verified, with sslmode=${mode} as with verify-full` },
      ]);
  });

  it.each(['?sslmode=verify-full', '?ssl=true'])('is nothing to do with %s', async (parameters) => {
    for (const address of [publicAddress, privateAddress])
      expect(await findingsOf(parameters, address)).toEqual([
        { kind: 'ok', finding: expect.stringMatching(/^certificate and host are verified/) as string },
      ]);
  });

  it('names neither the address nor the password', async () => {
    for (const parameters of ['', '?sslmode=disable', '?sslmode=require'])
      expect(JSON.stringify(await findingsOf(parameters, publicAddress))).not.toMatch(/canary|203\.0|example\.com/);
  });
});
