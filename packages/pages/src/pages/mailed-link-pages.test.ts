import { anonymous, brandSchema, resolveBrand, type LinkAnswer, type Problem } from '@sallyport/core';
import { describe, expect, it } from 'vitest';
import { fingerprintOfLink } from '../cookies/link-cookie.ts';
import { createPages } from '../create-pages.ts';

const origin = 'https://app.example.test';
const email = 'ann@example.test';
const token = 'T'.repeat(43);

/** The pages of mailed links, on an identity that says what a link asks for, and answers its use. */
function pagesOf(asksFor: LinkAnswer['asksFor'], use: () => Response = () => Response.json({})) {
  const used: unknown[] = [];
  const pages = createPages({
    publicUrl: origin,
    brand: resolveBrand(brandSchema.parse({}), origin),
    async identity(request) {
      const { pathname } = new URL(request.url);
      if (pathname === '/auth/check-link') return Response.json({ status: 'valid', email, asksFor });
      used.push(await request.json());
      return use();
    },
  });
  const cookie = `__Secure-sallyport-link=${token}`;
  const context = { requestId: 'request-1', clientAddress: '203.0.113.7', caller: anonymous };
  return {
    used,
    open: (path: string) => pages.fetch(new Request(origin + path, { headers: { cookie } }), context),
    submit: (path: string, fields: Readonly<Record<string, string>>) =>
      pages.fetch(
        new Request(origin + path, {
          method: 'POST',
          headers: { cookie, origin },
          body: new URLSearchParams({ link: fingerprintOfLink(token), email, ...fields }),
        }),
        context,
      ),
  };
}

const refusal = (members: Partial<Problem>) => () => Response.json({ status: 422, ...members }, { status: 422 });
const fieldsOf = (text: string) => [...text.matchAll(/name="(name|newPassword)"/g)].map(([, name]) => name);

describe.each([
  { path: '/auth/verify', asksFor: [], fields: [] },
  { path: '/auth/verify', asksFor: ['name', 'newPassword'], fields: ['name', 'newPassword'] },
  { path: '/auth/reset', asksFor: ['newPassword'], fields: ['newPassword'] },
  { path: '/auth/reset', asksFor: ['name', 'newPassword'], fields: ['name', 'newPassword'] },
] as const)('the page $path of a link that asks for $asksFor', ({ path, asksFor, fields }) => {
  const typed = Object.fromEntries(fields.map((name) => [name, `typed ${name}`]));

  it('shows these fields, and uses nothing up by being looked at', async () => {
    const { open, used } = pagesOf(asksFor);
    expect(fieldsOf(await (await open(path)).text())).toEqual(fields);
    expect(used).toEqual([]);
  });

  it('sends what was chosen, and nothing that was not asked for', async () => {
    const { submit, used } = pagesOf(asksFor);
    const answer = await submit(path, { asksFor: asksFor.join(' '), ...typed });
    expect(answer.status).toBe(303);
    expect(used).toEqual([{ token, ...typed }]);
  });

  it('shows them again when the password is refused, with the name and without the password', async () => {
    const refused = refusal({
      code: 'SP_PASSWORD_UNACCEPTABLE',
      errors: [{ field: 'newPassword', message: 'is weak' }],
    });
    const { submit } = pagesOf(asksFor, refused);
    const text = await (await submit(path, { asksFor: asksFor.join(' '), ...typed })).text();
    expect(fieldsOf(text)).toEqual(expect.arrayContaining([...fields]));
    expect(text).not.toContain('value="typed newPassword"');
    expect(text.includes('value="typed name"')).toBe((fields as readonly string[]).includes('name'));
  });
});

describe('the page of a sign-up link', () => {
  it('asks for what identity demands where the browser lost its cookie meanwhile', async () => {
    const errors = ['name', 'newPassword'].map((field) => ({ field, message: 'is required' }));
    const { submit } = pagesOf([], refusal({ code: 'SP_VALIDATION_FAILED', errors }));
    const text = await (await submit('/auth/verify', {})).text();
    expect(fieldsOf(text)).toEqual(['name', 'newPassword']);
    expect(text).toContain('value="name newPassword"');
  });

  it('asks for nothing that is no field of it, whatever a form says', async () => {
    const { submit, used } = pagesOf([]);
    await submit('/auth/verify', { asksFor: 'roles token', roles: 'admin' });
    expect(used).toEqual([{ token }]);
  });
});
