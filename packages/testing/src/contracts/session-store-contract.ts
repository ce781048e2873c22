import type { SessionRecord, SessionStore } from '@sallyport/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { after, makeSessionRecord } from './session-fixture.ts';
import { startStoreProcess, type StoreProcess, type StoreProcessOptions } from './store-process.ts';
import { untilAnswered } from './until-answered.ts';

/** An empty store under test. */
export interface SessionStoreFixture {
  readonly store: SessionStore;
  /** Makes the store unable to do its work, as an outage would. */
  breakDown(): void | Promise<void>;
  close(): void | Promise<void>;
  /** How other processes open the same data. Their `openSubject` resolves to a `SessionStore`. */
  readonly processes?: StoreProcessOptions;
}

export interface SessionStoreContractOptions {
  readonly name: string;
  /** For a server that does not update conditionally in one step: the cases in which several write at once do not run. */
  readonly withoutRaces?: boolean;
  open(): Promise<SessionStoreFixture>;
}

/** For cases that start processes, or write hundreds of rows to a disk, on a machine that does other things as well. */
const slowCaseMilliseconds = 120_000;

/** What every session store must do, whatever it keeps its records in. */
export function sessionStoreContract(options: SessionStoreContractOptions): void {
  const hasNoRaces = options.withoutRaces === true;
  describe(`session store: ${options.name}`, () => {
    let fixture: SessionStoreFixture;
    let store: SessionStore;
    beforeEach(async () => {
      fixture = await options.open();
      store = fixture.store;
    });
    afterEach(() => fixture.close());

    const stored = async (change: Partial<SessionRecord> = {}): Promise<SessionRecord> => {
      const record = makeSessionRecord(change);
      await store.create(record);
      return record;
    };

    describe('creating and finding', () => {
      it('keeps every field of a record', async () => {
        const record = await stored({ org: 'acme', actor: 'root', amr: ['pwd', 'otp'], acr: 'mfa' });
        expect(await store.findBySid(record.sid)).toEqual(record);
        expect(await store.findByTokenHash([record.tokenHash])).toEqual(record);
      });

      it('leaves out the fields that a record does not have', async () => {
        const { sid } = await stored();
        const found = await store.findBySid(sid);
        expect(Object.keys(found ?? {})).not.toEqual(expect.arrayContaining(['revokedAt']));
        expect(found).not.toHaveProperty('org');
        expect(found).not.toHaveProperty('actor');
      });

      it('finds a record by any of several hashes', async () => {
        const record = await stored();
        expect(await store.findByTokenHash(['newest', record.tokenHash, 'oldest'])).toEqual(record);
      });

      it.each([
        { name: 'no hash', hashes: [] },
        { name: 'an unknown hash', hashes: ['unknown'] },
        { name: 'an empty hash', hashes: [''] },
        { name: 'a pattern', hashes: ['%', '*', '.*'] },
        { name: 'a piece of SQL', hashes: ["' OR 1=1 --", '") OR ("1"="1'] },
      ])('finds nothing by $name', async ({ hashes }) => {
        await stored();
        expect(await store.findByTokenHash(hashes)).toBeNull();
      });

      it('finds nothing when a sid is presented as a hash, or a hash as a sid', async () => {
        const { sid, tokenHash } = await stored();
        expect(await store.findByTokenHash([sid])).toBeNull();
        expect(await store.findBySid(tokenHash)).toBeNull();
      });

      it('tells apart hashes that differ only in case', async () => {
        await stored({ tokenHash: 'abcDEF' });
        expect(await store.findByTokenHash(['ABCdef'])).toBeNull();
      });

      it.each(['sid', 'tokenHash'] as const)('refuses a second record with the same %s', async (field) => {
        const first = await stored();
        const second = makeSessionRecord({ [field]: first[field], subject: 'eve' });
        await expect(store.create(second)).rejects.toThrow();
        expect(await store.findBySid(first.sid)).toEqual(first);
        expect(await store.listLive('eve', after(1))).toEqual([]);
      });

      it('lets exactly one of several parallel creations of a sid through', async () => {
        const records = Array.from({ length: 10 }, () => makeSessionRecord({ sid: 'contended' }));
        const outcomes = await Promise.allSettled(records.map((record) => store.create(record)));
        expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      });
    });

    describe('listing', () => {
      it('lists the live sessions of one user, most recently active first', async () => {
        const older = await stored({ lastActiveAt: after(10) });
        const newer = await stored({ lastActiveAt: after(20) });
        expect(await store.listLive('ada', after(30))).toEqual([newer, older]);
      });

      it('leaves out sessions of others and those that are revoked, idle for too long or past their end', async () => {
        await stored({ subject: 'eve' });
        await stored({ idleExpiresAt: after(30) });
        await stored({ absoluteExpiresAt: after(30) });
        const { sid } = await stored();
        await store.revoke(sid, 'ada', 'signed-out', after(1));
        expect(await store.listLive('ada', after(30))).toEqual([]);
      });

      it('lists every session of a user who has many', async () => {
        await Promise.all(Array.from({ length: 120 }, () => stored()));
        expect(await store.listLive('ada', after(1))).toHaveLength(120);
      });
    });

    describe('changing authority', () => {
      it('writes the change, raises the generation by one and leaves the rest alone', async () => {
        const record = await stored();
        const change = { acr: 'mfa', amr: ['pwd', 'otp'], authTime: after(60) } as const;
        const expected = { ...record, ...change, generation: 2 };
        expect(await store.change(record.sid, 1, change)).toEqual({ kind: 'written', record: expected });
        expect(await store.findBySid(record.sid)).toEqual(expected);
      });

      it('answers to a new token hash, and no longer to the one before', async () => {
        const { sid, tokenHash } = await stored();
        await store.change(sid, 1, { tokenHash: 'fresh' });
        expect(await store.findByTokenHash([tokenHash])).toBeNull();
        expect(await store.findByTokenHash(['fresh'])).toMatchObject({ sid });
      });

      it('moves one session to another organisation and leaves those of the same user and of colleagues alone', async () => {
        const moved = await stored({ org: 'acme' });
        const others = [await stored({ org: 'acme' }), await stored(), await stored({ subject: 'eve', org: 'acme' })];
        await store.change(moved.sid, 1, { org: 'globex' });
        expect(await store.findBySid(moved.sid)).toMatchObject({ org: 'globex', subject: 'ada' });
        for (const other of others) expect(await store.findBySid(other.sid)).toEqual(other);
      });

      it.each([0, 2, -1])('writes nothing when it expects generation %i', async (generation) => {
        const record = await stored();
        expect(await store.change(record.sid, generation, { acr: 'phr' })).toEqual({ kind: 'stale' });
        expect(await store.findBySid(record.sid)).toEqual(record);
      });

      it('writes nothing to a revoked session, whichever generation it expects', async () => {
        const { sid } = await stored();
        await store.revoke(sid, 'ada', 'signed-out', after(1));
        const tombstone = await store.findBySid(sid);
        for (const generation of [1, 2])
          expect(await store.change(sid, generation, { acr: 'phr' })).toEqual({ kind: 'revoked' });
        expect(await store.findBySid(sid)).toEqual(tombstone);
      });

      it('reports a session that it does not know', async () => {
        expect(await store.change('unknown', 1, { acr: 'mfa' })).toEqual({ kind: 'unknown' });
      });

      it.skipIf(hasNoRaces)('lets exactly one of several parallel changes of a generation through', async () => {
        const { sid } = await stored();
        const writes = await Promise.all(
          Array.from({ length: 20 }, (_, index) => store.change(sid, 1, { org: `org-${index}` })),
        );
        const written = writes.flatMap((write) => (write.kind === 'written' ? [write.record] : []));
        expect(written).toHaveLength(1);
        expect(await store.findBySid(sid)).toEqual(written[0]);
      });
    });

    describe('noting activity', () => {
      it('moves both times and keeps the generation', async () => {
        const record = await stored();
        await store.recordActivity(record.sid, after(60), after(660));
        const expected = { ...record, lastActiveAt: after(60), idleExpiresAt: after(660) };
        expect(await store.findBySid(record.sid)).toEqual(expected);
      });

      it('never moves time backwards', async () => {
        const { sid } = await stored();
        await store.recordActivity(sid, after(60), after(660));
        await store.recordActivity(sid, after(30), after(630));
        expect(await store.findBySid(sid)).toMatchObject({ lastActiveAt: after(60), idleExpiresAt: after(660) });
      });

      it.skipIf(hasNoRaces)('keeps the latest of several parallel reports', async () => {
        const { sid } = await stored();
        const seconds = [5, 40, 20, 60, 10, 50, 30];
        await Promise.all(seconds.map((second) => store.recordActivity(sid, after(second), after(second + 600))));
        expect(await store.findBySid(sid)).toMatchObject({ lastActiveAt: after(60), idleExpiresAt: after(660) });
      });

      it('does not revive a revoked session', async () => {
        const { sid } = await stored();
        await store.revoke(sid, 'ada', 'signed-out', after(1));
        const tombstone = await store.findBySid(sid);
        await store.recordActivity(sid, after(60), after(660));
        expect(await store.findBySid(sid)).toEqual(tombstone);
      });

      it('does not revive a session that was idle for too long', async () => {
        const record = await stored();
        await store.recordActivity(record.sid, after(600), after(1200));
        expect(await store.findBySid(record.sid)).toEqual(record);
      });

      it('does nothing for a session that it does not know', async () => {
        await store.recordActivity('unknown', after(60), after(660));
        expect(await store.findBySid('unknown')).toBeNull();
      });

      it('does not get in the way of a change that is under way', async () => {
        const { sid } = await stored();
        await store.recordActivity(sid, after(60), after(660));
        expect(await store.change(sid, 1, { acr: 'mfa' })).toMatchObject({ kind: 'written' });
        expect(await store.findBySid(sid)).toMatchObject({ lastActiveAt: after(60), acr: 'mfa' });
      });
    });

    describe('revoking one session', () => {
      it('leaves a tombstone that both handles find', async () => {
        const record = await stored();
        expect(await store.revoke(record.sid, 'ada', 'signed-out', after(5))).toBe(true);
        const tombstone = { ...record, generation: 2, revokedAt: after(5), revokedBecause: 'signed-out' };
        expect(await store.findBySid(record.sid)).toEqual(tombstone);
        expect(await store.findByTokenHash([record.tokenHash])).toEqual(tombstone);
      });

      it("leaves another user's session alone, also that of a colleague", async () => {
        const record = await stored({ org: 'acme' });
        await stored({ subject: 'eve', org: 'acme' });
        expect(await store.revoke(record.sid, 'eve', 'signed-out', after(5))).toBe(false);
        expect(await store.revoke(record.sid, 'acme', 'signed-out', after(5))).toBe(false);
        expect(await store.findBySid(record.sid)).toEqual(record);
      });

      it('is false for a session that it does not know', async () => {
        expect(await store.revoke('unknown', 'ada', 'signed-out', after(5))).toBe(false);
      });

      it('keeps the first reason and time when it is revoked again', async () => {
        const { sid } = await stored();
        await store.revoke(sid, 'ada', 'banned', after(5));
        expect(await store.revoke(sid, 'ada', 'signed-out', after(9))).toBe(false);
        expect(await store.findBySid(sid)).toMatchObject({
          revokedAt: after(5),
          revokedBecause: 'banned',
          generation: 2,
        });
      });

      it('cannot be undone by creating the session again', async () => {
        const record = await stored();
        await store.revoke(record.sid, 'ada', 'signed-out', after(5));
        await expect(store.create(record)).rejects.toThrow();
        expect(await store.findBySid(record.sid)).toMatchObject({ revokedAt: after(5) });
      });

      it.skipIf(hasNoRaces)('is true for exactly one of several parallel callers', async () => {
        const { sid } = await stored();
        const answers = await Promise.all(
          Array.from({ length: 20 }, () => store.revoke(sid, 'ada', 'signed-out', after(5))),
        );
        expect(answers.filter(Boolean)).toHaveLength(1);
      });

      it.skipIf(hasNoRaces)('wins over changes and activity that run at the same time', async () => {
        const { sid } = await stored();
        const disturbances = Array.from({ length: 30 }, async (_, index) => {
          await store.recordActivity(sid, after(index), after(index + 600));
          const current = await store.findBySid(sid);
          return store.change(sid, current?.generation ?? 0, { org: `org-${index}` });
        });
        const [isRevoked] = await Promise.all([store.revoke(sid, 'ada', 'administrator', after(5)), ...disturbances]);
        expect(isRevoked).toBe(true);
        const tombstone = await store.findBySid(sid);
        expect(tombstone).toMatchObject({ revokedAt: after(5), revokedBecause: 'administrator' });
        expect(await store.change(sid, tombstone?.generation ?? 0, { org: 'late' })).toEqual({ kind: 'revoked' });
      });
    });

    describe('revoking every session of a user', () => {
      it('revokes them all, says which, and leaves others alone', async () => {
        const own = [await stored(), await stored()];
        const other = await stored({ subject: 'eve' });
        const ended = await store.revokeAll('ada', 'password-changed', after(5));
        expect([...ended].sort()).toEqual(own.map(({ sid }) => sid).sort());
        expect(await store.listLive('ada', after(6))).toEqual([]);
        expect(await store.listLive('eve', after(6))).toEqual([other]);
      });

      it('keeps the one session that is excepted', async () => {
        const kept = await stored();
        const ended = await stored();
        expect(await store.revokeAll('ada', 'signed-out-elsewhere', after(5), kept.sid)).toEqual([ended.sid]);
        expect(await store.findBySid(kept.sid)).toEqual(kept);
      });

      it("does not spare a user's sessions when the excepted one is another user's", async () => {
        const own = await stored();
        const other = await stored({ subject: 'eve' });
        expect(await store.revokeAll('ada', 'signed-out-elsewhere', after(5), other.sid)).toEqual([own.sid]);
        expect(await store.findBySid(other.sid)).toEqual(other);
      });

      it('ends the sessions of a user in every organisation, and no other sessions there', async () => {
        const own = [await stored({ org: 'acme' }), await stored({ org: 'globex' })];
        const colleague = await stored({ subject: 'eve', org: 'acme' });
        const ended = await store.revokeAll('ada', 'banned', after(5));
        expect([...ended].sort()).toEqual(own.map(({ sid }) => sid).sort());
        expect(await store.findBySid(colleague.sid)).toEqual(colleague);
      });

      it('ends nothing for a user whose name begins or ends like another one, or is a pattern', async () => {
        const record = await stored();
        for (const subject of ['ad', 'adaa', 'Ada', 'ada ', '', '%', '*', '.*'])
          expect(await store.revokeAll(subject, 'banned', after(5))).toEqual([]);
        expect(await store.findBySid(record.sid)).toEqual(record);
      });

      it('resolves to nothing when there is nothing left, and keeps the first reason', async () => {
        const { sid } = await stored();
        await store.revokeAll('ada', 'banned', after(5));
        expect(await store.revokeAll('ada', 'signed-out-everywhere', after(9))).toEqual([]);
        expect(await store.revokeAll('nobody', 'banned', after(9))).toEqual([]);
        expect(await store.findBySid(sid)).toMatchObject({ revokedAt: after(5), revokedBecause: 'banned' });
      });

      it('buries a session that was idle for too long without reporting it, so that no clock revives it', async () => {
        const { sid } = await stored({ idleExpiresAt: after(60) });
        expect(await store.revokeAll('ada', 'banned', after(61))).toEqual([]);
        expect(await store.listLive('ada', after(30))).toEqual([]);
        expect(await store.findBySid(sid)).toMatchObject({ revokedBecause: 'banned' });
      });

      it(
        'revokes hundreds',
        async () => {
          await Promise.all(Array.from({ length: 210 }, () => stored()));
          expect(await store.revokeAll('ada', 'banned', after(5))).toHaveLength(210);
          expect(await store.listLive('ada', after(6))).toEqual([]);
        },
        slowCaseMilliseconds,
      );

      it.skipIf(hasNoRaces)('reports each session to exactly one of several parallel callers', async () => {
        const records = await Promise.all(Array.from({ length: 20 }, () => stored()));
        const answers = await Promise.all(
          Array.from({ length: 5 }, () => store.revokeAll('ada', 'signed-out-everywhere', after(5))),
        );
        expect(answers.flat().sort()).toEqual(records.map(({ sid }) => sid).sort());
      });

      it.skipIf(hasNoRaces)('is complete although the sessions change while it runs', async () => {
        const records = await Promise.all(Array.from({ length: 10 }, () => stored()));
        const changes = records.flatMap(({ sid }) =>
          [1, 2, 3, 4, 5].map((generation) => store.change(sid, generation, { org: `org-${generation}` })),
        );
        const [ended] = await Promise.all([store.revokeAll('ada', 'banned', after(5)), ...changes]);
        expect(ended).toHaveLength(10);
        expect(await store.listLive('ada', after(6))).toEqual([]);
      });
    });

    describe('deleting what is over', () => {
      it('deletes records at their absolute expiry, tombstones too, and keeps the rest', async () => {
        await stored({ absoluteExpiresAt: after(100) });
        const revoked = await stored({ absoluteExpiresAt: after(100) });
        await store.revoke(revoked.sid, 'ada', 'signed-out', after(5));
        const idle = await stored({ idleExpiresAt: after(50) });
        const live = await stored({ absoluteExpiresAt: after(101), idleExpiresAt: after(101) });
        expect(await store.deleteExpired(after(100))).toBe(2);
        expect(await store.findBySid(revoked.sid)).toBeNull();
        expect(await store.findBySid(idle.sid)).toEqual(idle);
        expect(await store.findBySid(live.sid)).toEqual(live);
      });

      it('keeps the tombstone of a session that could otherwise still be used', async () => {
        const { sid } = await stored();
        await store.revoke(sid, 'ada', 'signed-out', after(5));
        expect(await store.deleteExpired(after(3599))).toBe(0);
        expect(await store.findBySid(sid)).toMatchObject({ revokedBecause: 'signed-out' });
      });
    });

    describe('when the store is down', () => {
      const calls: readonly { name: string; call: (sid: string) => Promise<unknown> }[] = [
        { name: 'create', call: () => store.create(makeSessionRecord()) },
        { name: 'findByTokenHash', call: () => store.findByTokenHash(['hash']) },
        { name: 'findBySid', call: (sid) => store.findBySid(sid) },
        { name: 'listLive', call: () => store.listLive('ada', after(1)) },
        { name: 'change', call: (sid) => store.change(sid, 1, { acr: 'mfa' }) },
        { name: 'recordActivity', call: (sid) => store.recordActivity(sid, after(1), after(601)) },
        { name: 'revoke', call: (sid) => store.revoke(sid, 'ada', 'signed-out', after(1)) },
        { name: 'revokeAll', call: () => store.revokeAll('ada', 'signed-out-everywhere', after(1)) },
        { name: 'deleteExpired', call: () => store.deleteExpired(after(1)) },
      ];

      it.each(calls)('$name rejects with SP_STORE_UNAVAILABLE', async ({ call }) => {
        const { sid } = await stored();
        await fixture.breakDown();
        await expect(call(sid)).rejects.toMatchObject({ code: 'SP_STORE_UNAVAILABLE' });
      });
    });

    describe('in several processes', () => {
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
  });
}

function isOfKind(value: unknown, kind: string): boolean {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === kind;
}
