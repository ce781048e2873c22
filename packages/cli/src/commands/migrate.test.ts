import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { claimDataFolder, openEmbeddedDatabase } from '@sallyport/stores';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createWorkplace, type Workplace } from '../test-support/memory-terminal.ts';
import {
  databaseKinds,
  isAvailable,
  makeDatabase,
  runOnPostgres,
  type DatabaseKind,
  type TestDatabase,
} from '../test-support/test-servers.ts';

interface Report {
  readonly dryRun: boolean;
  readonly isUpToDate: boolean;
  readonly database: string;
  readonly tables: readonly string[];
  readonly columns: readonly object[];
  readonly indexes: readonly object[];
  readonly statements: readonly string[];
  readonly problems: readonly string[];
}

for (const kind of databaseKinds) {
  describe.skipIf(!isAvailable(kind))(`sallyport migrate [${kind}]`, () => {
    let database: TestDatabase;
    let place: Workplace;
    beforeEach(async () => {
      database = await makeDatabase(kind);
      place = createWorkplace(database.variables);
    });
    afterEach(() => database.drop());

    const report = async (...args: readonly string[]): Promise<Report> => {
      const result = await place.run(['migrate', '--json', ...args]);
      expect(result).toMatchObject({ code: 0, errors: '' });
      return result.json() as Report;
    };

    it('says in a dry run what would be made, and makes nothing', async () => {
      const first = await report('--dry-run');
      expect(first).toMatchObject({ dryRun: true, isUpToDate: false, database: kind, problems: [] });
      expect(first.tables).toEqual(
        expect.arrayContaining(['user', 'sallyportSession', 'sallyportEndedSession', 'sallyportKey']),
      );
      expect(first.indexes).toContainEqual({ table: 'user', columns: ['email'], unique: true });
      expect(first.statements.length > 0).toBe(kind !== 'mongodb');
      expect(await report('--dry-run')).toEqual(first);
      expect(existsSync(place.dataDir)).toBe(false);
    });

    it('makes what the dry run said, once, and what a gateway finds complete', async () => {
      const planned = await report('--dry-run');
      expect(await report()).toEqual({ ...planned, dryRun: false });
      for (const args of [[], ['--dry-run']])
        expect(await report(...args)).toMatchObject({ isUpToDate: true, tables: [], columns: [], indexes: [] });
      expect((await place.run(['users', 'list'])).code).toBe(0);
      expect(await report('--dry-run')).toMatchObject({ isUpToDate: true });
    });

    it('sets what it says in columns', async () => {
      const dry = (await place.run(['migrate', '--dry-run'])).output.split('\n');
      const columns = ['TABLE', 'COLUMNS', kind.toUpperCase()].map((title) => dry[0]?.indexOf(title) ?? -1);
      const index = dry.find((line) => line.startsWith('unique index  user ')) ?? '';
      expect(columns.map((column) => index.slice(column).split(/\s{2,}/)[0])).toEqual([
        'user',
        'email',
        'would be made',
      ]);
      expect((await place.run(['migrate'])).output).toMatch(/^table +user +made$/m);
      expect((await place.run(['migrate'])).output).toBe(`The database (${kind}) lacks nothing.\n`);
    });

    it('says which rows stand in the way, with exit code 1, and changes nothing', async () => {
      if (kind === 'mongodb') return;
      await report();
      // As a table of another program, or of a version that never was.
      await execute('DROP TABLE "sallyportKey"');
      await execute('CREATE TABLE "sallyportKey" (id text PRIMARY KEY)');
      await execute(`INSERT INTO "sallyportKey" VALUES ('canary')`);
      const dry = await place.run(['migrate', '--dry-run']);
      expect(dry).toMatchObject({ code: 1, errors: '' });
      expect(dry.output).toMatch(/Stands in the way: .*"sallyportKey"/);
      const result = await place.run(['migrate']);
      expect(result).toMatchObject({ code: 1, output: '' });
      expect(result.errors).toMatch(/cannot be migrated, and nothing was changed: .*"sallyportKey"/);
      expect(dry.output + result.errors).not.toMatch(/canary|\n\s+at /);
    });

    const execute = async (statement: string): Promise<void> => {
      const { DATABASE_URL } = database.variables;
      if (DATABASE_URL !== undefined) return runOnPostgres(DATABASE_URL, statement);
      const file = openEmbeddedDatabase({ file: join(place.dataDir, 'sallyport.db') });
      file.exec(statement);
      file.close();
    };
  });
}

describe('sallyport migrate', () => {
  it('runs beside a gateway: it only adds', async () => {
    const place = createWorkplace();
    const giveBack = claimDataFolder(place.dataDir);
    expect((await place.run(['migrate'])).code).toBe(0);
    giveBack();
  });

  it.each<DatabaseKind>(['postgres', 'mongodb'])(
    'names no address of a %s that it may not use',
    async (kind) => {
      const place = createWorkplace({
        DATABASE_URL: `${kind}://canary:canary@127.0.0.1:1/canary?sslmode=canary&tls=canary`,
      });
      const result = await place.run(['migrate', '--dry-run']);
      expect(result).toMatchObject({ code: 3, output: '' });
      expect(result.errors).toMatch(/DATABASE_URL/);
      expect(result.errors).not.toMatch(/canary|127\.0\.0\.1|\n\s+at /);
    },
    60_000,
  );
});
