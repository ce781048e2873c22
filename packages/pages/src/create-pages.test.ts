import {
  anonymous,
  brandSchema,
  builtInPages,
  resolveBrand,
  type PageName,
  type Problem,
  type RequestContext,
} from '@sallyport/core';
import { describe, expect, it } from 'vitest';
import { createPages } from './create-pages.ts';
import { fingerprintOfLink } from './cookies/link-cookie.ts';
import { pageContracts, type PageContract } from './page-contracts.ts';
import type { Identity } from './identity/call-identity.ts';

const origin = 'https://app.example.test';
const context: RequestContext = { requestId: 'request-1', clientAddress: '203.0.113.7', caller: anonymous };
const signedIn: RequestContext = {
  ...context,
  caller: {
    kind: 'user',
    id: 'user-1',
    sid: 'session-1',
    credential: 'session',
    roles: [],
    permissions: [],
    acr: 'pwd',
    amr: ['pwd'],
    authTime: new Date(),
    generation: { session: 1, user: 1, policy: 1 },
  },
};
const brand = resolveBrand(brandSchema.parse({ name: 'Acme & Sons', links: { terms: '/terms' } }), origin);

/** Pages on an identity that answers all calls alike, and what they asked of it. */
function pagesOn(answer: () => Response, of: RequestContext = context) {
  const calls: Request[] = [];
  const identity: Identity = (request) => {
    calls.push(request);
    return answer();
  };
  const pages = createPages({ publicUrl: origin, brand, identity });
  return {
    calls,
    ask: (path: string, init: RequestInit = {}) => pages.fetch(new Request(origin + path, init), of),
  };
}

const problem = (status: number, members: Partial<Problem>) => () =>
  new Response(JSON.stringify({ type: '', title: '', status, hint: '', requestId: 'request-1', ...members }), {
    status,
    headers: { 'content-type': 'application/problem+json' },
  });

const form = (values: Readonly<Record<string, string>>): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/x-www-form-urlencoded', origin, cookie: 'a=1', 'user-agent': 'Test/1' },
  body: new URLSearchParams(values).toString(),
});

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
      const changing = calls.filter(
        ({ method, url }) => method !== 'GET' && new URL(url).pathname !== '/auth/check-link',
      );
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

