import { anonymous, freezePrincipal, type Caller, type ManagedUser, type ManagedUsersAnswer } from '@sallyport/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { goodPassword, onDatabase, type Answer, type Harness } from '../../identity.test-support.ts';
import { makeKey, present } from '../api-keys/api-key.test-support.ts';
import { makeService, startManageHarness, type TestService } from './manage.test-support.ts';

const robin = 'robin@example.test';
const ada = 'ada@example.test';

let harness: Harness;
beforeEach(async () => {
  harness = await startManageHarness();
});
afterEach(() => harness.close());

const call = (caller: Caller, method: string, path: string, body?: unknown): Promise<Answer> =>
  harness.call(method, `/manage/users${path}`, body, { caller });
const userOf = ({ body }: Answer): ManagedUser => (body as { readonly user: ManagedUser }).user;
const pageOf = ({ body }: Answer): ManagedUsersAnswer => body as ManagedUsersAnswer;
const stored = (id: string) => harness.identity.accounts.findById(id);
const eventsOf = async (type: string) => (await harness.events()).filter((event) => event['type'] === type);

/** Everything that the API does, on an account that is there. */
const actions = {
  list: { method: 'GET', path: () => '', body: undefined, reads: true, status: 200 },
  'look up': { method: 'GET', path: (id: string) => `/${id}`, body: undefined, reads: true, status: 200 },
  create: {
    method: 'POST',
    path: () => '',
    body: { email: 'new@example.test', name: 'New' },
    reads: false,
    status: 201,
  },
  invite: { method: 'POST', path: (id: string) => `/${id}/invitation`, body: undefined, reads: false, status: 200 },
  'set roles': {
    method: 'PUT',
    path: (id: string) => `/${id}/roles`,
    body: { roles: [] },
    reads: false,
    status: 200,
  },
  ban: { method: 'PUT', path: (id: string) => `/${id}/ban`, body: {}, reads: false, status: 200 },
  unban: { method: 'DELETE', path: (id: string) => `/${id}/ban`, body: undefined, reads: false, status: 200 },
  delete: { method: 'DELETE', path: (id: string) => `/${id}`, body: undefined, reads: false, status: 204 },
} as const;
type ActionName = keyof typeof actions;
const actionNames = Object.keys(actions) as readonly ActionName[]; // Its own keys.

type MakeCaller = () => Promise<Caller>;
const serviceWith =
  (roles: readonly string[], scopes?: readonly string[]): MakeCaller =>
  async () =>
    (await makeService(harness, 'desk', roles, scopes === undefined ? undefined : [...scopes])).caller;
const sessionOf = async (): Promise<Caller> => {
  await harness.makeUser(ada, ['admin']);
  return (await harness.signIn(ada)).caller;
};

/** Every kind of caller: what it may not do is more than what it may. */
const callers: readonly {
  readonly name: string;
  readonly make: MakeCaller;
  readonly may: 'nothing' | 'read' | 'everything';
  readonly refusal?: number;
}[] = [
  { name: 'an anonymous caller', make: async () => anonymous, may: 'nothing', refusal: 401 },
  { name: 'the session of an administrator', make: sessionOf, may: 'nothing' },
  {
    name: 'a key of an administrator',
    make: async () => {
      const caller = await sessionOf();
      const { secret } = await makeKey(harness, caller, { scopes: ['user:read', 'user:manage'] });
      const found = await present(harness, secret);
      return typeof found === 'string' ? anonymous : found.principal;
    },
    may: 'nothing',
  },
  { name: 'a service whose roles give no such permission', make: serviceWith(['clerk']), may: 'nothing' },
  {
    name: 'a service whose key has no such scope',
    make: serviceWith(['admin'], ['product:read', 'product:delete']),
    may: 'nothing',
  },
  {
    name: 'a service with another credential than a key',
    make: async () => freezePrincipal({ ...(await serviceWith(['admin'])()), credential: 'bearer' } as never),
    may: 'nothing',
  },
  {
    name: 'a service on behalf of another',
    make: async () => freezePrincipal({ ...(await serviceWith(['admin'])()), actor: { id: 'shop' } } as never),
    may: 'nothing',
  },
  { name: 'a service with "user:read"', make: serviceWith(['reader']), may: 'read' },
  { name: 'a manager whose key has "user:read" alone', make: serviceWith(['manager'], ['user:read']), may: 'read' },
  { name: 'a service with "user:manage"', make: serviceWith(['manager']), may: 'everything' },
];

