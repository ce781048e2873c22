import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { testAccounts, testPolicy } from '@sallyport/server/test-support';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { makeGatewayPair, type GatewayPair } from './gateway-pair.ts';
import { postgresUrl } from './postgres-schema.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

interface Tokens {
  readonly access_token: string;
  readonly refresh_token: string;
}

const redisUrl = process.env['TEST_REDIS_URL'] ?? '';
const [account = { email: '', password: '' }] = testAccounts;
const [old, next] = ['1:kL9x2Qm7Vw4Rt8Zp1Bn6Yc3Hd5Jf0GsA', '2:Zt6RwM1nVx8KyB3pQ7jDh2LsCg9FuEa4'];

describe.skipIf(postgresUrl === '' || redisUrl === '')('opaque tokens at two gateways [postgres + redis]', () => {
  let upstream: Server;
  let pair: GatewayPair;
  let key: string;
  beforeAll(async () => {
    upstream = createServer((request, response) => void request.resume().on('end', () => response.end('{}')));
    await new Promise<void>((resolve) => void upstream.listen(0, '127.0.0.1', resolve));
    const shop = {
      name: 'shop',
      prefix: '/api/shop',
      upstream: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`,
      audience: 'shop',
      access: { permissions: ['product:read'] },
      credentials: ['opaque' as const],
    };
    pair = await makeGatewayPair(redisUrl, {
      policy: {
        permissions: { ...testPolicy.permissions, 'billing:introspect': 'Ask', 'billing:revoke': 'End' },
        roles: { ...testPolicy.roles, 'service-caller': ['billing:introspect', 'billing:revoke'] },
      },
      routes: [shop],
      apiKeys: {},
      firstPartyTokens: { accessTokens: 'opaque' },
      introspection: { services: { billing: {} } },
    });
    await pair.start(0, old);
    await pair.start(1, old);
    const service = (await operate('service-accounts/create', { name: 'billing', roles: ['service-caller'] })) as {
      readonly id: string;
    };
    const owner = { kind: 'service', id: service.id };
    const scopes = ['billing:introspect', 'billing:revoke'];
    const made = (await operate('api-keys/create', { owner, name: 'Main', scopes })) as { readonly secret: string };
    key = made.secret;
  });
  afterAll(async () => {
    await pair.close();
    upstream.closeAllConnections();
    upstream.close();
  });

  const operate = (order: string, input: object): Promise<unknown> =>
    pair.gateways[0]?.control.operate(order, input, {
      actor: 'operator:ada',
      requestId: 'operator',
      address: 'local',
    }) ?? Promise.reject(new TypeError('there is a gateway'));
  const post = (index: 0 | 1, below: string, body: object): Promise<Response> =>
    fetch(`${pair.originOf(index)}${below}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const signIn = async (index: 0 | 1): Promise<Tokens> => {
    const { email, password } = account;
    return (await (await post(index, '/auth/token', { email, password })).json()) as Tokens;
  };
  const statusAt = async (index: 0 | 1, token: string): Promise<number> =>
    (await fetch(`${pair.originOf(index)}/api/shop/x`, { headers: { authorization: `Bearer ${token}` } })).status;
  const bothStatuses = (token: string): Promise<readonly number[]> =>
    Promise.all([statusAt(0, token), statusAt(1, token)]);
  const ask = async (index: 0 | 1, below: string, token: string): Promise<Response> =>
    fetch(`${pair.originOf(index)}/oauth2/${below}`, {
      method: 'POST',
      headers: { 'x-api-key': key, 'content-type': 'application/x-www-form-urlencoded' },
      body: `token=${token}`,
    });
  const isActiveAt = async (index: 0 | 1, token: string): Promise<unknown> =>
    ((await (await ask(index, 'introspect', token)).json()) as { readonly active: unknown }).active;

  it('are refused by both after a revocation at one of them, in the middle of use', async () => {
    for (let round = 0; round < 5; round++) {
      const { access_token, refresh_token } = await signIn(round % 2 === 0 ? 0 : 1);
      expect(await bothStatuses(access_token)).toEqual([200, 200]);
      expect([await isActiveAt(0, access_token), await isActiveAt(1, access_token)]).toEqual([true, true]);
      let isRevoked = false;
      const seen: unknown[] = [];
      const use = async (index: 0 | 1): Promise<void> => {
        for (let status = 200; status === 200 || !isRevoked;) {
          status = await statusAt(index, access_token);
          seen.push(status);
        }
      };
      const askOn = async (index: 0 | 1): Promise<void> => {
        for (let active: unknown = true; active === true || !isRevoked;) active = await isActiveAt(index, access_token);
      };
      const users = Promise.all([use(0), use(1), askOn(0), askOn(1)]);
      const ended = await ask(round % 2 === 0 ? 1 : 0, 'revoke', round < 3 ? access_token : refresh_token);
      expect(ended.status).toBe(200);
      isRevoked = true;
      await users;
      expect(new Set(seen)).toEqual(new Set([200, 401]));
      for (let again = 0; again < 5; again++) {
        expect(await bothStatuses(access_token)).toEqual([401, 401]);
        expect([await isActiveAt(0, access_token), await isActiveAt(1, access_token)]).toEqual([false, false]);
      }
      expect((await post(0, '/auth/token/refresh', { refresh_token })).status).toBe(400);
    }
  });

  it('that are refreshed many times at once are all good, and end together', async () => {
    const { access_token, refresh_token } = await signIn(0);
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => post(index % 2 === 0 ? 0 : 1, '/auth/token/refresh', { refresh_token })),
    );
    const made = (await Promise.all(answers.map((answer) => answer.json()))) as Tokens[];
    expect(new Set(made.map((one) => one.refresh_token)).size).toBe(1);
    const tokens = [access_token, ...made.map((one) => one.access_token)];
    for (const token of tokens) expect(await bothStatuses(token)).toEqual([200, 200]);
    expect((await ask(0, 'revoke', tokens.at(-1) ?? '')).status).toBe(200);
    for (const token of tokens) expect(await bothStatuses(token)).toEqual([401, 401]);
  });

  it('work on while the root secret is rotated at one gateway after the other', async () => {
    const { access_token } = await signIn(0);
    for (const versions of [`${old},${next}`, `${next},${old}`])
      for (const index of [0, 1] as const) {
        await pair.start(index, versions);
        expect(await bothStatuses(access_token)).toEqual([200, 200]);
      }
  });
});
