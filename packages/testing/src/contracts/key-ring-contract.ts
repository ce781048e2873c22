import type { KeyRing, KeyRingEntry, KeyUse } from '@sallyport/core';
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
}

/** An empty place for keys under test. */
export interface KeyRingFixture {
  openRing(options?: OpenRingOptions): Promise<KeyRing>;
  /** Reads what is stored, as somebody who can read the database would. */
  readRows(): Promise<readonly KeyRingEntry[]>;
  /** Writes a column, as somebody who can write to the database would; `slot` follows the state. */
  changeRow(kid: string, change: Partial<KeyRingEntry>): Promise<void>;
  /** Removes every key. */
  removeRows(): Promise<void>;
  /** Makes the store unable to do its work, as an outage would. */
  breakDown(): void | Promise<void>;
  close(): void | Promise<void>;
  /** How other processes open the same data. Their `openSubject` resolves to `{ readKid(use) }`. */
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
        const other = await retireCurrentKey({ state });
        const ring = await fixture.openRing();
        expect(kidsOf(ring)).toHaveLength(2);
        expect(kidsOf(ring)).toContain(other);
        expect(signerOf(ring)).not.toBe(other);

        // The other way round, so that the order of the rows does not decide.
        const second = await retireCurrentKey({ state });
        await fixture.changeRow(other, { state: 'current' });
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

      it('keeps publishing the current key when nobody rotated it in time', async () => {
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

      it('never publishes a public part that somebody wrote to the database', async () => {
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
  });
}
