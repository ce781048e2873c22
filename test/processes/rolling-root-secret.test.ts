import { testAccounts } from '@sallyport/server/test-support';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { makeGatewayPair, type GatewayPair } from './gateway-pair.ts';
import { postgresUrl } from './postgres-schema.ts';
import { cookieAt, signIn } from './sign-in.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const redisUrl = process.env['TEST_REDIS_URL'] ?? '';
const [account = { email: '', password: '' }] = testAccounts;
const [old, next] = ['1:kL9x2Qm7Vw4Rt8Zp1Bn6Yc3Hd5Jf0GsA', '2:Zt6RwM1nVx8KyB3pQ7jDh2LsCg9FuEa4'];

describe.skipIf(postgresUrl === '' || redisUrl === '')(
  'two gateways whose root secret is rotated one after the other [postgres + redis]',
  () => {
    let pair: GatewayPair;
    beforeAll(async () => (pair = await makeGatewayPair(redisUrl)));
    afterAll(() => pair.close());

    /** A session that begins at each of them, asked for at both. */
    const statuses = async (): Promise<readonly number[]> => {
      const origins = [pair.originOf(0), pair.originOf(1)];
      const found: number[] = [];
      for (const origin of origins) {
        const cookie = await signIn(origin, account);
        for (const at of origins) {
          const headers = { cookie: cookieAt(at, cookie) };
          found.push((await fetch(`${at}/auth/sessions`, { headers })).status);
        }
      }
      return found;
    };

    it('know every new session at both, whichever of them has the next secret', async () => {
      await pair.start(0, old);
      await pair.start(1, old);
      for (const secret of [`${old},${next}`, `${next},${old}`])
        for (const index of [0, 1] as const) {
          await pair.start(index, secret);
          expect(await statuses()).toEqual([200, 200, 200, 200]);
        }
    });
  },
);
