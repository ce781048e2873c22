import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testRoutes } from './test-support/test-routes.ts';
import { freePort, startTestGateway, type TestGateway } from './test-support/test-gateway.ts';

interface Made {
  readonly key: { readonly id: string };
  readonly secret: string;
}

let test: TestGateway;
beforeAll(async () => {
  test = await startKeyGateway();
});
afterAll(() => test.close());

/** The shop takes keys, and few requests of each; all other routes are as they are. */
async function startKeyGateway(): Promise<TestGateway> {
  const { createServer } = await import('node:http');
  const upstream = createServer((request, response) => {
    request.resume();
    response.end(JSON.stringify(request.headers));
  });
  const port = await freePort();
  await new Promise<void>((resolve) => void upstream.listen(port, '127.0.0.1', resolve));
  const routes = testRoutes(`http://127.0.0.1:${port}`).map((route) =>
    route.name === 'shop'
      ? {
          ...route,
          access: { permissions: ['product:read'] },
          credentials: ['session', 'api-key'] as ('session' | 'api-key')[],
          limits: { requests: [{ per: 'key' as const, max: 50, seconds: 3600 }] },
        }
      : route,
  );
  const gateway = await startTestGateway({ config: { apiKeys: {}, routes } });
  return {
    ...gateway,
    close: async () => {
      await gateway.close();
      upstream.closeAllConnections();
      upstream.close();
    },
  };
}

