import { describe, expect, it } from 'vitest';
import type { PagesOptions } from './create-pages.ts';
import { context, form, pagesOn, problem } from './create-pages.test-support.ts';

describe('the accounts of a demonstration', () => {
  const demoAccountsEnteredWithoutPassword = [
    { role: 'user', email: 'user@demo.test', password: 'canary-of-user' },
    { role: 'admin', email: 'admin@demo.test', password: 'canary-of-admin' },
  ];
  const pagesWith = (answer: () => Response, more: Partial<PagesOptions>) => {
    const { calls, ask } = pagesOn(answer, context, more);
    return { calls, ask: (init: RequestInit) => ask('/auth/sign-in?returnTo=%2Fx', init) };
  };
  const signedInAnswer = () => Response.json({ status: 'signed-in', returnTo: '/x' });

  it('are entered by a button, with the password that no page holds', async () => {
    const { calls, ask } = pagesWith(signedInAnswer, { demoAccountsEnteredWithoutPassword });
    const shown = await (await ask({})).text();
    expect(shown).toContain('name="continueAs" value="admin"');
    expect(shown).not.toContain('canary');
    const answer = await ask(form({ continueAs: 'admin', returnTo: '/x' }));
    expect(answer.headers.get('location')).toBe('/x');
    expect(await calls.find(({ method }) => method === 'POST')?.json()).toEqual({
      email: 'admin@demo.test',
      password: 'canary-of-admin',
      returnTo: '/x',
    });
  });

  it.each([
    { name: 'without a demonstration', more: {}, continueAs: 'admin' },
    { name: 'with an unknown name', more: { demoAccountsEnteredWithoutPassword }, continueAs: 'Admin' },
    { name: 'with no name', more: { demoAccountsEnteredWithoutPassword }, continueAs: '' },
    { name: 'with the name of a member', more: { demoAccountsEnteredWithoutPassword }, continueAs: 'constructor' },
  ])('are not entered $name', async ({ more, continueAs }) => {
    const { calls, ask } = pagesWith(problem(401, { code: 'SP_CREDENTIALS_INVALID' }), more);
    if (more.demoAccountsEnteredWithoutPassword === undefined)
      expect(await (await ask({})).text()).not.toContain('continueAs');
    const answer = await ask(form({ continueAs, email: 'ann@example.test', password: 'typed' }));
    expect(answer.status).toBe(401);
    expect(await calls.find(({ method }) => method === 'POST')?.json()).toEqual({
      email: 'ann@example.test',
      password: 'typed',
    });
  });

  it('are entered by no form of another site', async () => {
    const { calls, ask } = pagesWith(signedInAnswer, { demoAccountsEnteredWithoutPassword });
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const answer = await ask({ method: 'POST', headers, body: 'continueAs=admin' });
    expect(answer.status).toBe(403);
    expect(calls).toEqual([]);
  });
});
