import type { DeviceRequestAnswer } from '@sallyport/core';
import { describe, expect, it } from 'vitest';
import { form, pagesOn, problem, signedIn } from '../create-pages.test-support.ts';

const request: DeviceRequestAnswer = {
  client: { name: '<b>Ledger</b> CLI' },
  actsForYou: false,
  userCode: 'WDJB-MJHT',
  account: { name: 'Ann', email: 'ann@example.test' },
  scopes: [],
  address: '203.0.113.7',
  isFromYourNetwork: false,
  requestedAt: new Date(Date.now() - 120_000).toISOString(),
  expiresAt: new Date().toISOString(),
};

describe('the page for codes of devices', () => {
  it('leads a visitor to the sign-in, and back with the code', async () => {
    const { ask } = pagesOn(() => Response.json({ status: 'signed-out' }));
    const answer = await ask('/auth/device?user_code=WDJB-MJHT');
    expect(answer.headers.get('location')).toBe(
      `/auth/sign-in?returnTo=${encodeURIComponent('/auth/device?user_code=WDJB-MJHT')}`,
    );
  });

  it('fills the field in with what the address holds, asks nothing of identity, and runs none of it', async () => {
    const { ask, calls } = pagesOn(() => Response.json({ status: 'signed-in' }), signedIn);
    const text = await (
      await ask(`/auth/device?user_code=${encodeURIComponent('"><script>alert(1)</script>')}`)
    ).text();
    expect(text).toContain('value="&quot;&gt;&lt;script&gt;');
    expect(text).not.toContain('<script>alert');
    expect(calls.map(({ method, url }) => `${method} ${new URL(url).pathname}`)).toEqual(['GET /auth/session']);
  });

  it('shows the code to compare, from where it was asked for, and what a code of another person means', async () => {
    const { ask } = pagesOn(() => Response.json(request), signedIn);
    const text = await (await ask('/auth/device', form({ user_code: 'wdjb mjht' }))).text();
    for (const part of ['WDJB-MJHT', '2 minutes ago', '203.0.113.7', 'another network than yours', 'another person?'])
      expect(text).toContain(part);
    expect(text).not.toContain('<b>Ledger</b>');
  });

  it.each([
    {
      name: 'an old sign-in',
      answer: problem(401, { code: 'SP_STEP_UP_REQUIRED', stepUp: { maxAgeSeconds: 600 } }),
      to: '/auth/confirm',
    },
    { name: 'a sign-in that ended', answer: problem(401, { code: 'SP_UNAUTHENTICATED' }), to: '/auth/sign-in' },
  ])('leads on, and back with the code, for $name', async ({ answer, to }) => {
    const { ask } = pagesOn(answer, signedIn);
    for (const fields of [{ user_code: 'WDJB-MJHT' }, { user_code: 'WDJB-MJHT', decision: 'allow' }]) {
      const location = new URL((await ask('/auth/device', form(fields))).headers.get('location') ?? '', 'http://x');
      expect([location.pathname, location.searchParams.get('returnTo')]).toEqual([
        to,
        '/auth/device?user_code=WDJB-MJHT',
      ]);
    }
  });

  it.each([
    { code: 'SP_NOT_FOUND', status: 404 },
    { code: 'SP_CONFLICT', status: 409 },
  ] as const)('says that a code does not work for $code', async ({ code, status }) => {
    const { ask } = pagesOn(problem(status, { code }), signedIn);
    const answer = await ask('/auth/device', form({ user_code: 'WDJB-MJHT' }));
    expect([answer.status, await answer.text()]).toEqual([status, expect.stringContaining('That code doesn’t work')]);
  });

  it('answers with what was decided, and takes every other word for the question', async () => {
    const { ask, calls } = pagesOn(
      () => Response.json({ status: 'refused', client: { name: 'Ledger CLI' } }),
      signedIn,
    );
    const denied = await ask('/auth/device', form({ user_code: 'WDJB-MJHT', decision: 'deny' }));
    expect(await denied.text()).toContain('Nothing was allowed');
    await ask('/auth/device', form({ user_code: 'WDJB-MJHT', decision: 'yes' }));
    expect(calls.map(({ url }) => new URL(url).pathname)).toEqual(['/auth/device/decision', '/auth/device/request']);
  });
});
