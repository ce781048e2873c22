import type { MembersAnswer, OrganizationAnswer, ShownOrganization } from '@sallyport/core';
import { describe, expect, it } from 'vitest';
import { brand, context, form, origin, problem, signedIn } from '../../create-pages.test-support.ts';
import { createPages } from '../../create-pages.ts';

const acme: ShownOrganization = { id: 'org_1', name: 'Acme', createdAt: '', roles: ['owner'], isActive: false };
const found: OrganizationAnswer = {
  organization: acme,
  members: 2,
  may: { rename: true, delete: true, manageMembers: true, leave: true },
  offeredRoles: ['owner', 'member'],
  roles: ['owner', 'member'],
};
const members: MembersAnswer = {
  members: [
    {
      user: { id: 'user-1', name: 'Ann' },
      roles: ['owner'],
      joinedAt: '',
      isYou: true,
      mayChange: false,
      mayRemove: true,
    },
    {
      user: { id: 'user-2', name: 'Bob' },
      roles: ['member'],
      joinedAt: '',
      isYou: false,
      mayChange: true,
      mayRemove: true,
    },
  ],
  next: null,
};
const says = (body: object) => (): Response => Response.json(body);
const usual: Readonly<Record<string, object>> = {
  'GET /auth/organizations': { organizations: [acme], mayCreate: true },
  'GET /auth/organizations/org_1': found,
  'GET /auth/organizations/org_1/members': members,
  'GET /auth/organizations/org_1/invitations': { invitations: [] },
};

/** Pages on an identity that knows these answers, and does all else that it is asked. */
function pagesWith(answers: Readonly<Record<string, () => Response>> = {}, of = signedIn) {
  const calls: string[] = [];
  const bodies: unknown[] = [];
  const pages = createPages({
    publicUrl: origin,
    brand,
    async identity(request) {
      const { pathname, search } = new URL(request.url);
      const call = `${request.method} ${pathname}`;
      calls.push(call + search);
      const text = await request.text();
      if (text !== '') bodies.push(JSON.parse(text));
      return (answers[call] ?? says(usual[call] ?? {}))();
    },
  });
  return {
    bodies,
    changes: () => calls.filter((call) => !call.startsWith('GET ')),
    calls,
    get: (path: string) => pages.fetch(new Request(origin + path), of),
    post: (path: string, fields: Readonly<Record<string, string>>, headers: Readonly<Record<string, string>> = {}) => {
      const init = form(fields);
      return pages.fetch(new Request(origin + path, { ...init, headers: { ...init.headers, ...headers } }), of);
    },
  };
}

const list = '/auth/my/organizations';
const one = '/auth/my/organization';

