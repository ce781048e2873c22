import { builtInPages } from '@sallyport/core';
import { describe, expect, it } from 'vitest';
import { context, form, origin, pagesOn, problem } from './create-pages.test-support.ts';

describe('a GET of a built-in page', () => {
  const queries = [
    '',
    '?token=aaaaaaaaaaaaaaaaaaaaaaaa',
    '?method=email&sent=email',
    '?do=send&method=email',
    '?code=123456',
  ];

  it.each(Object.values(builtInPages))('asks identity for nothing that changes anything, at %s', async (path) => {
    for (const answer of [problem(401, { code: 'SP_UNAUTHENTICATED' }), () => Response.json({ status: 'none' })]) {
      const { calls, ask } = pagesOn(answer);
      for (const query of queries)
        await ask(path + query, { headers: { cookie: '__Secure-sallyport-link=aaaaaaaaaaaaaaaaaaaa' } });
      const looking = ['/auth/check-link', '/auth/organizations/invitations/check'];
      const changing = calls.filter(({ method, url }) => method !== 'GET' && !looking.includes(new URL(url).pathname));
      expect(changing).toEqual([]);
    }
  });

  it('shows the brand, escaped', async () => {
    const text = await (await pagesOn(() => Response.json({})).ask('/auth/sign-in')).text();
    expect(text).toContain('<title>Sign in · Acme &amp; Sons</title>');
    expect(text).toContain(`href="${origin}/terms"`);
    expect(text).not.toContain('Sallyport');
  });

  it('breaks no heading at a hyphen', async () => {
    const { ask } = pagesOn(problem(401, { code: 'SP_STEP_UP_REQUIRED' }));
    expect(await (await ask('/auth/sign-in')).text()).toContain('<h1>Sign in</h1>');
    const pending = { status: 'pending', purpose: 'verify', methods: [{ method: 'totp' }], resendSeconds: 30 };
    const text = await (await pagesOn(() => Response.json(pending)).ask('/auth/two-step')).text();
    expect(text).toContain('<h1><span class="whole">Two-step</span> verification</h1>');
    expect(text).toContain('<title>Two-step verification · Acme &amp; Sons</title>');
  });

  it('has nothing on show that a script alone can move', async () => {
    const { ask } = pagesOn(() => Response.json({ status: 'none' }));
    for (const path of [builtInPages.signIn, builtInPages.signUp]) {
      const text = await (await ask(path)).text();
      const scripted = [...text.matchAll(/<(?:button|div)[^>]*(?:class="(?:reveal|theme|length)"|data-keep)[^>]*>/g)];
      expect(scripted.length).toBeGreaterThan(1);
      expect(scripted.filter(([tag]) => !/\shidden\b/.test(tag))).toEqual([]);
    }
  });

  it('keeps its cookies to https, HttpOnly and its own paths', async () => {
    const { ask } = pagesOn(() => Response.json({}));
    const answer = await ask('/auth/verify?token=aaaaaaaaaaaaaaaaaaaaaaaa');
    expect(answer.headers.getSetCookie()).toEqual([
      '__Secure-sallyport-link=aaaaaaaaaaaaaaaaaaaaaaaa; Path=/auth/verify; Max-Age=3600; HttpOnly; SameSite=Lax; Secure',
    ]);
    const forgot = await ask('/auth/forgot', form({ email: 'ann@example.test' }));
    expect(forgot.headers.getSetCookie()[0]).toMatch(
      /^__Secure-sallyport-flow=[\w-]+; Path=\/auth; Max-Age=1800; HttpOnly; SameSite=Lax; Secure$/,
    );
  });

  it.each([
    '%7B',
    'bm90IGpzb24',
    Buffer.from('[1]').toString('base64url'),
    Buffer.from('{"email":7,"done":"x"}').toString('base64url'),
    'a'.repeat(5000),
  ])('reads nothing from a flow cookie of another form: %s', async (value) => {
    const { ask } = pagesOn(() => Response.json({}));
    const text = await (await ask('/auth/sign-in', { headers: { cookie: `__Secure-sallyport-flow=${value}` } })).text();
    expect(text).toContain('autocomplete="username"');
    expect(text).not.toContain('class="notice');
  });
});

