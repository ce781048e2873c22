import type { BusMessage, InvalidationBus, KeyRing, RotatingKeyRing } from '@sallyport/core';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { beforeEach, describe, expect, it } from 'vitest';
import { startStoreProcess, type StoreProcess } from '../store-process.ts';
import { untilAnswered } from '../until-answered.ts';
import { slowCaseMilliseconds } from '../slow-case.ts';
import { day, kidsOf, signerOf, type KeyRingFixture, type OpenedKeys, type OpenRingOptions } from './opened-keys.ts';

/** How keys change and are taken away. */
export function rotatingCases(opened: OpenedKeys): void {
  const { retireCurrentKey } = opened;

  describe('rotating', () => {
    let fixture: KeyRingFixture;
    beforeEach(() => {
      fixture = opened.fixture();
    });

    const started = Date.now();
    const at = (days: number, seconds = 0): Date => new Date(started + days * day + seconds * 1000);
    /** What a process does that looks at the ring at this time. */
    const lookAt = async (time: Date, options: OpenRingOptions = {}): Promise<RotatingKeyRing> => {
      const ring = await fixture.openRing({ now: () => time, ...options });
      await ring.start();
      ring.close();
      return ring;
    };
    const statesOf = async (): Promise<Record<string, string>> =>
      Object.fromEntries((await fixture.readRows()).map(({ kid, state }) => [kid, state]));
    const kidIn = async (state: string): Promise<string> => {
      const [found, ...others] = (await fixture.readRows()).filter((row) => row.state === state);
      if (found === undefined || others.length > 0) throw new TypeError(`there is not exactly one ${state} key`);
      return found.kid;
    };
    const verifies = async (ring: KeyRing, token: string): Promise<boolean> =>
      jwtVerify(token, createLocalJWKSet(ring.publicKeys('internal'))).then(
        () => true,
        () => false,
      );

    it('publishes the next key long before it signs', async () => {
      const ring = await lookAt(at(0));
      const [current, next] = [await kidIn('current'), await kidIn('next')];
      expect(kidsOf(ring)).toEqual(expect.arrayContaining([current, next]));
      expect(signerOf(ring)).toBe(current);
      const { signFrom } = (await fixture.readRows()).find(({ kid }) => kid === next) ?? {};
      expect((signFrom?.getTime() ?? 0) - at(0).getTime()).toBeGreaterThan(2 * ring.maxAgeSeconds * 1000 - 1);
    });

    it('does not let a next key sign that verifiers may not know, however long the change is overdue', async () => {
      await fixture.openRing({ now: () => at(0) });
      const current = await kidIn('current');
      const late = await lookAt(at(200));
      expect(signerOf(late)).toBe(current);
      expect(signerOf(await lookAt(at(200, 2 * late.maxAgeSeconds - 1)))).toBe(current);
      const next = await kidIn('next');
      expect(signerOf(await lookAt(at(200, 2 * late.maxAgeSeconds)))).toBe(next);
    });

    it('changes keys when the time has come, and what the old one signed verifies until its end', async () => {
      const ring = await lookAt(at(0));
      const token = ring.sign('internal', 'at+jwt', { sub: 'ada' });
      const [old, next] = [await kidIn('current'), await kidIn('next')];
      expect(signerOf(await lookAt(at(90, -1)))).toBe(old);

      const changed = await lookAt(at(90));
      expect(signerOf(changed)).toBe(next);
      expect(await statesOf()).toMatchObject({ [old]: 'retiring', [next]: 'current' });
      expect(kidsOf(changed)).toHaveLength(3);
      expect(await verifies(changed, token)).toBe(true);
      // A process that has not noticed yet signs with the old key, and every verifier accepts it.
      expect(await verifies(changed, ring.sign('internal', 'at+jwt', {}))).toBe(true);
      expect(await verifies(await lookAt(at(90, 3600)), token)).toBe(true);

      const later = await lookAt(at(91));
      expect(await verifies(later, token)).toBe(false);
      expect(Object.keys(await statesOf())).not.toContain(old);
      expect(signerOf(later)).toBe(next);
    });

    it('changes keys once, however many look at the same moment', async () => {
      await lookAt(at(0));
      const [old, next] = [await kidIn('current'), await kidIn('next')];
      const rings = await Promise.all(Array.from({ length: 8 }, () => lookAt(at(90))));
      expect(new Set(rings.map((ring) => signerOf(ring)))).toEqual(new Set([next]));
      expect(await kidIn('retiring')).toBe(old);
      expect(await kidIn('current')).toBe(next);
      await kidIn('next');
    });

    it(
      'changes keys once when several processes look at the same moment',
      async ({ skip }) => {
        const { processes: how } = fixture;
        if (how === undefined) return skip('the data lives in one process');
        await lookAt(new Date());
        const [old, next] = [await kidIn('current'), await kidIn('next')];
        await fixture.changeRow(old, { signFrom: new Date(0) });
        await fixture.changeRow(next, { signFrom: new Date(0) });
        const processes: StoreProcess[] = await Promise.all(Array.from({ length: 3 }, () => startStoreProcess(how)));
        try {
          await Promise.all(processes.map((one) => untilAnswered(() => one.open())));
          await Promise.all(processes.map((one) => one.call('start')));
          expect(await kidIn('retiring')).toBe(old);
          expect(await kidIn('current')).toBe(next);
          await kidIn('next');
        } finally {
          await Promise.all(processes.map((one) => one.kill()));
        }
      },
      slowCaseMilliseconds,
    );

    it('finishes a change in which a process was killed', async () => {
      await lookAt(at(0));
      const next = await kidIn('next');
      const old = await retireCurrentKey({ state: 'retiring', verifyUntil: at(1) });
      const ring = await fixture.openRing({ now: () => at(0) });
      expect(signerOf(ring)).toBe(next);
      expect(kidsOf(ring)).toContain(old);
      expect(await kidIn('current')).toBe(next);
    });

    it('does not sign once it may be that others have forgotten its key', async () => {
      let now = at(0);
      const ring = await fixture.openRing({ now: () => now });
      await ring.start();
      const [key] = await fixture.readRows();
      await fixture.breakDown();
      now = at(0, 3600);
      const token = ring.sign('internal', 'at+jwt', { sub: 'ada' });
      expect(await verifies(ring, token)).toBe(true);
      now = at(0, 3601);
      expect(() => ring.sign('internal', 'at+jwt', {})).toThrow(
        expect.objectContaining({ code: 'SP_KEYS_UNAVAILABLE' }),
      );
      // Published all the same: what it signed before is still on its way.
      expect(kidsOf(ring)).toContain(key?.kid);
      ring.close();
    });

    it('lets the key give way on demand, and not before verifiers know the next one', async () => {
      const ring = await lookAt(at(0));
      const [old, next] = [await kidIn('current'), await kidIn('next')];
      expect(await ring.rotate('internal', 'when-known')).toBe(false);
      expect(await kidIn('current')).toBe(old);
      await lookAt(at(0, 2 * ring.maxAgeSeconds));
      expect(await kidIn('current')).toBe(next);

      const known = await fixture.openRing({ now: () => at(1) });
      const third = await kidIn('next');
      expect(await known.rotate('internal', 'when-known')).toBe(true);
      expect(signerOf(known)).toBe(third);
    });

    it('changes keys at once when it must', async () => {
      const ring = await fixture.openRing();
      const old = await kidIn('current');
      expect(await ring.rotate('internal', 'now')).toBe(true);
      expect(await kidIn('retiring')).toBe(old);
      expect(signerOf(ring)).toBe(await kidIn('current'));
    });

    it('takes a key away for good, and signs with the one that verifiers know already', async () => {
      const ring = await lookAt(at(0));
      const token = ring.sign('internal', 'at+jwt', { sub: 'ada' });
      const [old, next] = [await kidIn('current'), await kidIn('next')];
      expect(await ring.withdraw(old)).toMatchObject({ key: { kid: old } });
      expect(kidsOf(ring)).not.toContain(old);
      expect(await verifies(ring, token)).toBe(false);
      expect(signerOf(ring)).toBe(next);
      expect(Object.keys(await statesOf())).not.toContain(old);
      await expect(ring.withdraw(old)).rejects.toMatchObject({ code: 'SP_NOT_FOUND' });
    });

    it('takes a key away from every process that gets the event, before it reads the ring', async () => {
      const bus = createBus();
      const [mine, theirs] = [await fixture.openRing({ bus }), await fixture.openRing({ bus })];
      await mine.start();
      await theirs.start();
      const old = await kidIn('current');
      let seen: readonly (string | undefined)[] | undefined;
      bus.subscribe((message) => {
        if (message.kind === 'revocation' && message.event.minGeneration > 0) seen = kidsOf(theirs);
      });
      expect(await mine.withdraw(old)).toMatchObject({ isAnnounced: true });
      expect(seen).toBeDefined();
      expect(seen).not.toContain(old);
      expect(signerOf(theirs)).not.toBe(old);
      expect(signerOf(theirs)).toBe(signerOf(mine));
      mine.close();
      theirs.close();
    });

    it('clears the caches of this process when a key was taken away without an event', async () => {
      const bus = createBus();
      const ring = await fixture.openRing({ bus });
      const kid = await kidIn('current');
      const received: BusMessage[] = [];
      bus.subscribe((message) => void received.push(message));
      await (await fixture.openRing()).withdraw(kid);
      await ring.start();
      ring.close();
      expect(kidsOf(ring)).not.toContain(kid);
      expect(received).toContainEqual({
        kind: 'revocation',
        event: expect.objectContaining({
          kind: 'key',
          id: kid,
          minGeneration: Number.MAX_SAFE_INTEGER,
        }) as BusMessage,
      });
    });
  });
}

/** A bus of one process. */
function createBus(): InvalidationBus {
  const listeners = new Set<(message: BusMessage) => void>();
  let seq = 0;
  return {
    publish: async (event) => {
      seq += 1;
      for (const listener of listeners) listener({ kind: 'revocation', event: { ...event, seq } });
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    isConnected: () => true,
  };
}