describe('the list of organizations', () => {
  it.each([
    { organization: 'org_1', sent: 'org_1' },
    { organization: '', sent: null },
  ])('makes "$organization" the active one, and has other tabs look', async ({ organization, sent }) => {
    const { post, bodies } = pagesWith();
    const answer = await post(list, { organization, returnTo: '/products?page=2' }, { 'sallyport-form': 'fetch' });
    expect(bodies).toEqual([{ organization: sent }]);
    expect(answer.headers.get('sallyport-location')).toBe('/products?page=2');
    expect(answer.headers.get('sallyport-news')).toBe('changed');
  });

  it.each(['https://evil.test/', '//evil.test', '/auth/sign-out', ''])(
    'leads nowhere else than here for %j',
    async (returnTo) => {
      const answer = await pagesWith().post(list, { organization: 'org_1', returnTo });
      expect([answer.status, answer.headers.get('location')]).toEqual([303, list]);
    },
  );

  it('says that an organization is not there, and shows those that are', async () => {
    const { post } = pagesWith({ 'POST /auth/organizations/active': problem(404, { code: 'SP_NOT_FOUND' }) });
    const answer = await post(list, { organization: 'org_9' });
    expect(answer.status).toBe(404);
    const text = await answer.text();
    expect(text).toContain('role="alert"');
    expect(text).toContain('Switch to Acme');
  });

  it('leads a visitor to sign in, and back', async () => {
    const refused = problem(401, { code: 'SP_UNAUTHENTICATED' });
    const { get } = pagesWith({ 'GET /auth/organizations': refused }, context);
    const answer = await get(`${list}?returnTo=%2Fproducts`);
    expect(answer.headers.get('location')).toBe(
      `/auth/sign-in?returnTo=${encodeURIComponent('/auth/my/organizations?returnTo=%2Fproducts')}`,
    );
  });

  it('escapes names', async () => {
    const organizations = [{ ...acme, name: '<script>alert(1)</script>', roles: ['"><b>'] }];
    const { get } = pagesWith({ 'GET /auth/organizations': says({ organizations, mayCreate: false }) });
    const text = await (await get(list)).text();
    expect(text).not.toMatch(/<script>alert|"><b>/);
    expect(text).not.toContain('Create an organization');
  });
});

describe('the page of an organization', () => {
  it('asks before a member is removed, and changes nothing by being looked at', async () => {
    const { get, changes } = pagesWith();
    for (const query of ['', '&member=user-2', '&member=user-2&confirm=remove', '&confirm=leave', '&confirm=delete'])
      expect((await get(`${one}?id=org_1${query}`)).status).toBe(200);
    expect(await (await get(`${one}?id=org_1&member=user-2&confirm=remove`)).text()).toContain('Remove Bob?');
    expect(changes()).toEqual([]);
  });

  it('is the same for an organization of others and for one that never was', async () => {
    const refused = problem(404, { code: 'SP_NOT_FOUND' });
    const unknown = { 'GET /auth/organizations/org_9': refused, 'GET /auth/organizations/org_9/members': refused };
    const answer = await pagesWith(unknown).get(`${one}?id=org_9`);
    expect([answer.status, await answer.text()]).toEqual([404, expect.stringContaining('Organization not found')]);
  });

  it('shows a member who may change nothing no form that does', async () => {
    const may = { rename: false, delete: false, manageMembers: false, leave: false };
    const shown = members.members.map((member) => ({ ...member, mayChange: false, mayRemove: false }));
    const { get, calls } = pagesWith({
      'GET /auth/organizations/org_1': says({ ...found, may }),
      'GET /auth/organizations/org_1/members': says({ members: shown, next: null }),
    });
    for (const query of ['', '&member=user-2', '&member=user-2&confirm=remove', '&confirm=leave', '&confirm=delete']) {
      const text = await (await get(`${one}?id=org_1${query}`)).text();
      expect([...text.matchAll(/name="do" value="([\w-]+)"/g)].map(([, what]) => what)).toEqual(['switch']);
    }
    expect(calls).not.toContain('GET /auth/organizations/org_1/invitations');
  });

  it.each([
    {
      fields: { do: 'rename', name: 'Acme & Co' },
      call: 'PATCH /auth/organizations/org_1',
      sent: { name: 'Acme & Co' },
    },
    {
      fields: { do: 'invite', email: 'x@example.test', 'role.member': 'on', 'role.owner': 'on' },
      call: 'POST /auth/organizations/org_1/invitations',
      sent: { email: 'x@example.test', roles: ['member', 'owner'] },
    },
    {
      fields: { do: 'resend', invitation: 'inv_1' },
      call: 'POST /auth/organizations/org_1/invitations/inv_1/resend',
      sent: {},
    },
    { fields: { do: 'withdraw', invitation: 'inv_1' }, call: 'DELETE /auth/organizations/org_1/invitations/inv_1' },
    {
      fields: { do: 'roles', member: 'user-2', 'role.owner': 'on' },
      call: 'PUT /auth/organizations/org_1/members/user-2',
      sent: { roles: ['owner'] },
    },
    {
      fields: { do: 'roles', member: 'user-2' },
      call: 'PUT /auth/organizations/org_1/members/user-2',
      sent: { roles: [] },
    },
    { fields: { do: 'remove', member: 'user-2' }, call: 'DELETE /auth/organizations/org_1/members/user-2' },
    { fields: { do: 'delete' }, call: 'DELETE /auth/organizations/org_1' },
    { fields: { do: 'switch' }, call: 'POST /auth/organizations/active', sent: { organization: 'org_1' } },
  ])('asks identity for what its form says: $fields', async ({ fields, call, sent }) => {
    const { post, changes, bodies } = pagesWith();
    const answer = await post(one, { organization: 'org_1', ...fields });
    expect(answer.status).toBe(303);
    expect(changes()).toEqual([call]);
    expect(bodies).toEqual(sent === undefined ? [] : [sent]);
  });

  it('has the sender of the form leave, whichever member it names', async () => {
    const { post, changes } = pagesWith();
    const answer = await post(one, { do: 'leave', organization: 'org_1', member: 'user-2' });
    expect(changes()).toEqual(['DELETE /auth/organizations/org_1/members/user-1']);
    expect(answer.headers.get('location')).toBe('/auth/my/organizations?did=left');
  });

  it.each(['../users/user-2', 'org_1/members/user-2', 'org_1?x=', '', '%2e%2e', 'a'.repeat(101)])(
    'makes no other path of the handle %j',
    async (handle) => {
      const { post, changes } = pagesWith();
      await post(one, { do: 'remove', organization: handle, member: handle });
      await post(one, { do: 'withdraw', organization: handle, invitation: handle });
      expect(changes()).toEqual([
        'DELETE /auth/organizations/none/members/none',
        'DELETE /auth/organizations/none/invitations/none',
      ]);
    },
  );

  it('keeps what was typed where an invitation is refused, beside what is wrong', async () => {
    const errors = [
      { field: 'email', message: 'must be an email address' },
      { field: 'roles', message: 'must not be empty' },
    ];
    const refused = problem(422, { code: 'SP_VALIDATION_FAILED', errors });
    const { post } = pagesWith({ 'POST /auth/organizations/org_1/invitations': refused });
    const answer = await post(one, { do: 'invite', organization: 'org_1', email: 'x@', 'role.owner': 'on' });
    const text = await answer.text();
    expect(answer.status).toBe(422);
    expect(text).toContain('value="x@"');
    expect(text).toContain('Email address must be an email address.');
    expect(text).toContain('Roles must not be empty.');
    expect(text).toMatch(/name="role\.owner" value="on" checked/);
    expect(text).not.toMatch(/name="role\.member" value="on" checked/);
  });

  it.each([
    { fields: { do: 'invite', email: 'x@example.test' }, back: `${one}?id=org_1&did=confirmed` },
    { fields: { do: 'roles', member: 'user-2' }, back: `${one}?id=org_1&member=user-2` },
    { fields: { do: 'delete' }, back: `${one}?id=org_1&confirm=delete` },
  ])('leads to the step-up that $fields.do needs, and back', async ({ fields, back }) => {
    const refused = problem(401, { code: 'SP_STEP_UP_REQUIRED', stepUp: { maxAgeSeconds: 600 } });
    const { post } = pagesWith({
      'POST /auth/organizations/org_1/invitations': refused,
      'PUT /auth/organizations/org_1/members/user-2': refused,
      'DELETE /auth/organizations/org_1': refused,
    });
    const answer = await post(one, { organization: 'org_1', ...fields });
    expect(answer.headers.get('location')).toBe(`/auth/confirm?returnTo=${encodeURIComponent(back)}&max_age=600`);
  });

  it.each([
    { status: 409, code: 'SP_LAST_OWNER', says: 'This is the last owner' },
    { status: 403, code: 'SP_AUTHORITY_EXCEEDED', says: 'That is more than you may give' },
    { status: 503, code: 'SP_STORE_UNAVAILABLE', says: '<code>request-1</code>' },
  ] as const)('says $says where roles are refused with $code', async ({ status, code, says }) => {
    const { post } = pagesWith({ 'PUT /auth/organizations/org_1/members/user-2': problem(status, { code }) });
    const answer = await post(one, { do: 'roles', organization: 'org_1', member: 'user-2', 'role.member': 'on' });
    expect(answer.status).toBe(status);
    expect(await answer.text()).toContain(says);
  });

  it('offers the next members where there are more', async () => {
    const { get, calls } = pagesWith({ 'GET /auth/organizations/org_1/members': says({ ...members, next: 'user-2' }) });
    expect(await (await get(`${one}?id=org_1`)).text()).toContain('?id=org_1&amp;after=user-2"');
    await get(`${one}?id=org_1&after=user-2`);
    expect(calls).toContain('GET /auth/organizations/org_1/members?after=user-2');
  });
});

describe('a new organization', () => {
  it('is the active one at once', async () => {
    const { post, changes } = pagesWith({ 'POST /auth/organizations': says(found) });
    const answer = await post('/auth/my/organizations/new', { name: 'Acme' });
    expect(changes()).toEqual(['POST /auth/organizations', 'POST /auth/organizations/active']);
    expect(answer.headers.get('location')).toBe(`${one}?id=org_1&did=created`);
  });

  it('is there also where it cannot be the active one now', async () => {
    const refused = problem(503, { code: 'SP_STORE_UNAVAILABLE' });
    const { post } = pagesWith({ 'POST /auth/organizations': says(found), 'POST /auth/organizations/active': refused });
    expect((await post('/auth/my/organizations/new', { name: 'Acme' })).status).toBe(303);
  });

  it('is not offered to a user who may create none', async () => {
    const { get } = pagesWith({ 'GET /auth/organizations': says({ organizations: [], mayCreate: false }) });
    expect(await (await get('/auth/my/organizations/new')).text()).not.toContain('name="name"');
  });
});