describe('a page of the adopter in place of a built-in one', () => {
  const overrides = { signIn: '/login', signUp: undefined };
  const { ask } = pagesOn(() => Response.json({ status: 'none' }), context, { overrides });

  it('is where the built-in address leads, with its query', async () => {
    const answer = await ask('/auth/sign-in?returnTo=%2Fx&a=1');
    expect(answer.status).toBe(303);
    expect(answer.headers.get('location')).toBe('/login?returnTo=%2Fx&a=1');
  });

  it('is where the other pages lead', async () => {
    expect(await (await ask('/auth/sign-up?returnTo=%2Fx')).text()).toContain('href="/login?returnTo=%2Fx"');
    expect(await (await ask('/auth/signed-out')).text()).toContain('href="/login"');
  });

  it('takes no form at the built-in address', async () => {
    const answer = await ask('/auth/sign-in', form({ email: 'ann@example.test', password: 'secret' }));
    expect(answer.status).toBe(405);
    expect(answer.headers.get('allow')).toBe('GET, HEAD');
  });
});

describe('the key of an authenticator app', () => {
  const secret = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP';
  const uriOf = (label: string) => `otpauth://totp/${label}?secret=${secret}`;
  const longName = encodeURIComponent('ß'.repeat(160));

  /** The page after a wrong first code, which gets the key back from the form. */
  async function pageWith(uri: string): Promise<string> {
    const { ask } = pagesOn(problem(422, { code: 'SP_CODE_INVALID' }));
    const answer = await ask(builtInPages.secondFactorSetUp, form({ do: 'confirm', method: 'totp', code: '1', uri }));
    return answer.text();
  }

  it.each([uriOf('Acme'), uriOf(`${longName}:ann%40example.test`), uriOf('a'.repeat(2048 - uriOf('').length))])(
    'is shown again after a wrong code: %s',
    async (uri) => {
      const text = await pageWith(uri);
      expect(text).toMatch(/class="qr(?: qr-dense)?"/);
      expect(text).toContain(`data-text="${secret}"`);
    },
  );

  it.each([
    uriOf('a'.repeat(2049 - uriOf('').length)),
    uriOf('Grüße'),
    uriOf('a b'),
    'otpauth://hotp/x?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP',
    'javascript:alert(1)//otpauth://totp/x?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP',
    'otpauth://totp/x?secret=0189',
    'otpauth://totp/x',
    '',
  ])('is not shown where the form brings back something else: %s', async (uri) => {
    expect(await pageWith(uri)).not.toContain('class="qr');
  });
});

describe('a form of a built-in page', () => {
  it('becomes the JSON call of identity with the cookies and headers of its sender', async () => {
    const { calls, ask } = pagesOn(problem(401, { code: 'SP_CREDENTIALS_INVALID' }));
    await ask('/auth/sign-in', form({ email: 'ann@example.test', password: 'secret', returnTo: '/x', other: 'y' }));
    const [call] = calls;
    expect(call?.url).toBe(`${origin}/auth/sign-in/email`);
    expect(Object.fromEntries(call?.headers ?? [])).toMatchObject({
      'content-type': 'application/json',
      cookie: 'a=1',
      'user-agent': 'Test/1',
    });
    expect(await call?.json()).toEqual({ email: 'ann@example.test', password: 'secret', returnTo: '/x' });
  });

  it.each([
    { path: builtInPages.recoveryCodes, next: 'recoveryCodes' },
    { path: builtInPages.secondFactorSetUp, next: 'secondFactorSetUp' },
  ])('leads from $path to the step-up that identity asks for, and back', async ({ path, next }) => {
    const stepUp = { maxAgeSeconds: 600, acr: 'mfa' } as const;
    const { ask } = pagesOn(problem(401, { code: 'SP_STEP_UP_REQUIRED', stepUp }));
    const answer = await ask(path, form({ method: 'totp', returnTo: '/x' }));
    expect(answer.status).toBe(303);
    expect(answer.headers.get('location')).toBe(`/auth/confirm?returnTo=%2Fx&acr_values=mfa&max_age=600&next=${next}`);
  });

  it.each([
    { name: 'a store that does not answer', status: 503, code: 'SP_STORE_UNAVAILABLE' },
    { name: 'a fault of ours', status: 500, code: 'SP_INTERNAL' },
  ] as const)('shows the id of the request for $name, and clears no cookie', async ({ status, code }) => {
    const { ask } = pagesOn(problem(status, { code }));
    const answer = await ask('/auth/sign-in', form({ email: 'ann@example.test', password: 'secret' }));
    expect(answer.status).toBe(status);
    expect(await answer.text()).toContain('<code>request-1</code>');
    expect(answer.headers.getSetCookie().join()).not.toContain('Max-Age=0');
  });

  it('is answered with a page when identity throws', async () => {
    const { ask } = pagesOn(() => {
      throw new Error('secret of ours');
    });
    const answer = await ask('/auth/sign-in', form({ email: 'ann@example.test', password: 'secret' }));
    expect(answer.status).toBe(500);
    expect(await answer.text()).not.toContain('secret of ours');
  });
});
