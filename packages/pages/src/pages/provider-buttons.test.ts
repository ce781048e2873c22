import { describe, expect, it } from 'vitest';
import { form, pagesOn, problem, providerAnswers, signedIn } from '../create-pages.test-support.ts';
import { pageContracts } from '../page-contracts.ts';

const none = () => Response.json({ status: 'none' });
const google = 'https://accounts.google.test/auth?a=1&b=2';
const offer = (...providers: readonly object[]) => ({ ...providerAnswers, '/auth/providers': { providers } });

describe('the buttons of identity providers', () => {
  it.each(['/auth/sign-in', '/auth/sign-up'])(
    'stand below the form of %s, in the order of the configuration',
    async (path) => {
      const providers = offer(
        { id: 'work', name: 'Work & Co', kind: 'oidc' },
        { id: 'google', name: 'Google', kind: 'google' },
      );
      const text = await (await pagesOn(none, undefined, { providers }).ask(`${path}?returnTo=%2Forders`)).text();
      expect([...text.matchAll(/Continue with ([^<]*)</g)].map(([, name]) => name)).toEqual([
        'Work &amp; Co',
        'Google',
      ]);
      expect(text.indexOf('type="password"')).toBeLessThan(text.indexOf('Continue with'));
      const own = [...text.matchAll(/<form[^>]*>[^]*?<\/form>/g)]
        .map(([one]) => one)
        .find((one) => one.includes('Google'));
      expect(own).toContain(`action="${path}"`);
      expect(own).toContain('name="returnTo" value="/orders"');
      expect(own).not.toContain('name="email"');
    },
  );

  it.each([
    { name: 'there is none', answer: none },
    { name: 'identity cannot tell', answer: problem(503, { code: 'SP_STORE_UNAVAILABLE' }) },
  ])('are left out where $name, and the form stays', async ({ answer }) => {
    const text = await (await pagesOn(answer, undefined, { providers: offer() }).ask('/auth/sign-in')).text();
    expect(text).not.toContain('Continue with');
    expect(text).not.toContain('class="or"');
    expect(text).toContain('type="password"');
  });

  it('lead to the provider without a script by a page, which no list of form targets stops', async () => {
    const { calls, ask } = pagesOn(none);
    const answer = await ask('/auth/sign-in', form({ provider: 'google', returnTo: '/orders', email: 'x@y.test' }));
    expect(answer.status).toBe(200);
    const text = await answer.text();
    expect(text).toContain(`<meta http-equiv="refresh" content="0; url=${google.replace('&', '&amp;')}" />`);
    expect(text).toContain(`href="${google.replace('&', '&amp;')}"`);
    expect(answer.headers.get('referrer-policy')).toBe('no-referrer');
    expect(answer.headers.get('content-security-policy')).toContain("form-action 'self'");
    const [call] = calls.filter(({ method }) => method === 'POST');
    expect(new URL(call?.url ?? '').pathname).toBe('/auth/sign-in/provider');
    expect(await call?.json()).toEqual({ provider: 'google', returnTo: '/orders' });
  });

  it('lead to the provider with a script at once', async () => {
    const sent = form({ provider: 'google' });
    const answer = await pagesOn(none).ask('/auth/sign-in', {
      ...sent,
      headers: { ...sent.headers, 'sallyport-form': 'fetch' },
    });
    expect([answer.status, answer.headers.get('sallyport-location')]).toEqual([204, google]);
  });

  it.each(['/auth/sign-in', '/auth/sign-up', '/auth/confirm'])(
    'say at %s that a provider does not answer',
    async (path) => {
      const refuse = problem(503, { code: 'SP_PROVIDER_UNAVAILABLE' });
      const text = await (await pagesOn(refuse, signedIn).ask(path, form({ provider: 'google' }))).text();
      expect(text).not.toContain('http-equiv');
      expect(text).toMatch(/doesn’t answer|isn’t possible right now/);
    },
  );
});

