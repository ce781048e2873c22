import { definePolicy } from '@sallyport/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestGateway, type TestGateway } from './test-support/test-gateway.ts';
import { testPolicy } from './test-support/test-preset.ts';

const policy = definePolicy({
  permissions: {
    ...testPolicy.permissions,
    'oauth-client:read': 'Look at OAuth clients',
    'oauth-client:manage': 'Register OAuth clients',
  },
  roles: {
    ...testPolicy.roles,
    reader: ['oauth-client:read'],
    registrar: ['oauth-client:read', 'oauth-client:manage'],
  },
});
const requests = [{ per: 'key' as const, max: 40, seconds: 3600 }];
const client = { name: 'Job', authentication: 'client_secret_basic', grantTypes: ['client_credentials'] };

let test: TestGateway;
beforeAll(async () => {
  test = await startTestGateway({ config: { policy, apiKeys: {}, oauthProvider: { clients: { api: { requests } } } } });
});
afterAll(() => test.close());

const order = (name: string, input: object): Promise<unknown> =>
  test.gateway.control.operate(name, input, { actor: 'operator:ada', requestId: 'operator', address: 'local' });

let made = 0;
async function makeServiceKey(role: string, scopes: readonly string[]) {
  made += 1;
  const account = (await order('service-accounts/create', { name: `desk-${made}`, roles: [role] })) as { id: string };
  const owner = { kind: 'service', id: account.id };
  const { secret } = (await order('api-keys/create', { owner, name: 'Main', scopes })) as { readonly secret: string };
  return { id: account.id, secret };
}

const call = (method: string, path: string, headers: Readonly<Record<string, string>>, json?: object) =>
  fetch(`${test.origin}/manage/oauth-clients${path}`, {
    method,
    headers: { ...headers, ...(json === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(json === undefined ? {} : { body: JSON.stringify(json) }),
  });
const withKey = (secret: string) => ({ 'x-api-key': secret });
const codeOf = async (answer: Response): Promise<unknown> => ((await answer.json()) as { readonly code: unknown }).code;
const listed = (): Promise<unknown> => order('oauth-clients/list', { limit: 100 });

describe('the API of OAuth clients at the gateway', () => {
  it('serves a service, and ends for it in the moment in which it is disabled', async () => {
    const { id, secret } = await makeServiceKey('registrar', ['oauth-client:read', 'oauth-client:manage']);
    const answer = await call('POST', '', withKey(secret), client);
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([201, 'no-store']);
    const body = (await answer.json()) as { readonly client: { readonly id: string }; readonly secret: string };
    expect(body.secret).toMatch(/^sp_cs_/);
    expect((await call('GET', `/${body.client.id}`, withKey(secret))).status).toBe(200);
    expect((await call('PATCH', `/${body.client.id}`, withKey(secret), { name: 'Other job' })).status).toBe(200);
    expect((await call('DELETE', `/${body.client.id}`, withKey(secret))).status).toBe(204);
    await order('service-accounts/set-disabled', { id, isDisabled: true });
    expect((await call('GET', '', withKey(secret))).status).toBe(401);
    expect(await listed()).toEqual([]);
  });

  it('writes the secret to no line of the log', async () => {
    const { secret } = await makeServiceKey('registrar', ['oauth-client:manage']);
    const answer = await call('POST', '', withKey(secret), { ...client, name: 'Quiet' });
    const body = (await answer.json()) as { readonly client: { readonly id: string }; readonly secret: string };
    expect(JSON.stringify(test.lines)).not.toContain(body.secret);
    await order('oauth-clients/delete', { id: body.client.id });
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
      name: 'a key that may only look',
      headers: async () => withKey((await makeServiceKey('reader', ['oauth-client:read'])).secret),
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
      name: 'the secret of a client as a token',
      headers: async () => ({ authorization: 'Bearer sp_cs_00' }),
      status: 401,
      code: 'SP_TOKEN_INVALID',
    },
    {
      name: 'a key from a page of another site',
      headers: async () => ({
        ...withKey((await makeServiceKey('registrar', ['oauth-client:manage'])).secret),
        origin: 'https://evil.test',
      }),
      status: 403,
      code: 'SP_CROSS_SITE_REQUEST',
    },
  ])('refuses a registration with $name', async ({ headers, status, code }) => {
    const answer = await call('POST', '', await headers(), client);
    expect([answer.status, await codeOf(answer)]).toEqual([status, code]);
    expect(await listed()).toEqual([]);
  });

  it('limits how often a key may ask', async () => {
    const { secret } = await makeServiceKey('reader', ['oauth-client:read']);
    const answers = await Promise.all(Array.from({ length: 45 }, () => call('GET', '?limit=1', withKey(secret))));
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(5);
  });
});

describe('without oauthProvider.clients.api', () => {
  let other: TestGateway;
  beforeAll(async () => {
    other = await startTestGateway({ config: { policy, apiKeys: {}, oauthProvider: {} } });
  });
  afterAll(() => other.close());

  it('a service is served nothing there', async () => {
    const answer = await other.get('/manage/oauth-clients', withKey('sp_key_000000000000000000000000000000003rAP3o'));
    expect(answer.status).toBe(401);
    expect((await other.get('/manage/oauth-clients', { cookie: await other.signIn('admin') })).status).toBe(200);
  });
});