const call = (method: string, path: string, cookie: string, json?: object): Promise<Response> =>
  fetch(test.origin + path, {
    method,
    headers: {
      origin: test.origin,
      cookie,
      ...(json === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(json === undefined ? {} : { body: JSON.stringify(json) }),
  });

async function makeKey(cookie: string, scopes: readonly string[] = ['product:read']): Promise<Made> {
  const answer = await call('POST', '/auth/api-keys', cookie, { name: 'Export', scopes });
  expect(answer.status).toBe(201);
  return (await answer.json()) as Made;
}

const withKey = (secret: string, path = '/api/shop/x'): Promise<Response> => test.get(path, { 'x-api-key': secret });

async function claimsOf(answer: Response): Promise<Readonly<Record<string, unknown>>> {
  const headers = (await answer.json()) as Readonly<Record<string, string>>;
  const [, payload = ''] = (headers['authorization'] ?? '').split('.');
  return JSON.parse(Buffer.from(payload, 'base64url').toString()) as Readonly<Record<string, unknown>>;
}

async function codeOf(answer: Response): Promise<unknown> {
  return ((await answer.json()) as { readonly code: unknown }).code;
}

async function order(name: string, input: object): Promise<unknown> {
  return test.gateway.control.operate(name, input, { actor: 'operator:ada', requestId: 'operator', address: 'local' });
}

describe('an API key at the gateway', () => {
  it('becomes the token of the service, which never sees the key', async () => {
    const { key, secret } = await makeKey(await test.signIn('vendor'), ['product:read', 'product:create']);
    for (const headers of [{ 'x-api-key': secret }, { authorization: `ApiKey ${secret}` }]) {
      const answer = await test.get('/api/shop/x', headers);
      expect(answer.status).toBe(200);
      const text = await answer.clone().text();
      expect(text).not.toContain(secret);
      expect(await claimsOf(answer)).toMatchObject({
        aud: 'shop',
        sub_type: 'user',
        cred: 'api-key',
        client_id: key.id,
        scope: 'product:read product:create',
        roles: [],
        auth_time: 0,
        gen: { s: 1 },
      });
    }
  });

  it('changes things without a token against cross-site requests, unless a page of another site sends it', async () => {
    const { secret } = await makeKey(await test.signIn());
    const post = (headers: Readonly<Record<string, string>>): Promise<Response> =>
      fetch(`${test.origin}/api/shop/x`, { method: 'POST', headers: { 'x-api-key': secret, ...headers } });
    expect((await post({})).status).toBe(200);
    expect((await post({ origin: 'https://evil.test' })).status).toBe(403);
  });

  it('is refused at once when it is revoked', async () => {
    const cookie = await test.signIn();
    const { key, secret } = await makeKey(cookie);
    expect((await withKey(secret)).status).toBe(200);
    expect((await call('DELETE', `/auth/api-keys/${key.id}`, cookie)).status).toBe(204);
    const answer = await withKey(secret);
    expect([answer.status, await codeOf(answer)]).toEqual([401, 'SP_UNAUTHENTICATED']);
  });

  it('is refused at once after a rotation that leaves no overlap, and both secrets work after one that does', async () => {
    const cookie = await test.signIn();
    const { key, secret } = await makeKey(cookie);
    await withKey(secret);
    const rotate = async (overlapSeconds: number): Promise<string> => {
      const answer = await call('POST', `/auth/api-keys/${key.id}/rotate`, cookie, { overlapSeconds });
      return ((await answer.json()) as Made).secret;
    };
    const second = await rotate(60);
    expect([(await withKey(secret)).status, (await withKey(second)).status]).toEqual([200, 200]);
    const third = await rotate(0);
    const found = await Promise.all([secret, second, third].map(async (one) => (await withKey(one)).status));
    expect(found).toEqual([401, 401, 200]);
    expect(await claimsOf(await withKey(third))).toMatchObject({ client_id: key.id, gen: { s: 3 } });
  });

  it.each([
    ['on a route that does not take keys', '/manage/x'],
    ['at the account of its owner', '/auth/session'],
    ['at the keys of its owner', '/auth/api-keys'],
  ])('is refused %s', async (_name, path) => {
    const { secret } = await makeKey(await test.signIn('admin'));
    expect((await withKey(secret, path)).status).toBe(401);
  });

  it('without the permission that a route asks for is forbidden', async () => {
    const { secret } = await makeKey(await test.signIn('vendor'), ['product:create']);
    const answer = await withKey(secret);
    expect([answer.status, await codeOf(answer)]).toEqual([403, 'SP_FORBIDDEN']);
  });

  it('beside a session is one credential too many', async () => {
    const cookie = await test.signIn();
    const { secret } = await makeKey(cookie);
    const answer = await test.get('/api/shop/x', { cookie, 'x-api-key': secret });
    expect([answer.status, await codeOf(answer)]).toEqual([400, 'SP_CREDENTIALS_CONFLICT']);
  });

  it('in the address is none', async () => {
    const { secret } = await makeKey(await test.signIn());
    expect((await test.get(`/api/shop/x?api_key=${secret}`)).status).toBe(401);
  });

  it('goes to no service, also where it means nothing', async () => {
    const answer = await test.get('/open/x', { 'x-api-key': `sp_key_${'0'.repeat(38)}` });
    expect(answer.status).toBe(200);
    expect(await answer.text()).not.toContain('sp_key_');
  });

  it('has a limit of its own', async () => {
    const cookie = await test.signIn();
    const [one, other] = [await makeKey(cookie), await makeKey(cookie)];
    const statuses = await Promise.all(Array.from({ length: 60 }, async () => (await withKey(one.secret)).status));
    expect(statuses.filter((status) => status === 429)).toHaveLength(10);
    expect((await withKey(other.secret)).status).toBe(200);
    expect((await test.get('/api/shop/x', { cookie })).status).toBe(200);
  });

  it('has its last use in the list of its owner', async () => {
    const cookie = await test.signIn();
    const { key, secret } = await makeKey(cookie);
    await withKey(secret);
    await expect
      .poll(async () => {
        const answer = await call('GET', '/auth/api-keys', cookie);
        const { keys } = (await answer.json()) as { readonly keys: readonly { id: string; lastUsedAt: unknown }[] };
        return keys.find(({ id }) => id === key.id)?.lastUsedAt;
      })
      .toBeTypeOf('string');
  });

  it('of a service account that an operator disables is refused at once', async () => {
    const account = (await order('service-accounts/create', { name: 'cron', roles: ['user'] })) as { id: string };
    const owner = { kind: 'service', id: account.id };
    const made = await order('api-keys/create', { owner, name: 'Main', scopes: ['product:read'] });
    const { secret } = made as { readonly secret: string };
    expect(await claimsOf(await withKey(secret))).toMatchObject({ sub: account.id, sub_type: 'service' });
    await order('service-accounts/set-disabled', { id: account.id, isDisabled: true });
    expect((await withKey(secret)).status).toBe(401);
    await order('service-accounts/set-disabled', { id: account.id, isDisabled: false });
    expect((await withKey(secret)).status).toBe(200);
  });

  it('loses a permission with its owner, from the next request on', async () => {
    const { secret } = await makeKey(await test.signIn('vendor'), ['product:read', 'product:create']);
    const scope = async (): Promise<unknown> => (await claimsOf(await withKey(secret)))['scope'];
    expect(await scope()).toBe('product:read product:create');
    const vendor = (await order('accounts/find', { email: 'vendor@example.test' })) as { readonly id: string };
    await order('accounts/set-roles', { userId: vendor.id, roles: ['user'] });
    expect(await scope()).toBe('product:read');
    await order('accounts/set-roles', { userId: vendor.id, roles: ['vendor'] });
    expect(await scope()).toBe('product:read product:create');
  });
});
