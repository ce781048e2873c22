import type { InvitationLinkAnswer } from '@sallyport/core';
import { describe, expect, it } from 'vitest';
import { fingerprintOfLink } from '../../cookies/link-cookie.ts';
import { brand, context, origin, problem, signedIn } from '../../create-pages.test-support.ts';
import { createPages } from '../../create-pages.ts';

const path = '/auth/invitation';
const token = 'T'.repeat(43);
const checkPath = 'POST /auth/organizations/invitations/check';
const acceptPath = 'POST /auth/organizations/invitations/accept';
const declinePath = 'POST /auth/organizations/invitations/decline';
const cleared = '__Secure-sallyport-link=; Path=/auth/invitation; Max-Age=0; HttpOnly; SameSite=Lax; Secure';

const says = (body: object) => (): Response => Response.json(body);

const link = (reader: InvitationLinkAnswer['reader']): InvitationLinkAnswer => ({
  status: 'valid',
  organization: { name: 'Acme' },
  email: 'ann@example.test',
  invitedBy: 'Bob',
  roles: ['member'],
  expiresAt: '2030-01-01T00:00:00.000Z',
  reader,
});

function pagesWith(answers: Readonly<Record<string, () => Response>>, of = signedIn) {
  const calls: string[] = [];
  const pages = createPages({
    publicUrl: origin,
    brand,
    identity(request) {
      const call = `${request.method} ${new URL(request.url).pathname}`;
      calls.push(call);
      return (answers[call] ?? says({}))();
    },
  });
  const cookie = `__Secure-sallyport-link=${token}`;
  return {
    calls,
    get: (query = '', headers: Readonly<Record<string, string>> = { cookie }) =>
      pages.fetch(new Request(origin + path + query, { headers }), of),
    post: (fields: Readonly<Record<string, string>>, headers: Readonly<Record<string, string>> = { cookie }) =>
      pages.fetch(
        new Request(origin + path, {
          method: 'POST',
          headers: { ...headers, origin },
          body: new URLSearchParams({ link: fingerprintOfLink(token), ...fields }),
        }),
        of,
      ),
  };
}

describe('the page of an invitation', () => {
  it('leaves the address that holds the token at once, for a cookie of this page alone', async () => {
    const { get, calls } = pagesWith({});
    const answer = await get(`?token=${token}`, {});
    expect([answer.status, answer.headers.get('location')]).toEqual([303, path]);
    expect(answer.headers.get('referrer-policy')).toBe('no-referrer');
    expect(answer.headers.getSetCookie()).toEqual([
      `__Secure-sallyport-link=${token}; Path=/auth/invitation; Max-Age=3600; HttpOnly; SameSite=Lax; Secure`,
    ]);
    expect(calls).toEqual([]);
  });

  it.each(['invited', 'signed-out', 'another-account'] as const)(
    'accepts nothing by being looked at, and holds no token (%s)',
    async (reader) => {
      const { get, calls } = pagesWith({ [checkPath]: says(link(reader)) });
      const text = await (await get()).text();
      expect(calls).toEqual([checkPath]);
      expect(text).toContain('Join Acme');
      expect(text).not.toContain(token);
      expect(text.includes('value="accept"')).toBe(reader === 'invited');
    },
  );

  it('leads a visitor to sign in or to sign up with the invited address, and back', async () => {
    const answer = await pagesWith({ [checkPath]: says(link('signed-out')) }, context).get();
    const text = await answer.text();
    expect(text).toContain('href="/auth/sign-in?returnTo=%2Fauth%2Finvitation"');
    expect(text).toContain('href="/auth/sign-up?returnTo=%2Fauth%2Finvitation"');
    const [flow = ''] = answer.headers.getSetCookie();
    const value = /sallyport-flow=([\w-]+)/.exec(flow)?.[1] ?? '';
    expect(JSON.parse(Buffer.from(value, 'base64url').toString())).toEqual({
      email: 'ann@example.test',
      returnTo: path,
    });
  });

  it('has a user of another account sign out, and come back', async () => {
    const text = await (await pagesWith({ [checkPath]: says(link('another-account')) }).get()).text();
    expect(text).toMatch(/action="\/auth\/signed-out"[^]*name="returnTo" value="\/auth\/invitation"/);
    const { post } = pagesWith({
      [acceptPath]: problem(403, { code: 'SP_FORBIDDEN' }),
      [checkPath]: says(link('another-account')),
    });
    const refused = await post({ do: 'accept' });
    expect([refused.status, refused.headers.get('location')]).toEqual([303, path]);
    expect(refused.headers.getSetCookie()).toEqual([]);
  });

  it('accepts by its button, and works in the organization at once', async () => {
    const { post, calls } = pagesWith({ [acceptPath]: says({ organization: { id: 'org_1' } }) });
    const answer = await post({ do: 'accept' });
    expect(calls).toEqual([acceptPath, 'POST /auth/organizations/active']);
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/auth/my/organizations?did=joined']);
    expect(answer.headers.getSetCookie()).toEqual([cleared]);
  });

  it('declines by its button, signed in or not', async () => {
    const { post, calls } = pagesWith({}, context);
    const answer = await post({ do: 'decline' });
    expect(calls).toEqual([declinePath]);
    expect(answer.headers.getSetCookie()).toEqual([cleared]);
  });

  it.each([
    { name: 'without the cookie', fields: { do: 'accept' }, headers: {} },
    {
      name: 'of another invitation',
      fields: { do: 'accept', link: fingerprintOfLink('U'.repeat(43)) },
      headers: undefined,
    },
  ])('accepts nothing by a form $name', async ({ fields, headers }) => {
    const { post, calls } = pagesWith({});
    await (headers === undefined ? post(fields) : post(fields, headers));
    expect(calls).toEqual([]);
  });

  it('says that an invitation was used, and forgets it', async () => {
    const used = problem(410, { code: 'SP_LINK_INVALID' });
    const { get, post } = pagesWith({ [checkPath]: used, [acceptPath]: used });
    for (const answer of [await get(), await post({ do: 'accept' })]) {
      expect(await answer.text()).toContain('doesn’t work any more');
      expect(answer.headers.getSetCookie()).toEqual([cleared]);
    }
  });

  it.each([
    { status: 503, code: 'SP_STORE_UNAVAILABLE' },
    { status: 409, code: 'SP_CONFLICT' },
  ] as const)('keeps the invitation where it was refused with $code', async ({ status, code }) => {
    const { post } = pagesWith({ [acceptPath]: problem(status, { code }), [checkPath]: says(link('invited')) });
    const answer = await post({ do: 'accept' });
    expect(answer.status).toBe(status);
    expect(answer.headers.getSetCookie()).toEqual([]);
  });

  it('has a user whose session ended meanwhile sign in, and come back', async () => {
    const { post } = pagesWith({ [acceptPath]: problem(401, { code: 'SP_UNAUTHENTICATED' }) });
    const answer = await post({ do: 'accept' });
    expect(answer.headers.get('location')).toBe('/auth/sign-in?returnTo=%2Fauth%2Finvitation');
  });
});
