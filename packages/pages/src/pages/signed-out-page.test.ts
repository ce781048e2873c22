import { describe, expect, it } from 'vitest';
import { context, form, pagesOn, problem, signedIn } from '../create-pages.test-support.ts';

const path = '/auth/signed-out';
const session = () => Response.json({ status: 'signed-in', user: { name: 'Ann' } });

describe('the page after a sign-out', () => {
  it('tells a user who is signed in that this is so, and ends no session by being looked at', async () => {
    const { ask, calls } = pagesOn(session, signedIn);
    const text = await (await ask(`${path}?reason=everywhere`)).text();
    expect(text).toContain('You’re still signed in');
    expect(text).not.toContain('signed out everywhere');
    expect(calls.map(({ method }) => method)).toEqual(['GET']);
  });

  it.each([
    { name: 'no user is', of: context, answer: session },
    { name: 'the session has just ended', of: signedIn, answer: () => Response.json({ status: 'signed-out' }) },
  ])('says that the user is signed out where $name', async ({ of, answer }) => {
    expect(await (await pagesOn(answer, of).ask(path)).text()).toContain('You’re signed out');
  });

  it('does not say so while it cannot be found out', async () => {
    const { ask } = pagesOn(problem(503, { code: 'SP_STORE_UNAVAILABLE' }), signedIn);
    expect(await (await ask(path)).text()).toContain('You’re still signed in');
  });

  it.each([
    { returnTo: '/auth/invitation', to: '/auth/signed-out?returnTo=%2Fauth%2Finvitation' },
    { returnTo: '//evil.test', to: path },
  ])('keeps the way back to $returnTo over the sign-out, where it is one', async ({ returnTo, to }) => {
    const answer = await pagesOn(() => new Response(null, { status: 204 }), signedIn).ask(path, form({ returnTo }));
    expect([answer.status, answer.headers.get('location')]).toEqual([303, to]);
  });
});
