import { createLocalKeySource, createTokenVerifier } from '@sallyport/core';
import { afterEach, describe, expect, it } from 'vitest';
import { startFakeClock, type FakeClock } from './fake-clock.ts';
import { createTestIssuer } from './test-issuer.ts';

describe('a fake clock', () => {
  const RealDate = Date;
  let clock: FakeClock | undefined;
  afterEach(() => clock?.restore());

  it('stands still until it is moved', () => {
    clock = startFakeClock(new Date('2026-03-01T12:00:00Z'));
    expect([Date.now(), new Date().getTime()]).toEqual([clock.now(), clock.now()]);
    clock.advance(90);
    expect(new Date().toISOString()).toBe('2026-03-01T12:01:30.000Z');
    clock.set(new Date('2027-01-01T00:00:00Z'));
    expect(new Date().getUTCFullYear()).toBe(2027);
  });

  it('leaves the other ways to make a date as they are', () => {
    const before = new Date(5);
    clock = startFakeClock();
    expect(before).toBeInstanceOf(Date);
    expect(new Date()).toBeInstanceOf(RealDate);
    expect(new Date(7).getTime()).toBe(7);
    expect(new Date(2026, 0, 2).getDate()).toBe(2);
    expect(Date.UTC(1970, 0, 1)).toBe(0);
    expect(Date()).toBe(new Date().toString());
    class Day extends Date {}
    expect(new Day()).toBeInstanceOf(Day);
    expect(new Day().getTime()).toBe(clock.now());
  });

  it('gives the real clock back', () => {
    clock = startFakeClock(new Date(0));
    clock.restore();
    expect(Date).toBe(RealDate);
    expect(Date.now()).toBeGreaterThan(1_000_000);
  });

  it('ends the life of a token, while timers run on', async () => {
    const issuer = createTestIssuer();
    const keys = createLocalKeySource(issuer.jwks());
    const verifier = createTokenVerifier({ issuer: issuer.issuer, audience: issuer.audience, keys });
    clock = startFakeClock();
    const token = issuer.issueToken({ expiresInSeconds: 30 });
    await expect(verifier.verify(token)).resolves.toMatchObject({ id: 'user-1' });
    clock.advance(60);
    expect(verifier.recall(token)).toBeUndefined();
    await expect(verifier.verify(token)).rejects.toMatchObject({ code: 'SP_TOKEN_EXPIRED' });
    await new Promise((resolve) => setTimeout(resolve, 5));
  });
});
