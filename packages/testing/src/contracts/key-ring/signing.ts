import { calculateJwkThumbprint, createLocalJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { beforeEach, describe, expect, it } from 'vitest';
import { day, kidsOf, signerOf, type KeyRingFixture, type OpenedKeys } from './opened-keys.ts';

/** What is signed, under which algorithm, and what is published. */
export function signingCases(opened: OpenedKeys): void {
  const { retireCurrentKey } = opened;

  describe('signing', () => {
    let fixture: KeyRingFixture;
    beforeEach(() => {
      fixture = opened.fixture();
    });

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
    let fixture: KeyRingFixture;
    beforeEach(() => {
      fixture = opened.fixture();
    });

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
      for (const key of keys) Object.assign(key, { kid: 'changed' });
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

  describe.each(['ES256', 'EdDSA', 'RS256'] as const)('signing with %s', (algorithm) => {
    let fixture: KeyRingFixture;
    beforeEach(() => {
      fixture = opened.fixture();
    });

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
}
