import { appendFileSync, copyFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, makeSessionRecord } from '@sallyport/testing/contracts';
import { createSqliteRecords } from '@sallyport/testing/sqlite-records';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRecordSessionStore, endAgain } from '../records/record-session-store.ts';
import { sessionTable } from '../records/session-table.ts';
import { openEmbeddedDatabase } from './embedded-database.ts';
import { openEndedSessions, type EndedSession } from './ended-sessions.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-ended-'));
  file = join(folder, 'ended-sessions.log');
});
afterEach(() => rmSync(folder, { recursive: true }));

const atNine = (): Date => after(0);
const makeEnded = (sid: string, change: Partial<EndedSession> = {}): EndedSession => ({
  sid,
  at: after(5),
  because: 'signed-out',
  until: after(3600),
  ...change,
});

/** The store of a gateway that starts on what is in the folder, and what was ended again on the way. */
async function start() {
  const database = openEmbeddedDatabase({ file: join(folder, 'sallyport.db') });
  const records = createSqliteRecords(database, [sessionTable]);
  const ended = await openEndedSessions(file, atNine);
  const endedAgain = await endAgain(records, ended.known);
  return {
    store: createRecordSessionStore(records, { ended }),
    endedAgain,
    stop: async () => {
      await ended.close();
      database.close();
    },
  };
}

describe('a database that is restored from a backup [sqlite]', () => {
  it('does not revive a session that was ended since, one or all of a user', async () => {
    const first = await start();
    const sessions = [
      makeSessionRecord(),
      makeSessionRecord({ subject: 'eve' }),
      makeSessionRecord({ subject: 'eve' }),
    ];
    const untouched = makeSessionRecord({ subject: 'bob' });
    for (const record of [...sessions, untouched]) await first.store.create(record);
    await first.stop();
    copyFileSync(join(folder, 'sallyport.db'), join(folder, 'backup.db'));

    const second = await start();
    await second.store.revoke(sessions[0]?.sid ?? '', 'ada', 'signed-out', after(5));
    await second.store.revokeAll('eve', 'password-changed', after(6));
    await second.stop();
    copyFileSync(join(folder, 'backup.db'), join(folder, 'sallyport.db'));

    const third = await start();
    expect(third.endedAgain).toBe(3);
    expect(await third.store.findBySid(sessions[0]?.sid ?? '')).toMatchObject({
      revokedBecause: 'signed-out',
      revokedAt: after(5),
    });
    expect(await third.store.listLive('eve', after(7))).toEqual([]);
    expect(await third.store.listLive('bob', after(7))).toEqual([untouched]);
    await third.stop();
    const fourth = await start();
    expect(fourth.endedAgain).toBe(0);
    await fourth.stop();
  });
});

describe('the file of ended sessions', () => {
  it('is complete when the promise resolves, also for many at once', async () => {
    const ended = await openEndedSessions(file, atNine);
    await Promise.all(Array.from({ length: 100 }, (_, index) => ended.note([makeEnded(`sid-${index}`)])));
    expect(readFileSync(file, 'utf8').split('\n')).toHaveLength(101);
    await ended.close();
    const again = await openEndedSessions(file, atNine);
    const { known } = again;
    expect(known).toHaveLength(100);
    expect(known[0]).toEqual(makeEnded(known[0]?.sid ?? ''));
    await again.close();
  });

  it('drops a last line that a crash tore apart, and goes on behind it', async () => {
    const first = await openEndedSessions(file, atNine);
    await first.note([makeEnded('whole')]);
    await first.close();
    appendFileSync(file, '["torn",17672');
    const second = await openEndedSessions(file, atNine);
    await second.note([makeEnded('later')]);
    await second.close();
    const third = await openEndedSessions(file, atNine);
    expect(third.known.map(({ sid }) => sid)).toEqual(['whole', 'later']);
    await third.close();
  });

  it('forgets what is over', async () => {
    const first = await openEndedSessions(file, atNine);
    await first.note([makeEnded('over', { until: after(60) }), makeEnded('not-over')]);
    await first.close();
    const second = await openEndedSessions(file, () => after(60));
    expect(second.known.map(({ sid }) => sid)).toEqual(['not-over']);
    expect(readFileSync(file, 'utf8')).not.toContain('"over"');
    await second.close();
  });

  it.each(['nonsense', '[]', '["sid","x","signed-out",1]', '["sid",1,"because",1]', ''])(
    'stops the start when a line in the middle is damaged: %s',
    async (line) => {
      writeFileSync(file, `${line}\n["sid",1,"signed-out",1]\n`, { mode: 0o600 });
      await expect(openEndedSessions(file)).rejects.toThrow(/Line 1 of .* is damaged/);
    },
  );

  it('says SP_STORE_UNAVAILABLE when the disk does not take it, and the revocation is not acknowledged', async () => {
    const ended = await openEndedSessions(file, atNine);
    await ended.close();
    const records = createSqliteRecords(openEmbeddedDatabase({ file: ':memory:' }), [sessionTable]);
    const store = createRecordSessionStore(records, { ended });
    const record = makeSessionRecord();
    await store.create(record);
    const refusal = { code: 'SP_STORE_UNAVAILABLE' };
    await expect(store.revoke(record.sid, 'ada', 'signed-out', after(5))).rejects.toMatchObject(refusal);
  });

  it.skipIf(process.platform === 'win32')('is readable by its owner alone', async () => {
    await (await openEndedSessions(file)).close();
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });
});
