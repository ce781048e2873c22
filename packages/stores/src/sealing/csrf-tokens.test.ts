import { describe, expect, it } from 'vitest';
import { createCsrfTokens, csrfSealingPurpose } from '@sallyport/core';
import { createSealer } from './sealer.ts';

const older = { version: 1, value: '11'.repeat(16) };
const newer = { version: 2, value: '22'.repeat(16) };
const tokensUnder = (...versions: (typeof older)[]) => createCsrfTokens(createSealer(versions)(csrfSealingPurpose));

describe('the token of a session against cross-site requests', () => {
  const tokens = tokensUnder(older);
  const token = tokens.tokenFor('session-one');

  it('is the same each time, and another for each session', () => {
    expect(tokens.tokenFor('session-one')).toBe(token);
    expect(tokens.tokenFor('session-two')).not.toBe(token);
    expect(tokens.isTokenOf('session-one', token)).toBe(true);
  });

  it.each([
    ['of another session', 'session-two', token],
    ['that is cut off', 'session-one', token.slice(0, -1)],
    ['with something behind it', 'session-one', `${token}A`],
    ['in another case', 'session-one', token.toLowerCase()],
    ['that is empty', 'session-one', ''],
    ['that is the id of the session', 'session-one', 'session-one'],
    ['made under another secret', 'session-one', tokensUnder(newer).tokenFor('session-one')],
  ])('is not one %s', (_name, sid, presented) => {
    expect(tokens.isTokenOf(sid, presented)).toBe(false);
  });

  it('outlives the rotation of the root secret', () => {
    const rotated = tokensUnder(newer, older);
    expect(rotated.isTokenOf('session-one', token)).toBe(true);
    expect(rotated.isTokenOf('session-one', rotated.tokenFor('session-one'))).toBe(true);
    expect(rotated.tokenFor('session-one')).not.toBe(token);
  });
});
