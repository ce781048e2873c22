import { OptionsError } from '@sallyport/core';
import { describe, expect, it } from 'vitest';
import { createPasswordRules } from './password-rules.ts';

const owner = { name: 'Alice Smith-Jones', email: 'alice.wonder@acme-works.test' };
const accept = createPasswordRules({ minimum: 8, maximum: 128 }, () => 'Sallyport');
const judge = (password: string) => () => accept('password', password, owner);
const unacceptable = expect.objectContaining({ code: 'SP_PASSWORD_UNACCEPTABLE' }) as Error;

describe('a password', () => {
  it.each([
    'correct horse battery staple',
    'violet kettle marches north',
    'tangerine-orbit-9-lantern',
    'Xk7mPq2vLr9tWz4n',
    'q7RkZt0Vw3',
    'grüße an die fröhliche änderung',
    '東京の夜は静かに更けていく',
    'my password is a purple elephant sandwich',
    'lower case only without any sign',
    '739205816473920',
    'x'.repeat(64) + 'Yqm3vrTz',
  ])('may be %j', (password) => expect(judge(password)).not.toThrow());

  it.each([
    'password',
    'Password123!',
    'P4$$w0rd2024',
    'passwordpassword123',
    'letmein-letmein-1',
    'Welcome2025!!',
    'sunshine football princess',
    'iloveyouforever',
    'qwertyuiopasdfgh',
    '1qaz2wsx3edc4rfv',
    '123456789012345',
    '987654321098765',
    'abcdefghijklmnop',
    'aaaaaaaaaaaaaaaa',
    'abcabcabcabcabcabc',
    '12341234123412341234',
    '🦄🦄🦄🦄🦄🦄🦄🦄🦄🦄🦄🦄🦄🦄🦄🦄',
    'sallyport-sallyport',
    'Sallyport2026!!!',
    'alice.wonder2026!',
    'AliceSmithJones1',
    'acme-works-alice-1',
    '               ',
  ])('is not %j, which is guessed first', (password) => expect(judge(password)).toThrow(unacceptable));

  it('is counted in characters, not in bytes or halves of them', () => {
    expect(judge('🦄é3🐝kß7')).toThrow(unacceptable);
    expect(judge('🦄é3🐝kß7ñ')).not.toThrow();
    const longest =
      'q7🦄RkZt0🐝Vw3é'.repeat(10).slice(0, 0) + [...'q7🦄RkZt0🐝Vw3éb'.repeat(10)].slice(0, 128).join('');
    expect(judge(longest)).not.toThrow();
    expect(judge(`${longest}x`)).toThrow(unacceptable);
  });

  it('must be longer when it is the only factor, and the answer says how long', () => {
    const strict = createPasswordRules({ minimum: 15, maximum: 128 }, () => 'Sallyport');
    expect(() => strict('newPassword', 'q7RkZt0Vw3xLmB', owner)).toThrow(
      expect.objectContaining({
        errors: [{ field: 'newPassword', message: 'must have at least 15 characters' }],
      }) as Error,
    );
  });

  it.each([
    { minimum: 7, maximum: 128 },
    { minimum: 15, maximum: 63 },
    { minimum: Number.NaN, maximum: 128 },
  ])('cannot be ruled by %j', (length) =>
    expect(() => createPasswordRules(length, () => 'Sallyport')).toThrow(OptionsError),
  );

  it('is judged quickly, however it was made to be slow', () => {
    for (const password of ['a'.repeat(100_000), 'ab'.repeat(50_000), `${'0'.repeat(60_000)}!`])
      expect(judge(password)).toThrow(unacceptable);
    expect(judge('ab1'.repeat(42))).toThrow(unacceptable);
  });
});
