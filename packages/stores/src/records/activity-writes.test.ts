import type { Records } from '@sallyport/core';
import { after, makeSessionRecord } from '@sallyport/testing/contracts';
import { createSqliteRecords } from '@sallyport/testing/sqlite-records';
import { describe, expect, it } from 'vitest';
import { openEmbeddedDatabase } from '../embedded/embedded-database.ts';
import { createRecordSessionStore } from './record-session-store.ts';
import { sessionTable } from './session-table.ts';

describe('noting the activity of many sessions', () => {
  it('takes few statements, and reaches every session', async () => {
    const { store, statements } = openStore();
    const sessions = Array.from({ length: 40 }, () => makeSessionRecord());
    for (const session of sessions) await store.create(session);
    await Promise.all(sessions.map(({ sid }) => store.recordActivity(sid, after(60), after(660))));
    expect(statements()).toBeLessThan(4);
    for (const { sid } of sessions)
      expect(await store.findBySid(sid)).toMatchObject({ lastActiveAt: after(60), idleExpiresAt: after(660) });
  });

  it('gives no session more time than its own activity does', async () => {
    const { store } = openStore();
    const [first, early, late] = [makeSessionRecord(), makeSessionRecord(), makeSessionRecord()];
    for (const session of [first, early, late]) await store.create(session);
    await Promise.all([
      store.recordActivity(first.sid, after(59), after(659)),
      store.recordActivity(late.sid, after(60.9), after(660.9)),
      store.recordActivity(early.sid, after(60), after(660)),
    ]);
    expect(await store.findBySid(early.sid)).toMatchObject({ lastActiveAt: after(60), idleExpiresAt: after(660) });
    expect(await store.findBySid(late.sid)).toMatchObject({ lastActiveAt: after(60), idleExpiresAt: after(660) });
  });

  it('keeps apart what is a second apart, and sessions of another idle time', async () => {
    const { store } = openStore();
    const [first, one, two, three] = Array.from({ length: 4 }, () => makeSessionRecord());
    if (!first || !one || !two || !three) throw new TypeError('there are four');
    for (const session of [first, one, two, three]) await store.create(session);
    await Promise.all([
      store.recordActivity(first.sid, after(10), after(610)),
      store.recordActivity(one.sid, after(60), after(660)),
      store.recordActivity(two.sid, after(61), after(661)),
      store.recordActivity(three.sid, after(60), after(90)),
    ]);
    expect(await store.findBySid(one.sid)).toMatchObject({ lastActiveAt: after(60), idleExpiresAt: after(660) });
    expect(await store.findBySid(two.sid)).toMatchObject({ lastActiveAt: after(61), idleExpiresAt: after(661) });
    expect(await store.findBySid(three.sid)).toMatchObject({ lastActiveAt: after(60), idleExpiresAt: after(90) });
  });

  it('rejects for every session whose activity was not written', async () => {
    const { store, breakDown } = openStore();
    const sessions = Array.from({ length: 3 }, () => makeSessionRecord());
    for (const session of sessions) await store.create(session);
    breakDown();
    const notes = sessions.map(({ sid }) => store.recordActivity(sid, after(60), after(660)));
    for (const note of await Promise.allSettled(notes))
      expect(note).toMatchObject({ status: 'rejected', reason: { code: 'SP_STORE_UNAVAILABLE' } });
  });
});

function openStore() {
  const database = openEmbeddedDatabase({ file: ':memory:' });
  const records = createSqliteRecords(database, [sessionTable]);
  let statements = 0;
  const counted: Records = {
    ...records,
    updateMany: (query) => {
      statements += 1;
      return records.updateMany(query);
    },
  };
  return { store: createRecordSessionStore(counted), statements: () => statements, breakDown: () => database.close() };
}
