import { anonymous, brandSchema, builtInPages, resolveBrand, type Problem, type RequestContext } from '@sallyport/core';
import { describe, expect, it } from 'vitest';
import { createPages } from './create-pages.ts';
import type { Identity } from './identity/call-identity.ts';

const origin = 'https://app.example.test';
const context: RequestContext = { requestId: 'request-1', clientAddress: '203.0.113.7', caller: anonymous };
const brand = resolveBrand(brandSchema.parse({ name: 'Acme & Sons', links: { terms: '/terms' } }), origin);

/** Pages on an identity that answers all calls alike, and what they asked of it. */
function pagesOn(answer: () => Response) {
  const calls: Request[] = [];
  const identity: Identity = (request) => {
    calls.push(request);
    return answer();
  };
  const pages = createPages({ publicUrl: origin, brand, identity });
  return {
    calls,
    ask: (path: string, init: RequestInit = {}) => pages.fetch(new Request(origin + path, init), context),
  };
}

const problem = (status: number, members: Partial<Problem>) => () =>
  new Response(JSON.stringify({ type: '', title: '', status, hint: '', requestId: 'request-1', ...members }), {
    status,
    headers: { 'content-type': 'application/problem+json' },
  });

const form = (values: Readonly<Record<string, string>>): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/x-www-form-urlencoded', cookie: 'a=1', 'user-agent': 'Test/1' },
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