describe(onDatabase('the users API'), () => {
  it('has an action here for every route', () => {
    const served = harness.identity.app.routes
      .filter(({ method, path }) => path.startsWith('/manage/users') && method !== 'ALL')
      .map(({ method, path }) => `${method} ${path}`);
    const covered = Object.values(actions).map(({ method, path }) => `${method} /manage/users${path(':id')}`);
    expect([...new Set(served)].sort()).toEqual([...new Set(covered)].sort());
  });

  it.each(callers)('lets $name do: $may', async ({ make, may, refusal = 403 }) => {
    const caller = await make();
    const id = await harness.makeUser(robin);
    const before = await stored(id);
    for (const name of actionNames) {
      const { method, path, body, reads, status } = actions[name];
      const isAllowed = may === 'everything' || (may === 'read' && reads);
      const answer = await call(caller, method, path(id), body);
      expect({ name, status: answer.status }).toEqual({ name, status: isAllowed ? status : refusal });
      if (!isAllowed)
        expect(answer.body).toMatchObject({ code: refusal === 401 ? 'SP_UNAUTHENTICATED' : 'SP_FORBIDDEN' });
    }
    if (may !== 'everything') {
      expect(await stored(id)).toEqual(before);
      expect(await harness.identity.accounts.findByEmail('new@example.test')).toBeNull();
    }
  });

  it('is not there where the configuration does not ask for it', async () => {
    const { caller } = await makeService(harness, 'desk', ['admin']);
    const other = await startManageHarness({ features: { administration: {} } });
    const answer = await other.call('GET', '/manage/users', undefined, { caller });
    expect(answer.status).toBe(404);
    await other.close();
  });

  it('gives no hash, secret or token away', async () => {
    const { caller } = await makeService(harness, 'desk', ['manager']);
    const made = await call(caller, 'POST', '', { email: robin, name: 'Robin', password: goodPassword, invite: true });
    const token = await harness.linkToken(robin, 'invitation');
    const texts = [made, await call(caller, 'GET', ''), await call(caller, 'GET', `/${userOf(made).id}`)];
    for (const { text } of texts) {
      expect(text).not.toMatch(/password|hash|token|\$argon2|\$2b/i);
      expect(text).not.toContain(goodPassword);
      expect(text).not.toContain(token);
    }
    expect(Object.keys(userOf(made)).sort()).toEqual(
      ['ban', 'createdAt', 'email', 'emailVerified', 'expiresAt', 'id', 'name', 'roles', 'status'].sort(),
    );
  });
});

