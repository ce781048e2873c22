import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Records } from '@sallyport/core';
import { after, makeSessionRecord, sessionStoreContract } from '@sallyport/testing/contracts';
import { createSqliteRecords } from '@sallyport/testing/sqlite-records';
import { describe, expect, it } from 'vitest';
import { openEmbeddedDatabase } from '../embedded/embedded-database.ts';
import { createRecordSessionStore } from './record-session-store.ts';
import { sessionTable } from './session-table.ts';

describe('the session store [sqlite]', () => {
  sessionStoreContract({
    name: 'records on SQLite',
    open: async () => {
      const folder = mkdtempSync(join(tmpdir(), 'sallyport-sessions-'));
      const file = join(folder, 'sallyport.db');
      const database = openEmbeddedDatabase({ file });
      return {
        store: createRecordSessionStore(createSqliteRecords(database, [sessionTable])),
        breakDown: () => database.close(),
        close: () => {
          if (database.isOpen) database.close();
          rmSync(folder, { recursive: true });
        },
        processes: {
          module: new URL('../embedded/session-subject.test-support.ts', import.meta.url).href,
          argument: file,
        },
      };
    },
  });
});

it('the session store ends a session that is created while every session is being ended', async () => {
  const records = openRecords();
  const late = makeSessionRecord();
  let isLate = true;
  const store = createRecordSessionStore({
    ...records,
    findMany: async (query) => {
      const rows = await records.findMany<never>(query);
      if (isLate) await createRecordSessionStore(records).create(late);
      isLate = false;
      return rows;
    },
  });
  const early = makeSessionRecord();
  await store.create(early);
  expect(await store.revokeAll('ada', 'banned', after(5))).toEqual([early.sid, late.sid]);
});

it('the session store ends a session that is changed between the look and the tombstone', async () => {
  const records = openRecords();
  const rival = createRecordSessionStore(records);
  const session = makeSessionRecord();
  await rival.create(session);
  let rounds = 3;
  const store = createRecordSessionStore({
    ...records,
    updateMany: async (query) => {
      rounds -= 1;
      if (rounds >= 0) await rival.change(session.sid, 3 - rounds, { org: `org-${rounds}` });
      return records.updateMany(query);
    },
  });
  expect(await store.revoke(session.sid, 'ada', 'signed-out', after(5))).toBe(true);
  expect(await store.findBySid(session.sid)).toMatchObject({ generation: 5, revokedBecause: 'signed-out' });
});

it('the session store never reports a revocation that keeps losing', async () => {
  const records = openRecords();
  const store = createRecordSessionStore({ ...records, updateMany: async () => 0 });
  const { sid } = makeSessionRecord();
  await store.create(makeSessionRecord({ sid }));
  const refusal = { code: 'SP_STORE_UNAVAILABLE' };
  await expect(store.revoke(sid, 'ada', 'signed-out', after(5))).rejects.toMatchObject(refusal);
  await expect(store.revokeAll('ada', 'signed-out-everywhere', after(5))).rejects.toMatchObject(refusal);
});

it.each([
  { name: 'a generation that is no number', damage: { generation: 'many' } },
  { name: 'an unknown assurance level', damage: { acr: 'root' } },
  { name: 'methods that are no list', damage: { amr: '"pwd"' } },
  { name: 'a time that is none', damage: { authTime: 'yesterday' } },
  { name: 'an unknown reason for its end', damage: { revokedAt: after(1), revokedBecause: 'because' } },
])('the session store refuses a row with $name, and quotes nothing of it', async ({ damage }) => {
  const records = openRecords();
  const store = createRecordSessionStore(records);
  const session = makeSessionRecord();
  await store.create(session);
  await records.updateMany({ model: sessionTable.model, where: [], update: damage });
  const failure = await store.findBySid(session.sid).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(TypeError);
  expect(String(failure)).not.toContain(session.tokenHash);
});

it('the session store declares no column that could overflow a 32-bit integer', () => {
  const numbers = Object.entries(sessionTable.columns).filter(([, { type }]) => type === 'number');
  expect(numbers.map(([name]) => name)).toEqual(['generation']);
});

function openRecords(): Records {
  return createSqliteRecords(openEmbeddedDatabase({ file: ':memory:' }), [sessionTable]);
}
