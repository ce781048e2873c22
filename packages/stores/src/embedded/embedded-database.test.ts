import { OptionsError, toStoreError } from '@sallyport/core';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openEmbeddedDatabase } from './embedded-database.ts';

const isWindows = process.platform === 'win32';

describe('the embedded database', () => {
  let folder: string;
  const opened: DatabaseSync[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sallyport-embedded-'));
  });
  afterEach(() => {
    for (const database of opened.splice(0)) if (database.isOpen) database.close();
    rmSync(folder, { recursive: true });
  });

  const open = (file: string, busyTimeoutMilliseconds = 0): DatabaseSync => {
    const database = openEmbeddedDatabase({ file, busyTimeoutMilliseconds });
    opened.push(database);
    return database;
  };
  const modeOf = (path: string): number => statSync(path).mode & 0o777;

  it('writes ahead, waits for the disk and checks references', () => {
    const database = open(join(folder, 'a.db'));
    const pragma = (name: string): unknown => Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0];
    expect(pragma('journal_mode')).toBe('wal');
    expect(pragma('synchronous')).toBe(2);
    expect(pragma('foreign_keys')).toBe(1);
  });

  it.skipIf(isWindows)('lets no other user read its folder or any of its files, whatever the umask', () => {
    const umask = process.umask(0);
    try {
      const file = join(folder, 'deep', 'data', 'a.db');
      open(file).exec('CREATE TABLE t (a TEXT); INSERT INTO t VALUES (1)');
      expect([join(folder, 'deep'), join(folder, 'deep', 'data')].map(modeOf)).toEqual([0o700, 0o700]);
      expect([file, `${file}-wal`, `${file}-shm`].map(modeOf)).toEqual([0o600, 0o600, 0o600]);
    } finally {
      process.umask(umask);
    }
  });

  it.skipIf(isWindows)('closes a file that others could read', () => {
    const file = join(folder, 'a.db');
    writeFileSync(file, '', { mode: 0o644 });
    open(file);
    expect(modeOf(file)).toBe(0o600);
  });

  it.skipIf(isWindows)('refuses a folder in which other users could replace its files, and makes nothing there', () => {
    const shared = join(folder, 'shared');
    mkdirSync(shared);
    chmodSync(shared, 0o777);
    expect(() => open(join(shared, 'a.db'))).toThrow(/chmod 700/);
    expect(existsSync(join(shared, 'a.db'))).toBe(false);
  });

  it('says SP_STORE_UNAVAILABLE when the file is no database', () => {
    const file = join(folder, 'a.db');
    writeFileSync(file, 'this is a text and not a database, and long enough to be read as one'.repeat(20));
    expect(() => open(file)).toThrow(expect.objectContaining({ code: 'SP_STORE_UNAVAILABLE' }));
  });

  it('says SP_STORE_UNAVAILABLE when the file cannot be made', () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    expect(() => open(join(file, 'a.db'))).toThrow(expect.objectContaining({ code: 'SP_STORE_UNAVAILABLE' }));
  });

  it.each([-1, 101, Number.NaN])('refuses to block the process for %d ms', (busyTimeoutMilliseconds) => {
    expect(() => openEmbeddedDatabase({ file: ':memory:', busyTimeoutMilliseconds })).toThrow(OptionsError);
  });

  it('gives up, and does not fail otherwise, while another connection writes', () => {
    const file = join(folder, 'a.db');
    const writer = open(file);
    writer.exec('CREATE TABLE t (a TEXT)');
    const other = open(file);
    writer.exec('BEGIN IMMEDIATE');
    const insert = (): void => other.exec("INSERT INTO t VALUES ('x')");
    expect(storeErrorOf(insert)).toMatchObject({ code: 'SP_STORE_UNAVAILABLE' });
    expect(other.prepare('SELECT count(*) AS n FROM t').get()).toEqual({ n: 0 });
    writer.exec('COMMIT');
    insert();
  });

  it('says SP_STORE_UNAVAILABLE when the disk is full, and keeps what it had', () => {
    const database = open(join(folder, 'a.db'));
    database.exec('CREATE TABLE t (a TEXT); INSERT INTO t VALUES (1); PRAGMA max_page_count = 2');
    const fill = (): void => database.exec(`INSERT INTO t VALUES ('${'x'.repeat(100_000)}')`);
    expect(storeErrorOf(fill)).toMatchObject({ code: 'SP_STORE_UNAVAILABLE' });
    expect(database.prepare('SELECT count(*) AS n FROM t').get()).toEqual({ n: 1 });
  });

  it('says SP_STORE_UNAVAILABLE when it may only read', () => {
    const database = open(join(folder, 'a.db'));
    database.exec('CREATE TABLE t (a TEXT); PRAGMA query_only = 1');
    expect(storeErrorOf(() => database.exec('DELETE FROM t'))).toMatchObject({ code: 'SP_STORE_UNAVAILABLE' });
  });

  it('lives in memory on request', () => {
    open(':memory:').exec('CREATE TABLE t (a TEXT)');
    expect(existsSync(':memory:')).toBe(false);
  });
});

function storeErrorOf(call: () => void): unknown {
  try {
    call();
  } catch (error) {
    return toStoreError(error);
  }
  return undefined;
}
