import { OptionsError } from '@sallyport/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { commonPasswordWords } from './common-password-words.ts';
import { createPasswordRules } from './password-rules.ts';
import { unrelatedWords } from './unrelated-words.test-support.ts';

const owner = { name: 'Alice Smith-Jones', email: 'alice.wonder@acme-works.test' };
const accept = createPasswordRules({ minimum: 8, maximum: 128 }, () => 'Sallyport');
const judge = (password: string) => () => accept('password', password, owner);
const unacceptable = expect.objectContaining({ code: 'SP_PASSWORD_UNACCEPTABLE' }) as Error;

describe('a password', () => {
  it.each([
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

  it.each([
    {
      kind: 'famous',
      passwords: ['correcthorsebatterystaple', 'Correct Horse Battery Staple', 'correct-horse-battery-staple-1'],
    },
    {
      kind: 'famous',
      passwords: ['spongebobsquarepants', 'SpongebobSquarepants1999', 'maytheforcebewithyou!', 'winteriscoming2024'],
    },
    {
      kind: 'famous',
      passwords: ['to-be-or-not-to-be', 'iamyourfather1977', 'loremipsumdolorsitamet', 'You_Shall_Not_Pass'],
    },
    {
      kind: 'leaked',
      passwords: ['perasperaadastra', '30secondstomars', 'qwertyuiopasdfg', '122333444455555', 'polniypizdec0211'],
    },
    {
      kind: 'two words',
      passwords: [
        'lukeskywalker1977',
        'donaldduck123456',
        'mountainbicycle99',
        'purple-elephant-1',
        'LondonBridge2012!',
      ],
    },
    {
      kind: 'three words',
      passwords: ['harrypotterhogwarts', 'purpleelephantsandwich', 'tangerine orbit lantern', 'jenniferlovesmichael'],
    },
    {
      kind: 'three words',
      passwords: [
        'dragon.monkey.princess',
        'batmanandrobin2022',
        'sunshine football princess',
        'Yellow Submarine 1968',
      ],
    },
    { kind: 'other spellings', passwords: ['5p0ng3b0b5qu4r3p4nt5', 'M4yTh3F0rc3B3W1thY0u', 'p4$$w0rd-dr4g0n-2023'] },
    {
      kind: 'walks',
      passwords: ['qwedcxzasdfgvb', 'zaq12wsxcde34rfv', 'poiuytrewqasdfg', 'qazxswedcvfrtgb', 'nhytgbvfrtgbnhy'],
    },
    {
      kind: 'repetitions',
      passwords: ['spongebobspongebob', 'tangerine-orbit-tangerine-orbit', 'xk7xk7xk7xk7xk7', 'lanternlanternlantern'],
    },
  ])('of $kind is refused with what to do instead: $passwords', ({ passwords }) => {
    for (const password of passwords) {
      expect(judge(password)).toThrow(unacceptable);
      expect(judge(password)).toThrow(
        expect.objectContaining({
          errors: [{ field: 'password', message: expect.stringContaining('use four or more words') as string }],
        }) as Error,
      );
    }
  });

  it('of four or more unrelated words may be chosen, whatever stands between them', () => {
    const words = fc.uniqueArray(fc.constantFrom(...unrelatedWords), { minLength: 4, maxLength: 8 });
    fc.assert(
      fc.property(words, fc.constantFrom(' ', '-', '.', '_', ', '), (chosen, separator) => {
        expect(judge(chosen.join(separator))).not.toThrow();
      }),
    );
  });

  it('of one to three common words is refused, with a year behind them, and with digits where nothing stands between them', () => {
    const words = fc.array(fc.constantFrom(...commonPasswordWords, ...unrelatedWords), { minLength: 1, maxLength: 3 });
    const ends = fc.oneof(
      fc.tuple(fc.constant(''), fc.constantFrom('', '!', '1', '12', '123', '7391', '2024', '1999!')),
      fc.tuple(fc.constantFrom(' ', '-', '.'), fc.constantFrom('', '2024')),
    );
    fc.assert(
      fc.property(words, ends, fc.boolean(), (chosen, [separator, end], isCapital) => {
        const text = chosen.join(separator) + end;
        expect(judge(isCapital ? text.toUpperCase() : text)).toThrow(unacceptable);
      }),
    );
  });

  it('of fifteen random letters and digits may be chosen', () => {
    // The seed stands still: one in some thousands is taken for words.
    const random = fc.string({
      unit: fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz0123456789'),
      minLength: 15,
      maxLength: 40,
    });
    const isRandom = (text: string): boolean => new Set(text).size > 9;
    fc.assert(
      fc.property(random.filter(isRandom), (password) => {
        expect(judge(password)).not.toThrow();
      }),
      { seed: 66, numRuns: 500 },
    );
  });

  it.each([
    { of: 'the name', password: 'Xavier-q7-Xavier', name: 'Xavier Qu', email: 'a@b.test' },
    { of: 'the address', password: 'zanzibaroo-k4-91', name: 'A', email: 'zanzibaroo@b.test' },
    { of: 'the domain', password: 'k4-wumpuscorp-91', name: 'A', email: 'a@wumpuscorp.test' },
    { of: 'the name in other letters', password: 'z4nz1b4r00-k4-9!', name: 'Zanzlbaroo', email: 'a@b.test' },
  ])('that is mostly $of is refused with the reason', ({ password, name, email }) => {
    expect(() => accept('password', password, { name, email })).toThrow(unacceptable);
    expect(() => accept('password', password, { name: 'Kim', email: 'kim@other.test' })).not.toThrow();
    const acceptThere = createPasswordRules({ minimum: 8, maximum: 128 }, () => 'Acme');
    const ofProduct = 'sallyport-k4-91!';
    expect(() => accept('password', ofProduct, { name: 'Kim', email })).toThrow(unacceptable);
    expect(() => acceptThere('password', ofProduct, { name: 'Kim', email })).not.toThrow();
  });

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
