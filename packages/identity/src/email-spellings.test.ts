import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseUserImport } from './features/administration/user-import.ts';
import { goodPassword, startHarness, type Harness } from './identity.test-support.ts';

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.close());

const spellings = [
  { name: 'signs that few expect', typed: 'A&B+c@example.com', stored: 'a&b+c@example.com' },
  { name: 'a domain in letters beyond ASCII', typed: 'ann@Bücher.example', stored: 'ann@xn--bcher-kva.example' },
  { name: 'what a copy brings along', typed: '\u200b ann@example.com\u00a0\ufeff', stored: 'ann@example.com' },
];

describe('an email address with', () => {
  it.each(spellings)('$name signs up, in and gets a link in either spelling', async ({ typed, stored }) => {
    const { call, mailTo, linkToken, identity } = harness;
    const signUp = { name: 'Ann', email: typed, password: goodPassword };
    expect(await call('POST', '/auth/sign-up/email', signUp)).toMatchObject({ status: 200 });
    expect(await mailTo(stored, 1)).toMatchObject([{ kind: 'verify-email', to: stored }]);
    expect(await identity.accounts.findByEmail(stored)).toMatchObject({ email: stored });
    await harness.makeUser(`other-${stored}`);
    const otherTyped = `other-${typed.trim().replace('\u200b ', '')}`;
    for (const email of [otherTyped, `other-${stored}`])
      expect(await call('POST', '/auth/sign-in/email', { email, password: goodPassword })).toMatchObject({
        status: 200,
      });
    await call('POST', '/auth/request-password-reset', { email: otherTyped });
    expect(await linkToken(`other-${stored}`, 'reset-password')).toMatch(/^[\w-]{43}$/);
  });

  it.each(spellings)('$name is imported under the spelling by which it is looked up', ({ typed, stored }) => {
    expect(parseUserImport({ email: typed, name: 'Ann' }, ['user'])).toMatchObject({
      kind: 'valid',
      user: { email: stored },
    });
  });
});
