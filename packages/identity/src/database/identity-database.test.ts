import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { openEmbeddedDatabase, storeTables as tables } from '@sallyport/stores';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openIdentityDatabase } from './identity-database.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-database-'));
  file = join(folder, 'identity.sqlite');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const columnsOf = (database: DatabaseSync, table: string) =>
  database
    .prepare(`PRAGMA table_info("${table}")`)
    .all()
    .map((row) => row['name']);

describe('the database of identity [sqlite]', () => {
  it('has the tables of the engine, of identity and of the stores, and is opened again as it is', async () => {
    for (let start = 0; start < 2; start += 1) {
      const database = openEmbeddedDatabase({ file });
      await openIdentityDatabase({ database: { kind: 'sqlite', database }, tables });
      expect(columnsOf(database, 'user')).toEqual(expect.arrayContaining(['email', 'roles', 'generation', 'bannedAt']));
      expect(columnsOf(database, 'sallyportSession')).toEqual(expect.arrayContaining(['sid', 'tokenHash']));
      expect(columnsOf(database, 'sallyportKey')).toContain('kid');
      expect(columnsOf(database, 'sallyportRole')).toContain('permissions');
      expect(columnsOf(database, 'sallyportEvent')).toContain('details');
      database.close();
    }
  });

  it('is made by four starts at once', async () => {
    const databases = Array.from({ length: 4 }, () => openEmbeddedDatabase({ file }));
    const opened = await Promise.all(
      databases.map((database) => openIdentityDatabase({ database: { kind: 'sqlite', database }, tables })),
    );
    await Promise.all(
      opened.map(({ records }, index) =>
        records.create({
          model: 'sallyportRole',
          data: { name: `role-${index}`, permissions: '', generation: 0, updatedAt: new Date() },
        }),
      ),
    );
    expect(await opened[0]?.records.count({ model: 'sallyportRole' })).toBe(4);
    for (const database of databases) database.close();
  });

  it('refuses a second role of the same name', async () => {
    const database = openEmbeddedDatabase({ file });
    const { records } = await openIdentityDatabase({ database: { kind: 'sqlite', database }, tables });
    const data = { name: 'user', permissions: '', generation: 0, updatedAt: new Date() };
    await records.create({ model: 'sallyportRole', data });
    await expect(records.create({ model: 'sallyportRole', data })).rejects.toThrow();
    database.close();
  });

  it('undoes the whole of a transaction that fails', async () => {
    const database = openEmbeddedDatabase({ file });
    const { records, transaction } = await openIdentityDatabase({ database: { kind: 'sqlite', database }, tables });
    const data = { name: 'user', permissions: '', generation: 0, updatedAt: new Date() };
    const failing = transaction(async () => {
      await records.create({ model: 'sallyportRole', data });
      throw new Error('stop');
    });
    await expect(failing).rejects.toThrow('stop');
    expect(await records.count({ model: 'sallyportRole' })).toBe(0);
    database.close();
  });

  it('lists every row when no limit is given', async () => {
    const database = openEmbeddedDatabase({ file });
    const { records } = await openIdentityDatabase({ database: { kind: 'sqlite', database }, tables });
    for (let index = 0; index < 150; index += 1) {
      const data = { name: `role-${index}`, permissions: '', generation: 0, updatedAt: new Date() };
      await records.create({ model: 'sallyportRole', data });
    }
    expect(await records.findMany({ model: 'sallyportRole' })).toHaveLength(150);
    database.close();
  });

  it('is usable after a process was killed in the middle of making it', async () => {
    const script = `
      const { DatabaseSync } = require('node:sqlite');
      const database = new DatabaseSync(process.argv[1]);
      database.exec('PRAGMA journal_mode = WAL; BEGIN IMMEDIATE; CREATE TABLE "user" (id text)');
      process.stdout.write('ready');
      setInterval(() => {}, 1000);
    `;
    const child = spawn(process.execPath, ['-e', script, file], { stdio: ['ignore', 'pipe', 'ignore'] });
    await new Promise((resolve) => child.stdout.once('data', resolve));
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('exit', resolve));
    const database = openEmbeddedDatabase({ file });
    await openIdentityDatabase({ database: { kind: 'sqlite', database }, tables });
    expect(columnsOf(database, 'user')).toContain('email');
    database.close();
  });
});
