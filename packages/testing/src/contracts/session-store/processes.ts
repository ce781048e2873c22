import type { SessionRecord, SessionStore } from '@sallyport/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { after, makeSessionRecord } from '../session-fixture.ts';
import { startStoreProcess, type StoreProcess } from '../store-process.ts';
import { untilAnswered } from '../until-answered.ts';
import type { OpenedStore, SessionStoreFixture } from './opened-store.ts';
import { slowCaseMilliseconds } from '../slow-case.ts';

/** What holds between processes that share the data, and after one was killed. */
export function processCases(opened: OpenedStore): void {
  const { hasNoRaces, stored } = opened;

  describe('in several processes', () => {
    let fixture: SessionStoreFixture;
    let store: SessionStore;
    beforeEach(() => {
      fixture = opened.fixture();
      store = opened.fixture().store;
    });

    const processes: StoreProcess[] = [];
    afterEach(async () => {
      await Promise.all(processes.splice(0).map((storeProcess) => storeProcess.kill()));
    });

    const start = async (count: number): Promise<readonly StoreProcess[]> => {
      const { processes: how } = fixture;
      if (how === undefined) return [];
      const started = await Promise.all(Array.from({ length: count }, () => startStoreProcess(how)));
      processes.push(...started);
      await Promise.all(started.map((storeProcess) => storeProcess.open()));
      return started;
    };

    it.skipIf(hasNoRaces)(
      'lets exactly one of them change a generation, and exactly one revoke a session',
      async ({ skip }) => {
        const started = await start(3);
        if (started.length === 0) skip('the data lives in one process');
        for (let round = 0; round < 5; round += 1) {
          const { sid } = await stored();
          const writes = await Promise.all(
            started.map((one, index) => untilAnswered(() => one.call('change', sid, 1, { org: `org-${index}` }))),
          );
          expect(writes.filter((write) => isOfKind(write, 'written'))).toHaveLength(1);
          const answers = await Promise.all(
            started.map((one) => untilAnswered(() => one.call('revoke', sid, 'ada', 'signed-out', after(5)))),
          );
          expect(answers.filter((answer) => answer === true)).toHaveLength(1);
        }
      },
      slowCaseMilliseconds,
    );

    it.skipIf(hasNoRaces)(
      'ends every session that was acknowledged before, while others are being made and changed',
      async ({ skip }) => {
        const started = await start(3);
        if (started.length === 0) skip('the data lives in one process');
        const acknowledged: string[] = [];
        let isOver = false;
        const makers = started.map(async (one) => {
          while (!isOver) {
            const record = makeSessionRecord();
            await untilAnswered(() => one.call('create', record));
            acknowledged.push(record.sid);
            await untilAnswered(() => one.call('change', record.sid, 1, { org: 'acme' }));
          }
        });
        while (acknowledged.length < 30) await new Promise((resolve) => setTimeout(resolve, 5));
        const before = [...acknowledged];
        await untilAnswered(() => store.revokeAll('ada', 'banned', after(5)));
        isOver = true;
        await Promise.all(makers);
        const left = (await store.listLive('ada', after(6))).map(({ sid }) => sid);
        expect(left.filter((sid) => before.includes(sid))).toEqual([]);
      },
      slowCaseMilliseconds,
    );

    it.skipIf(hasNoRaces)(
      'shows every session that was acknowledged to every list that is read afterwards, so that they can be counted',
      async ({ skip }) => {
        const started = await start(3);
        if (started.length === 0) skip('the data lives in one process');
        for (let round = 0; round < 5; round += 1) {
          const subject = `ada-${round}`;
          const counts = await Promise.all(
            started.map(async (one) => {
              await untilAnswered(() => one.call('create', makeSessionRecord({ subject })));
              const live = await untilAnswered(() => one.call('listLive', subject, after(1)));
              return Array.isArray(live) ? live.length : 0;
            }),
          );
          expect(Math.max(...counts)).toBe(started.length);
        }
      },
      slowCaseMilliseconds,
    );

    it.skipIf(hasNoRaces)(
      'never revives a session by what the others write while it is revoked',
      async ({ skip }) => {
        const [one, other, revoker] = await start(3);
        if (one === undefined || other === undefined || revoker === undefined)
          return skip('the data lives in one process');
        for (let round = 0; round < 5; round += 1) {
          const { sid } = await stored();
          await Promise.all([
            untilAnswered(() => one.call('recordActivity', sid, after(10), after(1000))),
            untilAnswered(() => revoker.call('revoke', sid, 'ada', 'signed-out', after(5))),
            untilAnswered(() => other.call('change', sid, 1, { org: 'acme' })),
            untilAnswered(() => one.call('recordActivity', sid, after(11), after(1001))),
          ]);
          expect(await store.findBySid(sid)).toMatchObject({ revokedBecause: 'signed-out' });
          expect(await store.listLive('ada', after(12))).toEqual([]);
        }
      },
      slowCaseMilliseconds,
    );

    it(
      'keeps what was acknowledged when a process is killed in the middle of its writes',
      async ({ skip }) => {
        const [victim] = await start(1);
        if (victim === undefined) return skip('the data lives in one process');
        const created: SessionRecord[] = [];
        const revoked: string[] = [];
        const writes = Array.from({ length: 100 }, async (_, index) => {
          const record = makeSessionRecord();
          await victim.call('create', record);
          created.push(record);
          if (index % 2 !== 0) return;
          if ((await victim.call('revoke', record.sid, 'ada', 'signed-out', after(5))) === true)
            revoked.push(record.sid);
        });
        // At once: a busy store may refuse one before the process is killed.
        let isOver = false;
        const work = Promise.allSettled(writes).finally(() => (isOver = true));
        while (revoked.length < 20 && !isOver) await new Promise((resolve) => setTimeout(resolve, 1));
        await victim.kill();
        await work;

        const heir = (await start(1))[0];
        for (const record of created) {
          const found = await heir?.call('findBySid', record.sid);
          expect(found).toMatchObject({ sid: record.sid, tokenHash: record.tokenHash });
          if (revoked.includes(record.sid)) expect(found).toMatchObject({ generation: 2, revokedAt: after(5) });
        }
        await untilAnswered(() => store.create(makeSessionRecord()));
      },
      slowCaseMilliseconds,
    );
  });
}

function isOfKind(value: unknown, kind: string): boolean {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === kind;
}
