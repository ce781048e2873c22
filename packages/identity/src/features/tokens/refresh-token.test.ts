import { createSealer } from '@sallyport/stores';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toCheckedToken } from '@sallyport/core';
import { firstSecret } from '../../identity.test-support.ts';
import { createRefreshTokens, refreshTokenPurpose } from './refresh-token.ts';

const secondSecret = { version: 2, value: 'Zr7Bw1Nx5Qk9Tj3Lm8Vd2Gh6Cp4Fs0Ay' };
const withVersions = (...versions: readonly (typeof firstSecret)[]) =>
  createRefreshTokens(createSealer(versions)(refreshTokenPurpose));
const tokens = withVersions(firstSecret);
const family = 'Jx3kfM2nQp8rTv5wYz7abA';

describe('a refresh token', () => {
  it('is read as what it is, and so is each that follows', () => {
    let token = tokens.first(family);
    for (let number = 0; number < 50; number++) {
      expect(token).toMatchObject({ family, number });
      expect(token.text).toMatch(/^sp_rt_[A-Za-z0-9_-]+$/);
      expect(tokens.read(token.text)).toEqual(token);
      token = tokens.successorsOf(token)[0] ?? token;
    }
  });

  it('is followed by the same one each time, and by another one than every other', () => {
    const [one, other] = [tokens.first(family), tokens.first(family)];
    expect(tokens.successorsOf(one)).toEqual(tokens.successorsOf(one));
    expect(tokens.successorsOf(one)[0]?.text).not.toBe(tokens.successorsOf(other)[0]?.text);
  });

  it('is none with any one character changed', () => {
    const { text } = tokens.first(family);
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.stringMatching(/^[\w-]$/), (at, other) => {
        fc.pre(text[at] !== other);
        return tokens.read(text.slice(0, at) + other + text.slice(at + 1)) === undefined;
      }),
    );
  });

  it('is none with a made-up secret under a checksum that is right', () => {
    const { text } = tokens.first(family);
    fc.assert(
      fc.property(fc.integer({ min: 6, max: text.length - 7 }), fc.stringMatching(/^[\w-]$/), (at, other) => {
        fc.pre(text[at] !== other);
        const body = text.slice(6, at) + other + text.slice(at + 1, -6);
        return tokens.read(toCheckedToken('sp_rt_', body)) === undefined;
      }),
    );
  });

  it.each([
    { name: 'nothing', change: () => '' },
    { name: 'one without its prefix', change: (text: string) => text.slice(6) },
    { name: 'one in capitals', change: (text: string) => text.toUpperCase() },
    { name: 'one with a blank behind it', change: (text: string) => `${text} ` },
    { name: 'one that comes twice', change: (text: string) => text + text },
    { name: 'one of an API key', change: (text: string) => text.replace('sp_rt_', 'sp_key_') },
    { name: 'a megabyte', change: () => 'x'.repeat(1_000_000) },
    { name: 'its family alone', change: () => toCheckedToken('sp_rt_', family) },
  ])('is not $name', ({ change }) => {
    expect(tokens.read(change(tokens.first(family).text))).toBeUndefined();
  });

  it('is one of another deployment nowhere else', () => {
    expect(withVersions(secondSecret).read(tokens.first(family).text)).toBeUndefined();
  });

  it('lives on while the root secret changes', () => {
    const rotating = withVersions(secondSecret, firstSecret);
    const token = tokens.first(family);
    expect(rotating.read(token.text)).toEqual(token);
    // What was made of it before the change is among what can be made of it now.
    expect(rotating.successorsOf(token)).toContainEqual(tokens.successorsOf(token)[0]);
    const next = rotating.successorsOf(token)[0];
    expect(rotating.read(next?.text ?? '')).toEqual(next);
    expect(tokens.read(next?.text ?? '')).toBeUndefined();
    expect(rotating.hashes(token)).toContain(tokens.hash(token));
  });

  it('is stored as a hash that says nothing of it', () => {
    const token = tokens.first(family);
    expect(tokens.hash(token)).not.toContain(token.text.slice(34, 77));
    expect(tokens.hash(token)).toMatch(/^[\w-]{43}$/);
  });
});
