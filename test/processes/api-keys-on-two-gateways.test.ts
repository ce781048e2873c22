import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { testAccounts } from '@sallyport/server/test-support';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { makeGatewayPair, type GatewayPair } from './gateway-pair.ts';
import { postgresUrl } from './postgres-schema.ts';
import { signIn } from './sign-in.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

interface Made {
  readonly key: { readonly id: string };
  readonly secret: string;
}

const redisUrl = process.env['TEST_REDIS_URL'] ?? '';
const [account = { email: '', password: '' }] = testAccounts;
const [old, next] = ['1:kL9x2Qm7Vw4Rt8Zp1Bn6Yc3Hd5Jf0GsA', '2:Zt6RwM1nVx8KyB3pQ7jDh2LsCg9FuEa4'];

describe.skipIf(postgresUrl === '' || redisUrl === '')('API keys at two gateways [postgres + redis]', () => {
  let upstream: Server;
  let pair: GatewayPair;
  /** Of one user at each gateway: their cookies are told apart by port. */
  let cookies: readonly string[];
  beforeAll(async () => {
    upstream = createServer((request, response) => void request.resume().on('end', () => response.end('{}')));
    await new Promise<void>((resolve) => void upstream.listen(0, '127.0.0.1', resolve));
    const shop = {
      name: 'shop',
      prefix: '/api/shop',
      upstream: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`,
      audience: 'shop',
      access: { permissions: ['product:read'] },
      credentials: ['session' as const, 'api-key' as const],
    };
    pair = await makeGatewayPair(redisUrl, { routes: [shop], apiKeys: {} });
    await pair.start(0, old);
    await pair.start(1, old);
    cookies = [await signIn(pair.originOf(0), account), await signIn(pair.originOf(1), account)];
  });
  afterAll(async () => {
    await pair.close();
    upstream.closeAllConnections();
    upstream.close();
  });

  const send = (index: 0 | 1, method: string, below: string, json?: object): Promise<Response> =>
    fetch(`${pair.originOf(index)}/auth/api-keys${below}`, {
      method,
      headers: {
        origin: pair.originOf(index),
        cookie: cookies[index] ?? '',
        ...(json === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    });
  const makeKey = async (): Promise<Made> =>
    (await (await send(0, 'POST', '', { name: 'Race', scopes: ['product:read'] })).json()) as Made;
  const statusAt = async (index: 0 | 1, secret: string): Promise<number> =>
    (await fetch(`${pair.originOf(index)}/api/shop/x`, { headers: { 'x-api-key': secret } })).status;
  const bothStatuses = (secret: string): Promise<readonly number[]> =>
    Promise.all([statusAt(0, secret), statusAt(1, secret)]);
  const sorted = (answers: readonly Response[]): readonly number[] =>
    answers.map(({ status }) => status).toSorted((one, other) => one - other);

  it('are refused by both after a revocation at one of them, in the middle of use', async () => {
    for (let round = 0; round < 5; round++) {
      const { key, secret } = await makeKey();
      expect(await bothStatuses(secret)).toEqual([200, 200]);
      let isRevoked = false;
      const seen: number[] = [];
      const use = async (index: 0 | 1): Promise<void> => {
        for (let status = 200; status === 200 || !isRevoked;) {
          status = await statusAt(index, secret);
          seen.push(status);
        }
      };
      const users = Promise.all([use(0), use(1), use(0), use(1)]);
      expect((await send(round % 2 === 0 ? 0 : 1, 'DELETE', `/${key.id}`)).status).toBe(204);
      isRevoked = true;
      await users;
      expect(new Set(seen)).toEqual(new Set([200, 401]));
      for (let again = 0; again < 5; again++) expect(await bothStatuses(secret)).toEqual([401, 401]);
    }
  });

  it('have one rotation of two at the same moment, and no secret that was handed out is lost', async () => {
    for (let round = 0; round < 5; round++) {
      const { key, secret } = await makeKey();
      const answers = await Promise.all([
        send(0, 'POST', `/${key.id}/rotate`, {}),
        send(1, 'POST', `/${key.id}/rotate`, {}),
      ]);
      expect(sorted(answers)).toEqual([200, 409]);
      const won = answers.find(({ status }) => status === 200);
      const made = (await won?.json()) as Made;
      expect([...(await bothStatuses(secret)), ...(await bothStatuses(made.secret))]).toEqual([200, 200, 200, 200]);
    }
  });

  it('have one revocation of two at the same moment, and none of their secrets outlives it', async () => {
    for (let round = 0; round < 5; round++) {
      const { key, secret } = await makeKey();
      const rotated = (await (await send(1, 'POST', `/${key.id}/rotate`, {})).json()) as Made;
      const answers = await Promise.all([send(0, 'DELETE', `/${key.id}`), send(1, 'DELETE', `/${key.id}`)]);
      expect(sorted(answers)).toEqual([204, 404]);
      for (const one of [secret, rotated.secret]) expect(await bothStatuses(one)).toEqual([401, 401]);
    }
  });

  it('work on while the root secret is rotated at one gateway after the other', async () => {
    const { secret } = await makeKey();
    for (const versions of [`${old},${next}`, `${next},${old}`])
      for (const index of [0, 1] as const) {
        await pair.start(index, versions);
        expect(await bothStatuses(secret)).toEqual([200, 200]);
      }
  });
});