describe(onDatabase('the list of users'), () => {
  let reader: Caller;
  beforeEach(async () => {
    ({ caller: reader } = await makeService(harness, 'desk', ['reader']));
  });

  const readAll = async (query: string, limit: number): Promise<string[]> => {
    const emails: string[] = [];
    for (let after = ''; ;) {
      const page = pageOf(await call(reader, 'GET', `?${query}&limit=${limit}${after}`));
      expect(page.users.length).toBeLessThanOrEqual(limit);
      emails.push(...page.users.map(({ email }) => email));
      if (page.next === null) return emails;
      after = `&after=${page.next}`;
    }
  };

  it('is read page by page, each account once, also when others come and go meanwhile', async () => {
    const ids = await Promise.all(Array.from({ length: 7 }, (_, index) => harness.makeUser(`u${index}@x.test`)));
    const first = pageOf(await call(reader, 'GET', '?limit=3'));
    expect(first.users).toHaveLength(3);
    await harness.identity.accounts.deleteUser(first.users[0]?.id ?? '');
    await harness.identity.accounts.deleteUser(first.users[2]?.id ?? '');
    await harness.makeUser('late@x.test');
    const rest: string[] = [];
    for (let after = first.next; after !== null;) {
      const page = pageOf(await call(reader, 'GET', `?limit=2&after=${after}`));
      rest.push(...page.users.map(({ id }) => id));
      after = page.next;
    }
    const seen = [...first.users.map(({ id }) => id), ...rest];
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toEqual(expect.arrayContaining(ids));
  });

  it('is filtered by role, status and time, and by all of them together', async () => {
    await harness.makeUser('one@x.test', ['clerk']);
    const banned = await harness.makeUser('two@x.test', ['clerk']);
    await harness.identity.accounts.setBanned(banned, true);
    const unverified = { name: 'Kim', email: 'three@x.test', roles: ['user'], emailVerified: false };
    await harness.identity.accounts.createUser(unverified);
    harness.advance(3600);
    await harness.makeUser('four@x.test', ['user', 'clerk']);
    const middle = new Date(harness.now().getTime() - 1800_000).toISOString();
    const rows: readonly (readonly [string, readonly string[]])[] = [
      ['role=clerk', ['four@x.test', 'one@x.test', 'two@x.test']],
      ['role=cler', []],
      ['status=banned', ['two@x.test']],
      ['status=unverified', ['three@x.test']],
      ['status=active', ['four@x.test', 'one@x.test']],
      [`createdFrom=${middle}`, ['four@x.test']],
      [`createdBefore=${middle}`, ['one@x.test', 'three@x.test', 'two@x.test']],
      [`role=clerk&status=active&createdBefore=${middle}`, ['one@x.test']],
      [`createdFrom=${middle}&createdBefore=${middle}`, []],
      ['email=two@x.test', ['two@x.test']],
      ['email=TWO@X.TEST', ['two@x.test']],
      ['email=two@x.test&status=active', []],
      ['email=missing@x.test', []],
    ];
    for (const [query, emails] of rows)
      expect({ query, emails: (await readAll(query, 2)).sort() }).toEqual({ query, emails });
  });

  it('leaves out a sign-up whose time is over, and shows one that waits with its end', async () => {
    const signUp = { name: 'Robin', email: robin, password: goodPassword };
    await harness.call('POST', '/auth/sign-up/email', signUp);
    expect(pageOf(await call(reader, 'GET', '')).users).toMatchObject([
      { email: robin, status: 'unverified', expiresAt: expect.any(String) as string },
    ]);
    harness.advance(25 * 3600);
    expect(pageOf(await call(reader, 'GET', '')).users).toEqual([]);
    expect(pageOf(await call(reader, 'GET', `?email=${robin}`)).users).toEqual([]);
  });

  it.each([
    ['limit=0', 'limit'],
    ['limit=101', 'limit'],
    ['limit=1e2', 'limit'],
    ['limit=', 'limit'],
    ['status=deleted', 'status'],
    ['status=', 'status'],
    ['role=King', 'role'],
    ['role=a%20b', 'role'],
    ['email=robin', 'email'],
    ['createdFrom=yesterday', 'createdFrom'],
    ['createdFrom=2026-01-01', 'createdFrom'],
    ['createdBefore=9999999999', 'createdBefore'],
    ['after=%00', 'after'],
    ["after=' OR 1=1", 'after'],
    [`after=${'a'.repeat(101)}`, 'after'],
    ['page=2', 'page'],
    ['offset=1', 'offset'],
    ['__proto__=1', '__proto__'],
  ])('refuses the query %s, and names it', async (query, field) => {
    const answer = await call(reader, 'GET', `?${query}`);
    expect(answer).toMatchObject({ status: 422, body: { code: 'SP_VALIDATION_FAILED', errors: [{ field }] } });
  });

  it('refuses a parameter that comes twice', async () => {
    const answer = await call(reader, 'GET', '?role=user&role=clerk');
    expect(answer).toMatchObject({ status: 400, body: { code: 'SP_REQUEST_AMBIGUOUS' } });
  });

  it.each(['unknown', 'a'.repeat(100), 'a'.repeat(101), '%00', "'--", '..%2f'])(
    'has no account under the id %s, by any way',
    async (id) => {
      const { caller } = await makeService(harness, 'office', ['manager']);
      for (const name of actionNames) {
        const { method, path, body } = actions[name];
        if (!path('x').startsWith('/x')) continue;
        const answer = await call(caller, method, path(id), body);
        expect({ name, status: answer.status }).toEqual({ name, status: 404 });
      }
    },
  );
});