describe('the accounts of a demonstration', () => {
  const demoAccountsEnteredWithoutPassword = [
    { role: 'user', email: 'user@demo.test', password: 'canary-of-user' },
    { role: 'admin', email: 'admin@demo.test', password: 'canary-of-admin' },
  ];
  const pagesWith = (answer: () => Response, more: object) => {
    const calls: Request[] = [];
    const identity: Identity = (request) => {
      calls.push(request);
      return answer();
    };
    const pages = createPages({ publicUrl: origin, brand, identity, ...more });
    const ask = (init: RequestInit) => pages.fetch(new Request(`${origin}/auth/sign-in?returnTo=%2Fx`, init), context);
    return { calls, ask };
  };
  const signedInAnswer = () => Response.json({ status: 'signed-in', returnTo: '/x' });

  it('are entered by a button, with the password that no page holds', async () => {
    const { calls, ask } = pagesWith(signedInAnswer, { demoAccountsEnteredWithoutPassword });
    const shown = await (await ask({})).text();
    expect(shown).toContain('name="continueAs" value="admin"');
    expect(shown).not.toContain('canary');
    const answer = await ask(form({ continueAs: 'admin', returnTo: '/x' }));
    expect(answer.headers.get('location')).toBe('/x');
    expect(await calls.at(-1)?.json()).toEqual({
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
    expect(await calls.at(-1)?.json()).toEqual({ email: 'ann@example.test', password: 'typed' });
  });

  it('are entered by no form of another site', async () => {
    const { calls, ask } = pagesWith(signedInAnswer, { demoAccountsEnteredWithoutPassword });
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const answer = await ask({ method: 'POST', headers, body: 'continueAs=admin' });
    expect(answer.status).toBe(403);
    expect(calls).toEqual([]);
  });
});

describe('the contract of a page', () => {
  const otpauth = 'otpauth://totp/x?secret=AAAABBBBCCCCDDDD';
  const answers = [
    problem(401, { code: 'SP_UNAUTHENTICATED' }),
    problem(401, { code: 'SP_STEP_UP_REQUIRED', stepUp: { acr: 'mfa' } }),
    problem(422, { code: 'SP_VALIDATION_FAILED', errors: [{ field: 'email', message: 'is required' }] }),
    () => Response.json({ status: 'none', methods: [], factors: [], recoveryCodesLeft: 0 }),
    () => Response.json({ status: 'pending', purpose: 'verify', methods: [{ method: 'email' }], resendSeconds: 30 }),
    () => Response.json({ status: 'pending', purpose: 'set-up', methods: [{ method: 'sms' }], uri: otpauth }),
    () => Response.json({ status: 'pending', purpose: 'set-up', methods: [{ method: 'sms' }], destination: 'a•••' }),
    () => Response.json({ factors: [{ method: 'totp' }], methods: ['totp'], recoveryCodesLeft: 1, valid: 'valid' }),
    () => Response.json({ status: 'signed-in', returnTo: '/', user: { name: '', email: 'ann@example.test' } }),
    () => Response.json({ methods: [{ method: 'password' }], resendSeconds: 30 }),
    () => Response.json({ status: 'valid', email: 'ann@example.test', asksFor: ['name', 'newPassword'] }),
  ];
  const token = 'a'.repeat(20);
  const link = { cookie: `__Secure-sallyport-link=${token}` };
  const opened = { link: fingerprintOfLink(token), email: 'ann@example.test', asksFor: 'name newPassword' };

  it.each(Object.keys(builtInPages) as PageName[])(
    'of %s names every call and every field of it, and no other call',
    async (name) => {
      const path = builtInPages[name];
      const { calls: allowed, fields }: PageContract = pageContracts[name];
      const asked = new Set<string>();
      const shown = new Set<string>();
      for (const answer of answers) {
        const { calls, ask } = pagesOn(answer, signedIn);
        const texts: Response[] = [];
        for (const query of ['', '?method=sms', '?method=email&sent=email&returnTo=/x&acr_values=mfa&next=security'])
          texts.push(await ask(path + query, { headers: link }));
        for (const values of [
          {},
          { do: 'send' },
          { do: 'confirm', method: 'totp' },
          { do: 'cancel' },
          { method: 'totp' },
          { ...opened, name: 'Ann', newPassword: 'violet kettle' },
        ])
          texts.push(await ask(path, { ...form(values), headers: { ...form(values).headers, ...link } }));
        for (const one of [{ do: 'remove', method: 'totp' }, { do: 'sign-out-others' }, { mail: 'reset-password' }])
          texts.push(await ask(path, form(one)));
        for (const text of texts) for (const field of fieldsOf(await text.text(), path)) shown.add(field);
        for (const { method, url } of calls) asked.add(`${method} ${new URL(url).pathname}`);
      }
      const patterns = allowed.map((call) => new RegExp(`^${call.replace(':method', '[a-z-]+')}$`));
      expect([...asked].filter((call) => !patterns.some((pattern) => pattern.test(call)))).toEqual([]);
      expect(patterns.filter((pattern) => ![...asked].some((call) => pattern.test(call)))).toEqual([]);
      const ofManagers = ['username'];
      expect([...shown].filter((field) => !(field in fields) && !ofManagers.includes(field))).toEqual([]);
    },
  );

  /** Names in the forms of a page that are sent to the page itself. */
  function fieldsOf(text: string, path: string): readonly string[] {
    const forms = [...text.matchAll(/<form[^>]*>[^]*?<\/form>/g)].map(([one]) => one);
    return forms
      .filter((one) => one.includes(`action="${path}"`))
      .flatMap((one) => [...one.matchAll(/\sname="([^"]*)"/g)].map(([, field = '']) => field));
  }
});

describe('a page of the adopter in place of a built-in one', () => {
  const pages = createPages({
    publicUrl: origin,
    brand,
    identity: () => Response.json({ status: 'none' }),
    overrides: { signIn: '/login', signUp: undefined },
  });
  const ask = (path: string, init: RequestInit = {}) => pages.fetch(new Request(origin + path, init), context);

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
