import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { definePolicy } from '@sallyport/core';
import { testPolicy } from './test-support/test-preset.ts';
import { startTestGateway, type TestGateway } from './test-support/test-gateway.ts';

const policy = definePolicy({
  permissions: { ...testPolicy.permissions, 'user:read': 'Look at accounts', 'user:manage': 'Manage accounts' },
  roles: {
    ...testPolicy.roles,
    reader: ['user:read'],
    manager: ['user:read', 'user:manage'],
  },
});
const requests = [{ per: 'key' as const, max: 40, seconds: 3600 }];

let test: TestGateway;
beforeAll(async () => {
  test = await startTestGateway({ config: { policy, apiKeys: {}, administration: { usersApi: { requests } } } });
});
afterAll(() => test.close());

async function order(name: string, input: object): Promise<unknown> {
  return test.gateway.control.operate(name, input, { actor: 'operator:ada', requestId: 'operator', address: 'local' });
}

let made = 0;
async function makeServiceKey(role: string, scopes: readonly string[]) {
  made += 1;
  const account = (await order('service-accounts/create', { name: `desk-${made}`, roles: [role] })) as { id: string };
  const owner = { kind: 'service', id: account.id };
  const { secret } = (await order('api-keys/create', { owner, name: 'Main', scopes })) as { readonly secret: string };
  return { id: account.id, secret };
}

const call = (method: string, path: string, headers: Readonly<Record<string, string>>, json?: object) =>
  fetch(`${test.origin}/manage/users${path}`, {
    method,
    headers: { ...headers, ...(json === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(json === undefined ? {} : { body: JSON.stringify(json) }),
  });
const withKey = (secret: string) => ({ 'x-api-key': secret });
const codeOf = async (answer: Response): Promise<unknown> => ((await answer.json()) as { readonly code: unknown }).code;

describe('the users API at the gateway', () => {
  it('serves a service, and ends for it in the moment in which it is disabled', async () => {
    const { id, secret } = await makeServiceKey('manager', ['user:manage']);
    const answer = await call('POST', '', withKey(secret), { email: 'robin@example.test', name: 'Robin' });
    expect(answer.status).toBe(201);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const { user } = (await answer.json()) as { readonly user: { readonly id: string } };
    expect((await call('GET', `/${user.id}`, withKey(secret))).status).toBe(200);
    expect((await call('DELETE', `/${user.id}`, withKey(secret))).status).toBe(204);
    await order('service-accounts/set-disabled', { id, isDisabled: true });
    expect((await call('GET', '', withKey(secret))).status).toBe(401);
  });

  it('loses the permission to change from the next request on', async () => {
    const { id, secret } = await makeServiceKey('manager', ['user:read', 'user:manage']);
    const make = (email: string) => call('POST', '', withKey(secret), { email, name: 'Robin' });
    expect((await make('one@example.test')).status).toBe(201);
    await order('service-accounts/set-roles', { id, roles: ['reader'] });
    expect((await make('two@example.test')).status).toBe(403);
    expect((await call('GET', '', withKey(secret))).status).toBe(200);
  });

  it.each([
    { name: 'nothing', headers: async () => ({}), status: 401, code: 'SP_UNAUTHENTICATED' },
    {
      name: 'the session of an administrator',
      headers: async () => ({ cookie: await test.signIn('admin') }),
      status: 401,
      code: 'SP_UNAUTHENTICATED',
    },
    {
      name: 'the session of an administrator beside a key',
      headers: async () => ({
        cookie: await test.signIn('admin'),
        ...withKey((await makeServiceKey('manager', ['user:manage'])).secret),
      }),
      status: 400,
      code: 'SP_CREDENTIALS_CONFLICT',
    },
    {
      name: 'a key of an administrator',
      headers: async () => {
        const admin = (await order('accounts/find', { email: 'admin@example.test' })) as { readonly id: string };
        const owner = { kind: 'user', id: admin.id };
        const key = await order('api-keys/create', { owner, name: 'Main', scopes: ['user:manage'] });
        return withKey((key as { readonly secret: string }).secret);
      },
      status: 403,
      code: 'SP_FORBIDDEN',
    },
    {
      name: 'a key that there is not',
      headers: async () => withKey('sp_key_000000000000000000000000000000003rAP3o'),
      status: 401,
      code: 'SP_UNAUTHENTICATED',
    },
    {
      name: 'a token',
      headers: async () => ({ authorization: 'Bearer eyJhbGciOiJub25lIn0.e30.' }),
      status: 401,
      code: 'SP_TOKEN_INVALID',
    },
    {
      name: 'a key from a page of another site',
      headers: async () => ({
        ...withKey((await makeServiceKey('manager', ['user:manage'])).secret),
        origin: 'https://evil.test',
      }),
      status: 403,
      code: 'SP_CROSS_SITE_REQUEST',
    },
  ])('refuses a change with $name', async ({ headers, status, code }) => {
    const answer = await call('POST', '', await headers(), { email: 'never@example.test', name: 'Never' });
    expect([answer.status, await codeOf(answer)]).toEqual([status, code]);
    expect(await order('accounts/find', { email: 'never@example.test' })).toBeNull();
  });

  it.each([
    ['PATCH', '/some'],
    ['DELETE', ''],
    ['PUT', ''],
    ['POST', '/some'],
  ])('serves no %s on %s', async (method, path) => {
    const { secret } = await makeServiceKey('manager', ['user:manage']);
    const answer = await call(method, path, withKey(secret));
    expect([answer.status, await codeOf(answer)]).toEqual([405, 'SP_METHOD_NOT_ALLOWED']);
  });

  it('limits how often a key may ask', async () => {
    const { secret } = await makeServiceKey('reader', ['user:read']);
    const answers = await Promise.all(Array.from({ length: 45 }, () => call('GET', '?limit=1', withKey(secret))));
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(5);
  });

  it('leaves what lies beside it to the routes', async () => {
    const cookie = await test.signIn('admin');
    expect((await test.get('/manage/usersx', { cookie })).status).toBe(200);
    expect((await test.get('/manage/x', { cookie })).status).toBe(200);
  });
});

describe('without administration.usersApi', () => {
  it('a service is served nothing there', async () => {
    const other = await startTestGateway({ config: { policy, apiKeys: {} } });
    const answer = await other.get('/manage/users', withKey('sp_key_000000000000000000000000000000003rAP3o'));
    expect(answer.status).toBe(401);
    expect((await other.get('/manage/users', { cookie: await other.signIn('admin') })).status).toBe(200);
    await other.close();
  });
});