describe(onDatabase('a service that makes accounts'), () => {
  let desk: TestService;
  beforeEach(async () => {
    desk = await makeService(harness, 'desk', ['manager']);
  });
  const create = (body: unknown): Promise<Answer> => call(desk.caller, 'POST', '', body);

  it('makes one without a password, whose owner is mailed a link to choose one', async () => {
    const answer = await create({ email: 'Robin@Example.test', name: 'Robin', roles: ['user', 'user'] });
    expect(answer).toMatchObject({
      status: 201,
      body: {
        user: { email: robin, name: 'Robin', roles: ['user'], status: 'unverified', ban: null, expiresAt: null },
      },
    });
    const token = await harness.linkToken(robin, 'invitation');
    const chosen = { token, newPassword: goodPassword };
    expect((await harness.call('POST', '/auth/reset-password', chosen)).status).toBe(200);
    expect((await harness.signIn(robin)).caller).toMatchObject({ id: userOf(answer).id });
  });

  it('makes one with a password and a verified address, which can sign in at once and gets no mail', async () => {
    await create({ email: robin, name: 'Robin', password: goodPassword, emailVerified: true });
    expect((await harness.signIn(robin)).caller).toMatchObject({ roles: [] });
    expect(await harness.mailTo(robin, 0)).toEqual([]);
  });

  it('makes one that cannot sign in with its password before the address is confirmed', async () => {
    await create({ email: robin, name: 'Robin', password: goodPassword });
    const signIn = await harness.call('POST', '/auth/sign-in/email', { email: robin, password: goodPassword });
    expect(signIn).toMatchObject({ status: 403, body: { code: 'SP_EMAIL_UNVERIFIED' } });
  });

  it('is named by the events of what it does', async () => {
    const { id } = userOf(await create({ email: robin, name: 'Robin' }));
    await call(desk.caller, 'PUT', `/${id}/roles`, { roles: ['user'] });
    await call(desk.caller, 'PUT', `/${id}/ban`, { until: '2199-01-01T00:00:00+02:00', reason: 'Spam' });
    await call(desk.caller, 'DELETE', `/${id}/ban`);
    await call(desk.caller, 'DELETE', `/${id}`);
    const events = (await harness.events()).filter(({ target }) => target === id);
    const types = ['banned', 'created', 'deleted', 'invited', 'roles-changed', 'unbanned'].map(
      (what) => `account.${what}`,
    );
    expect(events.map(({ type }) => String(type)).sort()).toEqual(types);
    expect(new Set(events.map(({ actor }) => actor))).toEqual(new Set([desk.id]));
    expect(events.find(({ type }) => type === 'account.banned')).toMatchObject({
      details: '{"until":"2198-12-31T22:00:00.000Z"}',
    });
    expect(JSON.stringify(events)).not.toContain('Spam');
  });

  it('is refused the address of an account with 409, and leaves that as it is', async () => {
    const id = await harness.makeUser(robin, ['clerk']);
    const before = await stored(id);
    const answer = await create({ email: 'ROBIN@example.test', name: 'Other', password: goodPassword });
    expect(answer).toMatchObject({
      status: 409,
      body: { code: 'SP_CONFLICT', errors: [{ field: 'email', message: 'has an account' }] },
    });
    expect(await stored(id)).toEqual(before);
  });

  it('takes the place of an unconfirmed sign-up', async () => {
    const signUp = { name: 'Mallory', email: robin, password: 'third-violet-kettle-11' };
    await harness.call('POST', '/auth/sign-up/email', signUp);
    const answer = await create({ email: robin, name: 'Robin', password: goodPassword, emailVerified: true });
    expect(answer.status).toBe(201);
    const stale = await harness.call('POST', '/auth/sign-in/email', { email: robin, password: signUp.password });
    expect(stale.status).toBe(401);
  });

  it.each([
    ['no address', { name: 'Robin' }, 'email'],
    ['what is no address', { email: 'robin', name: 'Robin' }, 'email'],
    ['an address of another kind', { email: { $ne: '' }, name: 'Robin' }, 'email'],
    ['no name', { email: robin }, 'name'],
    ['an empty name', { email: robin, name: ' ' }, 'name'],
    ['a long name', { email: robin, name: 'a'.repeat(101) }, 'name'],
    ['a name of two lines', { email: robin, name: 'Robin\nBcc: x' }, 'name'],
    ['a role by another form', { email: robin, name: 'Robin', roles: ['Admin role'] }, 'roles.0'],
    ['too many roles', { email: robin, name: 'Robin', roles: Array.from({ length: 51 }, () => 'user') }, 'roles'],
    ['an unknown role', { email: robin, name: 'Robin', roles: ['king'] }, 'roles'],
    ['roles that are no list', { email: robin, name: 'Robin', roles: 'admin' }, 'roles'],
    ['a flag that is a text', { email: robin, name: 'Robin', emailVerified: 'true' }, 'emailVerified'],
    ['an unknown field', { email: robin, name: 'Robin', permissions: ['user:manage'] }, 'permissions'],
    ['a hash', { email: robin, name: 'Robin', passwordHash: '$2b$10$x' }, 'passwordHash'],
    ['an id', { email: robin, name: 'Robin', id: 'ada' }, 'id'],
  ])('is refused %s with 422, and nothing is made', async (_name, body, field) => {
    const answer = await create(body);
    expect(answer).toMatchObject({ status: 422, body: { code: 'SP_VALIDATION_FAILED', errors: [{ field }] } });
    expect(await harness.database.records.count({ model: 'user' })).toBe(0);
  });

  it.each(['short', 'password12345678', 'robin@example.test'])('is refused the password %s', async (password) => {
    const answer = await create({ email: robin, name: 'Robin', password });
    expect(answer).toMatchObject({ status: 422, body: { code: 'SP_PASSWORD_UNACCEPTABLE' } });
    expect(answer.text).not.toContain(`"${password}"`);
    expect(await harness.database.records.count({ model: 'user' })).toBe(0);
  });

  it.each([
    ['no JSON', { rawBody: 'email=a' }, 400],
    ['a list', { rawBody: '[]' }, 400],
    ['a member twice', { rawBody: `{"email":"${robin}","email":"${ada}","name":"x"}` }, 400],
    ['another media type', { rawBody: '{}', headers: { 'content-type': 'text/plain' } }, 415],
    ['too much', { rawBody: JSON.stringify({ email: robin, name: 'a'.repeat(17_000) }) }, 413],
  ])('is refused %s', async (_name, options, status) => {
    const answer = await harness.call('POST', '/manage/users', undefined, { caller: desk.caller, ...options });
    expect(answer.status).toBe(status);
  });
});

