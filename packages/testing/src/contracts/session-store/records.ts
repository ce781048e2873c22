import type { SessionStore } from '@sallyport/core';
import { beforeEach, describe, expect, it } from 'vitest';
import { after, makeSessionRecord } from '../session-fixture.ts';
import type { OpenedStore } from './opened-store.ts';

/** How records are made, found, listed and deleted. */
export function recordCases(opened: OpenedStore): void {
  const { stored } = opened;

  describe('creating and finding', () => {
    let store: SessionStore;
    beforeEach(() => {
      store = opened.fixture().store;
    });

    it('keeps every field of a record', async () => {
      const record = await stored({
        org: 'acme',
        actor: 'root',
        amr: ['pwd', 'otp'],
        acr: 'mfa',
        provider: { id: 'staff', issuer: 'https://sso.example.test', sid: 'of-the-provider' },
      });
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
    let store: SessionStore;
    beforeEach(() => {
      store = opened.fixture().store;
    });

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

  describe('deleting what is over', () => {
    let store: SessionStore;
    beforeEach(() => {
      store = opened.fixture().store;
    });

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
}