describe('the sign-in page after an answer of a provider that was refused', () => {
  const codes = pageContracts.signIn.errors.filter((code) => code.startsWith('SP_PROVIDER_'));

  it.each(codes)('has words for %s', async (code) => {
    const text = await (await pagesOn(none).ask(`/auth/sign-in?provider=google&refused=${code}`)).text();
    expect(text).toContain('role="alert"');
    expect(text).not.toContain('That didn’t work');
    expect(text).toContain('Continue with Google');
  });

  it('says how an account with a second factor is connected', async () => {
    const text = await (await pagesOn(none).ask('/auth/sign-in?provider=google&refused=SP_STEP_UP_REQUIRED')).text();
    expect(text).toContain('Your account asks for more than that');
  });

  it.each(['', 'SP_NOTHING', '<b>call 555-0100</b>', 'constructor', '__proto__'])(
    'says nothing for %j',
    async (code) => {
      const path = `/auth/sign-in?provider=google&refused=${encodeURIComponent(code)}`;
      const text = await (await pagesOn(none).ask(path)).text();
      expect(text).not.toContain('role="alert"');
      expect(text).not.toContain('555-0100');
    },
  );
});

describe('the security page', () => {
  const account = { id: 'handle-1', provider: 'google', name: 'Google', kind: 'google', email: 'ann@example.test' };
  const work = { id: 'work', name: 'Work', kind: 'oidc' };
  const factors = () => Response.json({ factors: [], methods: ['totp'], recoveryCodesLeft: 0 });
  const owning = (connected: readonly object[], available: readonly object[]) => ({
    providers: { ...providerAnswers, '/auth/account/providers': { connected, available, hasPassword: true } },
  });

  it('lists what is connected and what could be, and nothing where there is neither', async () => {
    const text = await (await pagesOn(factors, signedIn, owning([account], [work])).ask('/auth/security')).text();
    expect(text).toContain('Google (ann@example.test)');
    expect(text).toContain('Connect with Work');
    const without = await (await pagesOn(factors, signedIn, owning([], [])).ask('/auth/security')).text();
    expect(without).not.toContain('Connected accounts');
  });

  it.each([
    { hasPassword: true, said: ['Only your password protects', 'Change your password'] },
    { hasPassword: false, said: ['Only the account that you sign in with protects', 'Choose a password'] },
  ])('speaks of the password that an account has: $hasPassword', async ({ hasPassword, said }) => {
    const providers = {
      ...providerAnswers,
      '/auth/account/providers': { connected: [account], available: [], hasPassword },
    };
    const text = (await (await pagesOn(factors, signedIn, { providers }).ask('/auth/security')).text()).replaceAll(
      /\s+/g,
      ' ',
    );
    for (const words of said) expect(text).toContain(words);
  });

  it('leads to the provider that is to be connected', async () => {
    const { calls, ask } = pagesOn(factors, signedIn, owning([], [work]));
    const text = await (await ask('/auth/security', form({ do: 'connect', provider: 'work' }))).text();
    expect(text).toContain('http-equiv="refresh"');
    const called = calls.find(({ method }) => method === 'POST');
    expect([new URL(called?.url ?? '').pathname, await called?.json()]).toEqual([
      '/auth/account/providers',
      { provider: 'work' },
    ]);
  });

  it.each([
    { handle: 'handle-1', path: '/auth/account/providers/handle-1' },
    { handle: '../../sessions/revoke-all', path: '/auth/account/providers/none' },
    { handle: '', path: '/auth/account/providers/none' },
  ])('disconnects an account by its handle alone: $handle', async ({ handle, path }) => {
    const { calls, ask } = pagesOn(factors, signedIn, owning([account], []));
    expect((await ask('/auth/security', form({ do: 'disconnect', account: handle }))).status).toBe(303);
    expect(calls.map(({ method, url }) => `${method} ${new URL(url).pathname}`)).toContain(`DELETE ${path}`);
  });

  it.each([
    { app: 'client_1', path: '/auth/account/apps/client_1' },
    { app: '../providers/handle-1', path: '/auth/account/apps/none' },
  ])('takes the access of an app back by its client id alone: $app', async ({ app, path }) => {
    const { calls, ask } = pagesOn(factors, signedIn, owning([], []));
    expect((await ask('/auth/security', form({ do: 'withdraw', app }))).status).toBe(303);
    expect(calls.map(({ method, url }) => `${method} ${new URL(url).pathname}`)).toContain(`DELETE ${path}`);
  });

  it('lists the apps that were let in with what they may do, and no headline without any', async () => {
    const app = {
      clientId: 'client_1',
      kind: 'application',
      name: '<b>Acme</b>',
      allowedAt: '2030-01-31T12:00:00.000Z',
      lastUsedAt: null,
      signIns: [],
      scopes: [{ scope: 'x', description: 'See it' }],
    };
    const apps = { ...providerAnswers, '/auth/account/apps': { apps: [app] } };
    const text = await (await pagesOn(factors, signedIn, { providers: apps }).ask('/auth/security')).text();
    expect(text).toContain('&lt;b&gt;Acme&lt;/b&gt;');
    expect(text).toContain('See it');
    const none = await (await pagesOn(factors, signedIn, owning([], [])).ask('/auth/security')).text();
    expect(none).not.toContain('Apps with access');
    expect([text, none].map((page) => page.includes('<h2>Agents</h2>'))).toEqual([false, false]);
  });

  it('lists agents apart: where they are, since when, when last, and through which sign-in and app', async () => {
    const agent = {
      clientId: 'client_2',
      kind: 'agent',
      name: 'Shopper',
      host: 'agent.example',
      allowedAt: '2030-01-30T12:00:00.000Z',
      lastUsedAt: '2030-01-31T12:34:56.000Z',
      signIns: [
        { device: 'Firefox', signedInAt: '2030-01-29T12:00:00.000Z', isCurrent: true, through: '<i>Assistant</i>' },
      ],
      scopes: [{ scope: 'x', description: 'See it' }],
    };
    const apps = { ...providerAnswers, '/auth/account/apps': { apps: [agent] } };
    const text = await (await pagesOn(factors, signedIn, { providers: apps }).ask('/auth/security')).text();
    expect(text).toContain('<h2>Agents</h2>');
    expect(text).not.toContain('Apps with access');
    const words = text.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ');
    for (const part of [
      'Shopper at agent.example',
      'Since 2030-01-30 , last used 2030-01-31 12:34 UTC',
      'By your sign-in on Firefox, 2030-01-29 (this device), through &lt;i&gt;Assistant&lt;/i&gt;',
    ])
      expect(words).toContain(part);
    expect(text).toContain('value="client_2"');
  });

  it('says that the last way to sign in stays', async () => {
    const answers = [problem(409, { code: 'SP_LAST_SIGN_IN_METHOD' })];
    const { ask } = pagesOn(() => (answers.shift() ?? factors)(), signedIn, owning([account], []));
    const text = await (await ask('/auth/security', form({ do: 'disconnect', account: 'handle-1' }))).text();
    expect(text).toContain('This is the last way to sign in to your account');
  });

  it('says why a connection was refused', async () => {
    const path = '/auth/security?provider=google&refused=SP_PROVIDER_CONNECTED_ELSEWHERE';
    const text = await (await pagesOn(factors, signedIn, owning([], [work])).ask(path)).text();
    expect(text).toContain('That is connected to another account');
  });
});

describe('the page that confirms who one is', () => {
  const google = { method: 'provider', id: 'google', name: 'Google', kind: 'google' };
  const shown = async (...methods: readonly object[]): Promise<string> => {
    const offer = () => Response.json({ methods, resendSeconds: 30 });
    return (await pagesOn(offer, signedIn).ask('/auth/confirm?returnTo=%2Forders')).text();
  };

  it('offers the connected accounts beside the password', async () => {
    const text = await shown({ method: 'password' }, google);
    expect(text).toContain('Confirm with Google');
    expect(text).toContain('type="password"');
    expect(text).not.toContain('Choose a password by email');
  });

  it('asks for no password of an account that has none', async () => {
    const text = await shown(google);
    expect(text).toContain('Confirm with Google');
    expect(text).not.toMatch(/type="password"|Forgot password/);
    expect(text).toContain('Choose a password by email');
  });

  it('leads an account to a password that has none, and is connected to nothing that says when one signed in', async () => {
    const text = await shown();
    expect(text).not.toMatch(/type="password"|Confirm with/);
    expect(text).toContain('Choose a password by email');
  });
});
