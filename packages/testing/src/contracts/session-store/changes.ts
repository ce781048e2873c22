import type { SessionStore } from '@sallyport/core';
import { beforeEach, describe, expect, it } from 'vitest';
import { after } from '../session-fixture.ts';
import type { OpenedStore } from './opened-store.ts';

/** Changes of authority, and activity. */
export function changeCases(opened: OpenedStore): void {
  const { hasNoRaces, stored } = opened;

  describe('changing authority', () => {
    let store: SessionStore;
    beforeEach(() => {
      store = opened.fixture().store;
    });

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

    it('takes the organisation from a session, and leaves the rest of it alone', async () => {
      const { org: _org, ...record } = await stored({ org: 'acme' });
      const expected = { ...record, generation: 2 };
      expect(await store.change(record.sid, 1, { org: null })).toEqual({ kind: 'written', record: expected });
      expect(await store.findBySid(record.sid)).toEqual(expected);
      expect(await store.change(record.sid, 2, { org: null })).toMatchObject({ kind: 'written' });
      expect(await store.findBySid(record.sid)).not.toHaveProperty('org');
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
    let store: SessionStore;
    beforeEach(() => {
      store = opened.fixture().store;
    });

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
}
