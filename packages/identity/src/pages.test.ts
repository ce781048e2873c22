import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { goodPassword, onDatabase, startHarness, type Harness } from './identity.test-support.ts';

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness({ pages: { signIn: '/login', verifyEmail: '/welcome/confirm' } });
});
afterEach(() => harness.close());

const email = 'robin@example.test';

describe(onDatabase('pages of the adopter'), () => {
  it('are where mails lead, and built-in ones where there is none', async () => {
    await harness.call('POST', '/auth/sign-up/email', { name: 'Robin', email, password: goodPassword });
    await harness.call('POST', '/auth/request-password-reset', { email });
    const links = (await harness.mailTo(email, 2)).flatMap((mail) => mail.links.map((link) => link.split('?')[0]));
    expect(new Set(links)).toEqual(
      new Set(['http://localhost:3000/auth/reset', 'http://localhost:3000/welcome/confirm']),
    );
  });

  it.each(['/login', '/login?returnTo=/login', '/welcome/confirm'])('are never led back to: %s', async (returnTo) => {
    await harness.makeUser(email);
    const json = { email, password: goodPassword, returnTo };
    expect(await harness.call('POST', '/auth/sign-in/email', json)).toMatchObject({
      status: 200,
      body: { returnTo: '/' },
    });
  });
});