describe(onDatabase('a service that changes accounts'), () => {
  let desk: TestService;
  beforeEach(async () => {
    desk = await makeService(harness, 'desk', ['manager']);
    await harness.makeUser(ada, ['admin']);
  });

  const beyond = { status: 403, body: { code: 'SP_AUTHORITY_EXCEEDED' } };

  it.each([
    { name: 'makes no account with a role that holds more', method: 'POST', path: () => '', roles: ['clerk'] },
    { name: 'gives no role that holds more', method: 'PUT', path: (id: string) => `/${id}/roles`, roles: ['clerk'] },
  ])('$name than its key, and the attempt is written down', async ({ method, path, roles }) => {
    const id = await harness.makeUser(robin);
    const body = method === 'POST' ? { email: 'new@example.test', name: 'New', roles } : { roles };
    expect(await call(desk.caller, method, path(id), body)).toMatchObject(beyond);
    expect(await stored(id)).toMatchObject({ roles: ['user'] });
    expect(await harness.identity.accounts.findByEmail('new@example.test')).toBeNull();
    expect(await eventsOf('access.refused')).toMatchObject([
      { actor: desk.id, details: '{"reason":"beyond-own-permissions","code":"SP_AUTHORITY_EXCEEDED"}' },
    ]);
  });

  it('gives nothing that its account holds and its key does not', async () => {
    const { caller } = await makeService(harness, 'office', ['admin'], ['user:manage']);
    const id = await harness.makeUser(robin, []);
    expect(await call(caller, 'PUT', `/${id}/roles`, { roles: ['user'] })).toMatchObject(beyond);
    expect(await call(caller, 'POST', '', { email: 'new@x.test', name: 'New', roles: ['user'] })).toMatchObject(beyond);
    expect((await call(caller, 'PUT', `/${id}/ban`, {})).status).toBe(200);
  });

  it.each(actionNames.filter((name) => !actions[name].reads && name !== 'create'))(
    'does not %s an account that may do more',
    async (name) => {
      const admin = await harness.identity.accounts.findByEmail(ada);
      const { method, path, body } = actions[name];
      expect(await call(desk.caller, method, path(admin?.id ?? ''), body)).toMatchObject(beyond);
      expect(await harness.identity.accounts.findByEmail(ada)).toEqual(admin);
    },
  );

  it('loses its authority in the very transaction, whatever the gateway remembers of its key', async () => {
    const id = await harness.makeUser(robin);
    const disable = harness.identity.operations.find(({ name }) => name === 'service-accounts/set-disabled');
    await disable?.run({ id: desk.id, isDisabled: true }, { actor: 'operator', requestId: 'r', address: 'local' });
    for (const name of actionNames.filter((one) => !actions[one].reads)) {
      const { method, path, body } = actions[name];
      const answer = await call(desk.caller, method, path(id), body);
      expect({ name, status: answer.status }).toEqual({ name, status: 403 });
    }
    expect(await stored(id)).toMatchObject({ roles: ['user'], isBanned: false });
  });

  it('does not take, ban or delete the last account that manages others', async () => {
    const office = await makeService(harness, 'office', ['admin']);
    const admin = await harness.identity.accounts.findByEmail(ada);
    const id = admin?.id ?? '';
    const changes = [
      ['PUT', `/${id}/roles`, { roles: ['user'] }],
      ['PUT', `/${id}/ban`, {}],
      ['DELETE', `/${id}`, undefined],
    ] as const;
    for (const [method, path, body] of changes)
      expect(await call(office.caller, method, path, body)).toMatchObject({
        status: 409,
        body: { code: 'SP_LAST_MANAGER' },
      });
    expect(await stored(id)).toEqual(admin);
    await harness.makeUser('mia@example.test', ['admin']);
    for (const [method, path, body] of changes)
      expect((await call(office.caller, method, path, body)).status).toBeLessThan(300);
  });

  it('changes no roles of an unconfirmed sign-up', async () => {
    await harness.call('POST', '/auth/sign-up/email', { name: 'Robin', email: robin, password: goodPassword });
    const user = await harness.identity.accounts.findByEmail(robin);
    const answer = await call(desk.caller, 'PUT', `/${user?.id ?? ''}/roles`, { roles: ['user'] });
    expect(answer).toMatchObject({ status: 409, body: { code: 'SP_CONFLICT' } });
  });

  it.each([
    ['a time that is over', { until: '2020-01-01T00:00:00Z' }, 'until'],
    ['what is no time', { until: 'tomorrow' }, 'until'],
    ['a number', { until: 1_900_000_000 }, 'until'],
    ['a long reason', { reason: 'a'.repeat(201) }, 'reason'],
    ['a reason of two lines', { reason: 'a\nb' }, 'reason'],
    ['an unknown field', { forever: true }, 'forever'],
  ])('bans no account with %s', async (_name, body, field) => {
    const id = await harness.makeUser(robin);
    const answer = await call(desk.caller, 'PUT', `/${id}/ban`, body);
    expect(answer).toMatchObject({ status: 422, body: { code: 'SP_VALIDATION_FAILED', errors: [{ field }] } });
    expect(await stored(id)).toMatchObject({ isBanned: false });
  });

  it('bans an account at once and until the time that it names, with a reason for other managers', async () => {
    const id = await harness.makeUser(robin);
    const { token } = await harness.signIn(robin);
    const until = new Date(harness.now().getTime() + 3600_000).toISOString();
    const answer = await call(desk.caller, 'PUT', `/${id}/ban`, { until, reason: 'Payment overdue' });
    expect(userOf(answer)).toMatchObject({ status: 'banned', ban: { until, reason: 'Payment overdue' } });
    expect(await harness.identity.directory.byToken(token)).toBeNull();
    expect(harness.heard).toContainEqual({
      kind: 'revocation',
      event: expect.objectContaining({ kind: 'user', id, reason: 'banned' }) as object,
    });
    const signIn = () => harness.call('POST', '/auth/sign-in/email', { email: robin, password: goodPassword });
    expect((await signIn()).status).toBe(401);
    harness.advance(3601);
    expect((await signIn()).status).toBe(200);
    expect(await harness.identity.directory.byToken(token)).toBeNull();
    expect(userOf(await call(desk.caller, 'GET', `/${id}`))).toMatchObject({ status: 'active', ban: null });
  });

  it('replaces the terms of a ban by a second one, and lifts it', async () => {
    const id = await harness.makeUser(robin);
    await call(desk.caller, 'PUT', `/${id}/ban`, { until: '2199-01-01T00:00:00Z', reason: 'One' });
    const second = await call(desk.caller, 'PUT', `/${id}/ban`, {});
    expect(userOf(second).ban).toMatchObject({ until: null, reason: null });
    for (let times = 0; times < 2; times += 1)
      expect(userOf(await call(desk.caller, 'DELETE', `/${id}/ban`))).toMatchObject({ status: 'active', ban: null });
  });

  it('deletes an account with all that was kept of it, and every cache hears of it, also of a repetition', async () => {
    const id = await harness.makeUser(robin);
    const { caller, token } = await harness.signIn(robin);
    const { secret } = await makeKey(harness, caller);
    await harness.call('POST', '/auth/request-password-reset', { email: robin });
    const link = await harness.linkToken(robin, 'reset-password');
    expect((await call(desk.caller, 'DELETE', `/${id}`)).status).toBe(204);
    expect(await harness.identity.directory.byToken(token)).toBeNull();
    expect(await present(harness, secret)).toBeTypeOf('string');
    const reset = await harness.call('POST', '/auth/reset-password', { token: link, newPassword: goodPassword });
    expect(reset.status).toBe(400);
    for (const model of ['account', 'sallyportApiKey', 'sallyportFactor', 'verification', 'sallyportTokenFamily']) {
      const rows = JSON.stringify(await harness.database.records.findMany({ model }));
      expect({ model, has: rows.includes(id) }).toEqual({ model, has: false });
    }
    const heard = () => harness.heard.filter((one) => one.kind === 'revocation' && one.event.id === id).length;
    expect(heard()).toBe(1);
    expect((await call(desk.caller, 'DELETE', `/${id}`)).status).toBe(404);
    expect(heard()).toBe(2);
    expect(await eventsOf('account.deleted')).toHaveLength(1);
    expect((await call(desk.caller, 'POST', '', { email: robin, name: 'Robin' })).status).toBe(201);
  });

  it('mails another link on request, to the owner alone', async () => {
    const id = await harness.makeUser(robin);
    expect((await call(desk.caller, 'POST', `/${id}/invitation`)).status).toBe(200);
    expect(await harness.mailTo(robin, 1)).toMatchObject([{ kind: 'invitation' }]);
    expect((await call(desk.caller, 'POST', `/${id}/invitation`, { to: ada })).status).toBe(422);
  });

  it('tells the owner whose roles changed that the service did it', async () => {
    const id = await harness.makeUser(robin);
    await call(desk.caller, 'PUT', `/${id}/roles`, { roles: [] });
    expect(await harness.mailTo(robin, 1)).toMatchObject([{ kind: 'roles-changed' }]);
  });
});
