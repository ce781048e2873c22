import { createLocalJWKSet, jwtVerify } from 'jose';
import { beforeEach, describe, expect, it } from 'vitest';
import { startStoreProcess, type StoreProcess } from '../store-process.ts';
import { untilAnswered } from '../until-answered.ts';
import { slowCaseMilliseconds } from '../slow-case.ts';
import { kidsOf, type KeyRingFixture, type OpenedKeys } from './opened-keys.ts';

/** What a ring finds or makes when it is opened. */
export function startingCases(opened: OpenedKeys): void {
  const { retireCurrentKey } = opened;

  describe('starting', () => {
    let fixture: KeyRingFixture;
    beforeEach(() => {
      fixture = opened.fixture();
    });

    it('finds the key again', async () => {
      const before = await fixture.openRing();
      const after = await fixture.openRing();
      expect(kidsOf(after)).toEqual(kidsOf(before));
      const token = before.sign('internal', 'at+jwt', { sub: 'ada' });
      await jwtVerify(token, createLocalJWKSet(after.publicKeys('internal')));
    });

    it('ends up with one key when several start at once', async () => {
      const rings = await Promise.all(Array.from({ length: 10 }, () => fixture.openRing()));
      expect(new Set(rings.flatMap((ring) => kidsOf(ring))).size).toBe(1);
      expect(await fixture.readRows()).toHaveLength(1);
    });

    it(
      'ends up with one key when several processes start at once',
      async ({ skip }) => {
        const { processes: how } = fixture;
        if (how === undefined) return skip('the data lives in one process');
        const processes: StoreProcess[] = await Promise.all(Array.from({ length: 3 }, () => startStoreProcess(how)));
        try {
          await Promise.all(processes.map((one) => untilAnswered(() => one.open())));
          const kids = await Promise.all(processes.map((one) => one.call('readKid', 'internal')));
          expect(new Set(kids).size).toBe(1);
          expect(await fixture.readRows()).toHaveLength(1);
        } finally {
          await Promise.all(processes.map((one) => one.kill()));
        }
      },
      slowCaseMilliseconds,
    );

    it(
      'finds one whole key or none after a process was killed while it started',
      async ({ skip }) => {
        const { processes: how } = fixture;
        if (how === undefined) return skip('the data lives in one process');
        for (let round = 0; round < 3; round += 1) {
          const victim = await startStoreProcess(how);
          const opening = victim.open().catch(() => undefined);
          await new Promise((resolve) => setTimeout(resolve, round * 7));
          await victim.kill();
          await opening;
          const ring = await untilAnswered(() => fixture.openRing());
          expect(kidsOf(ring)).toHaveLength(1);
          expect(await fixture.readRows()).toHaveLength(1);
          await fixture.removeRows();
        }
      },
      slowCaseMilliseconds,
    );

    it('stores no private part in clear', async () => {
      await fixture.openRing();
      const [row] = await fixture.readRows();
      expect(row?.sealedPrivate).not.toContain('PRIVATE KEY');
      expect(JSON.parse(row?.publicJwk ?? '')).not.toHaveProperty('d');
    });

    it('fails with an instruction, and makes no new key, when the root secret is another', async () => {
      await fixture.openRing();
      const [row] = await fixture.readRows();
      const failure = fixture.openRing({ secret: 'second' });
      await expect(failure).rejects.toThrow(/SALLYPORT_SECRET/);
      await expect(failure).rejects.toThrow(row?.kid);
      expect(await fixture.readRows()).toHaveLength(1);
    });

    it('starts although a key that is over cannot be opened', async () => {
      await fixture.openRing();
      await retireCurrentKey({ state: 'retiring', verifyUntil: new Date(0), sealedPrivate: 'v1.9.gone' });
      expect(kidsOf(await fixture.openRing())).toHaveLength(1);
    });

    it.each([
      { name: 'the sealed part was changed', change: { sealedPrivate: 'v1.1.AAAA' } },
      { name: 'the key was moved to another use', change: { use: 'oidc' } },
      { name: 'the key was given another id', change: { kid: 'another' } },
      { name: 'the key was given an algorithm that is not supported', change: { alg: 'RS256' } },
    ] as const)('does not start when $name', async ({ change }) => {
      await fixture.openRing();
      const [row] = await fixture.readRows();
      await fixture.changeRow(row?.kid ?? '', change);
      await expect(fixture.openRing()).rejects.toThrow();
    });

    it('never publishes a public part that was written to the database', async () => {
      const before = await fixture.openRing();
      const [row] = await fixture.readRows();
      const foreign = row?.publicJwk.replace(/"x":"[^"]+"/, `"x":"${'A'.repeat(43)}"`);
      await fixture.changeRow(row?.kid ?? '', { publicJwk: foreign ?? '' });
      expect((await fixture.openRing()).publicKeys('internal')).toEqual(before.publicKeys('internal'));
    });

    it('rejects with SP_STORE_UNAVAILABLE when the store is down', async () => {
      await fixture.breakDown();
      await expect(fixture.openRing()).rejects.toMatchObject({ code: 'SP_STORE_UNAVAILABLE' });
    });

    it('signs and publishes while the store is down', async () => {
      const ring = await fixture.openRing();
      await fixture.breakDown();
      const token = ring.sign('internal', 'at+jwt', { sub: 'ada' });
      await jwtVerify(token, createLocalJWKSet(ring.publicKeys('internal')));
    });
  });
}
