import type {
  BusMessage,
  InvalidationBus,
  KeyAlgorithm,
  KeyRing,
  KeyRingEntry,
  KeyUse,
  RotatingKeyRing,
} from '@sallyport/core';
import { calculateJwkThumbprint, createLocalJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startStoreProcess, type StoreProcess, type StoreProcessOptions } from './store-process.ts';
import { untilAnswered } from './until-answered.ts';

/** How a ring is opened in a contract test. */
export interface OpenRingOptions {
  readonly uses?: readonly KeyUse[];
  /** The root secret under which keys are sealed; another one stands for a secret that was lost. @default 'first' */
  readonly secret?: 'first' | 'second';
  readonly now?: () => Date;
  readonly algorithm?: KeyAlgorithm;
  readonly rotationDays?: number;
  readonly bus?: InvalidationBus;
}

/** An empty place for keys under test. */
export interface KeyRingFixture {
  openRing(options?: OpenRingOptions): Promise<RotatingKeyRing>;
  /** Reads what is stored, as a reader of the database would. */
  readRows(): Promise<readonly KeyRingEntry[]>;
  /** Writes a column, as a writer to the database would; `slot` follows the state. */
  changeRow(kid: string, change: Partial<KeyRingEntry>): Promise<void>;
  /** Removes every key. */
  removeRows(): Promise<void>;
  /** Makes the store unable to do its work, as an outage would. */
  breakDown(): void | Promise<void>;
  close(): void | Promise<void>;
  /** How other processes open the same data. Their `openSubject` resolves to `{ readKid(use), start() }`. */
  readonly processes?: StoreProcessOptions;
}

export interface KeyRingContractOptions {
  readonly name: string;
  open(): Promise<KeyRingFixture>;
}

const day = 86_400_000;

/** For cases that start processes, on a machine that does other things as well. */
const slowCaseMilliseconds = 120_000;

