import type { SessionStore } from '@sallyport/core';
import { beforeEach, describe, expect, it } from 'vitest';
import { after } from '../session-fixture.ts';
import type { OpenedStore } from './opened-store.ts';
import { slowCaseMilliseconds } from '../slow-case.ts';

/** How sessions end. */
export function revocationCases(opened: OpenedStore): void {
  const { hasNoRaces, stored } = opened;

  describe('revoking one session', () => {
    let store: SessionStore;
    beforeEach(() => {
      store = opened.fixture().store;
    });

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
    let store: SessionStore;
    beforeEach(() => {
      store = opened.fixture().store;
    });

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
}
