import { toCheckedToken } from '@sallyport/core';
import { createSealer } from '@sallyport/stores';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { firstSecret } from '../../identity.test-support.ts';
import { createOpaqueTokens, hasOpaqueTokenForm, opaqueTokenPurpose } from './opaque-token.ts';
import { createRefreshTokens, refreshTokenPurpose } from './refresh-token.ts';

const secondSecret = { version: 2, value: 'Zr7Bw1Nx5Qk9Tj3Lm8Vd2Gh6Cp4Fs0Ay' };
const withVersions = (...versions: readonly (typeof firstSecret)[]) =>
  createOpaqueTokens(createSealer(versions)(opaqueTokenPurpose));
const tokens = withVersions(firstSecret);
const family = 'Jx3kfM2nQp8rTv5wYz7abA';
const expiresAt = 1_796_000_000;
const text = tokens.issue({ family, expiresAt });
const another = fc.stringMatching(/^[\w-]$/);

describe('an opaque access token', () => {
  it('is read as what it is, and shows no claim', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[\w-]{22}$/), fc.nat(4_000_000_000), (sid, end) => {
        const issued = tokens.issue({ family: sid, expiresAt: end });
        expect(issued).toMatch(/^sp_at_[A-Za-z0-9_-]{89}$/);
        expect(hasOpaqueTokenForm(issued)).toBe(true);
        expect(tokens.read(issued)).toEqual({ family: sid, expiresAt: end });
      }),
    );
  });

  it('is another one each time that it is issued', () => {
    expect(tokens.issue({ family, expiresAt })).not.toBe(text);
  });

  it('is none with any one character changed', () => {
    fc.assert(
      fc.property(fc.nat(text.length - 1), another, (at, other) => {
        fc.pre(text[at] !== other);
        return tokens.read(text.slice(0, at) + other + text.slice(at + 1)) === undefined;
      }),
    );
  });

  it('is none with a made-up part under a checksum that is right', () => {
    fc.assert(
      fc.property(fc.integer({ min: 6, max: text.length - 7 }), another, (at, other) => {
        fc.pre(text[at] !== other);
        const body = text.slice(6, at) + other + text.slice(at + 1, -6);
        return tokens.read(toCheckedToken('sp_at_', body)) === undefined;
      }),
    );
  });

  it.each([
    ['empty', ''],
    ['the prefix alone', 'sp_at_'],
    ['one with something behind', `${text}x`],
    ['one with a blank in front', ` ${text}`],
    ['one cut short', text.slice(0, -1)],
    ['a refresh token', createRefreshTokens(createSealer([firstSecret])(refreshTokenPurpose)).first(family).text],
    ['one under another prefix', toCheckedToken('sp_rt_', text.slice(6, -6))],
    ['a long text', `sp_at_${'a'.repeat(100_000)}`],
    ['made under another secret', withVersions(secondSecret).issue({ family, expiresAt })],
    [
      'made for another purpose',
      createOpaqueTokens(createSealer([firstSecret])('refresh-token')).issue({ family, expiresAt }),
    ],
  ])('is none when it is %s', (_, presented) => {
    expect(tokens.read(presented)).toBeUndefined();
  });

  it('is good under every version of the root secret that is accepted, and issued under the newest', () => {
    const both = withVersions(secondSecret, firstSecret);
    expect(both.read(text)).toEqual({ family, expiresAt });
    expect(withVersions(secondSecret).read(both.issue({ family, expiresAt }))).toEqual({ family, expiresAt });
    expect(withVersions(secondSecret).read(text)).toBeUndefined();
  });
});