/** What every key ring must do, whatever it keeps its keys in. */
export function keyRingContract(options: KeyRingContractOptions): void {
  describe(`key ring: ${options.name}`, () => {
    let fixture: KeyRingFixture;
    beforeEach(async () => {
      fixture = await options.open();
    });
    afterEach(() => fixture.close());

    const kidsOf = (ring: KeyRing, use: KeyUse = 'internal'): readonly (string | undefined)[] =>
      ring.publicKeys(use).keys.map(({ kid }) => kid);

    const signerOf = (ring: KeyRing): string | undefined =>
      decodeProtectedHeader(ring.sign('internal', 'at+jwt', {})).kid;

    /** Makes the current key into one that is not current any more, so that the next ring makes another. */
    const retireCurrentKey = async (change: Partial<KeyRingEntry>): Promise<string> => {
      const current = (await fixture.readRows()).find(({ state }) => state === 'current');
      if (current === undefined) throw new TypeError('there is no current key');
      await fixture.changeRow(current.kid, change);
      return current.kid;
    };

    describe('signing', () => {
      it('makes tokens that verify under the published keys', async () => {
        const ring = await fixture.openRing();
        const token = ring.sign('internal', 'at+jwt', { sub: 'ada', nested: { n: [1, 'two'] } });
        const { payload, protectedHeader } = await jwtVerify(token, createLocalJWKSet(ring.publicKeys('internal')));
        expect(payload).toEqual({ sub: 'ada', nested: { n: [1, 'two'] } });
        expect(protectedHeader).toEqual({ alg: 'ES256', typ: 'at+jwt', kid: kidsOf(ring)[0] });
      });

      it('makes tokens that do not verify when a claim is changed', async () => {
        const ring = await fixture.openRing();
        const [header, , signature] = ring.sign('internal', 'at+jwt', { sub: 'ada' }).split('.');
        const payload = Buffer.from(JSON.stringify({ sub: 'eve' })).toString('base64url');
        const keys = createLocalJWKSet(ring.publicKeys('internal'));
        await expect(jwtVerify(`${header}.${payload}.${signature}`, keys)).rejects.toThrow();
      });

      it('refuses a use that it was not opened for', async () => {
        const ring = await fixture.openRing();
        expect(() => ring.sign('oidc', 'JWT', {})).toThrow(TypeError);
        expect(ring.publicKeys('oidc')).toEqual({ keys: [] });
      });

      it('counts its signatures', async () => {
        const ring = await fixture.openRing();
        expect(ring.signatureCount).toBe(0);
        ring.sign('internal', 'at+jwt', {});
        ring.sign('internal', 'at+jwt', {});
        expect(ring.signatureCount).toBe(2);
      });
    });

    describe('publishing', () => {
      it('names a key by its thumbprint and gives away no private part', async () => {
        const ring = await fixture.openRing();
        const [key] = ring.publicKeys('internal').keys;
        expect(Object.keys(key ?? {}).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
        expect(key).toMatchObject({ kty: 'EC', crv: 'P-256', alg: 'ES256', use: 'sig' });
        expect(key?.kid).toBe(await calculateJwkThumbprint(key ?? {}));
      });

      it('does not let a caller change what others are given', async () => {
        const ring = await fixture.openRing();
        const { keys } = ring.publicKeys('internal');
        for (const key of keys) key.kid = 'changed';
        keys.pop();
        expect(kidsOf(ring)).not.toContain('changed');
        expect(kidsOf(ring)).toHaveLength(1);
      });

      it('keeps a key of its own for every use', async () => {
        const ring = await fixture.openRing({ uses: ['internal', 'oidc'] });
        expect(kidsOf(ring, 'internal')).toHaveLength(1);
        expect(kidsOf(ring, 'oidc')).toHaveLength(1);
        expect(kidsOf(ring, 'internal')).not.toEqual(kidsOf(ring, 'oidc'));
        const token = ring.sign('oidc', 'JWT', {});
        await expect(jwtVerify(token, createLocalJWKSet(ring.publicKeys('internal')))).rejects.toThrow();
      });

      it.each(['next', 'retiring'] as const)('publishes a %s key and does not sign with it', async (state) => {
        await fixture.openRing();
        const other = await retireCurrentKey({ state: 'retiring' });
        await fixture.openRing();
        await fixture.changeRow(other, { state });
        const ring = await fixture.openRing();
        expect(kidsOf(ring)).toHaveLength(2);
        expect(kidsOf(ring)).toContain(other);
        expect(signerOf(ring)).not.toBe(other);

        // The other way round, so that the order of the rows does not decide.
        const second = await retireCurrentKey({ state: 'retiring' });
        await fixture.changeRow(other, { state: 'current' });
        await fixture.changeRow(second, { state });
        const turned = await fixture.openRing();
        expect(kidsOf(turned)).toContain(second);
        expect(signerOf(turned)).toBe(other);
      });

      it('stops publishing a retiring key when its time is over, without a new start', async () => {
        await fixture.openRing();
        const over = new Date(Date.now() + day);
        const retiring = await retireCurrentKey({ state: 'retiring', verifyUntil: over });
        let now = new Date(over.getTime() - 1);
        const ring = await fixture.openRing({ now: () => now });
        expect(kidsOf(ring)).toContain(retiring);
        now = over;
        expect(kidsOf(ring)).not.toContain(retiring);
        expect(kidsOf(ring)).toHaveLength(1);
      });

      it('keeps publishing the current key when no process rotated it in time', async () => {
        const ring = await fixture.openRing({ now: () => new Date(Date.now() + 1000 * day) });
        expect(kidsOf(ring)).toHaveLength(1);
        const later = await fixture.openRing({ now: () => new Date(Date.now() + 9000 * day) });
        expect(kidsOf(later)).toEqual(kidsOf(ring));
      });
    });

    describe('starting', () => {
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

    describe('rotating', () => {
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

    describe.each(['ES256', 'EdDSA', 'RS256'] as const)('signing with %s', (algorithm) => {
      it('makes tokens that verify under the published keys, and binds the algorithm to the key', async () => {
        const ring = await fixture.openRing({ algorithm });
        const token = ring.sign('internal', 'at+jwt', { sub: 'ada' });
        const { keys } = ring.publicKeys('internal');
        expect(keys).toMatchObject([{ alg: algorithm, use: 'sig', kid: await calculateJwkThumbprint(keys[0] ?? {}) }]);
        expect(Object.keys(keys[0] ?? {})).not.toContain('d');
        const { protectedHeader } = await jwtVerify(token, createLocalJWKSet({ keys }));
        expect(protectedHeader.alg).toBe(algorithm);
      });

      it('takes over from keys of another algorithm once verifiers know the new one', async () => {
        const other = algorithm === 'ES256' ? 'EdDSA' : 'ES256';
        const start = new Date();
        const before = await fixture.openRing({ algorithm: other, now: () => start });
        await before.start();
        before.close();
        const token = before.sign('internal', 'at+jwt', { sub: 'ada' });
        const algorithmAt = async (seconds: number): Promise<unknown> => {
          const now = new Date(start.getTime() + seconds * 1000);
          const ring = await fixture.openRing({ algorithm, now: () => now });
          await ring.start();
          ring.close();
          await jwtVerify(token, createLocalJWKSet(ring.publicKeys('internal')), { currentDate: start });
          return decodeProtectedHeader(ring.sign('internal', 'at+jwt', {})).alg;
        };
        expect(await algorithmAt(0)).toBe(other);
        expect(await algorithmAt(2 * before.maxAgeSeconds - 1)).toBe(other);
        expect(await algorithmAt(2 * before.maxAgeSeconds)).toBe(algorithm);
        expect(await algorithmAt(2 * before.maxAgeSeconds)).toBe(algorithm);
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
