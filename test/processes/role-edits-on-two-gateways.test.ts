import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { testAccounts, testPolicy } from '@sallyport/server/test-support';
import type { ManagedRole } from '@sallyport/core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { makeGatewayPair, type GatewayPair, type PairIndex } from './gateway-pair.ts';
import { postgresUrl } from './postgres-schema.ts';
import { signIn } from './sign-in.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const redisUrl = process.env['TEST_REDIS_URL'] ?? '';
const secret = 'kL9x2Qm7Vw4Rt8Zp1Bn6Yc3Hd5Jf0GsA';
const operator = { actor: 'operator:ada', requestId: 'operator', address: 'local' } as const;
const rounds = 10;

describe.skipIf(postgresUrl === '' || redisUrl === '')(
  'roles that are edited at two gateways [postgres + redis]',
  () => {
    let upstream: Server;
    let pair: GatewayPair;
    beforeAll(async () => {
      upstream = createServer((request, response) => void request.resume().on('end', () => response.end('{}')));
      await new Promise<void>((resolve) => void upstream.listen(0, '127.0.0.1', resolve));
      const { port } = upstream.address() as AddressInfo;
      pair = await makeGatewayPair(redisUrl, {
        policy: {
          permissions: { ...testPolicy.permissions, 'role:manage': 'Change roles' },
          roles: { ...testPolicy.roles, admin: [...testPolicy.roles.admin, 'role:manage'] },
        },
        routes: [
          {
            name: 'shop',
            prefix: '/shop',
            upstream: `http://127.0.0.1:${port}`,
            audience: 'shop',
            access: { permissions: ['product:create'] },
          },
        ],
      });
      await pair.start(0, secret);
      await pair.start(1, secret);
    });
    afterAll(async () => {
      await pair.close();
      upstream.closeAllConnections();
      upstream.close();
    });

    const operate = (index: PairIndex, order: string, input: object): Promise<unknown> =>
      pair.gateways[index]?.control.operate(order, input, operator) ??
      Promise.reject(new TypeError('there is a gateway'));
    const roleAt = async (index: PairIndex, name: string): Promise<ManagedRole | undefined> => {
      const { roles } = (await operate(index, 'roles/list', {})) as { readonly roles: readonly ManagedRole[] };
      return roles.find((role) => role.name === name);
    };
    const setAt = async (index: PairIndex, permissions: readonly string[]): Promise<void> => {
      const version = (await roleAt(index, 'vendor'))?.version;
      await operate(index, 'roles/set', { name: 'vendor', permissions, version });
    };
    const statusAt = async (index: PairIndex, cookie: string): Promise<number> => {
      const answer = await fetch(`${pair.originOf(index)}/shop/x`, { headers: { cookie } });
      await answer.body?.cancel();
      return answer.status;
    };
    const signInAs = (role: string, index: PairIndex): Promise<string> => {
      const account = testAccounts.find((one) => one.role === role) ?? { email: '', password: '' };
      return signIn(pair.originOf(index), account);
    };

    it('count at the other gateway as soon as the message arrives', async () => {
      const [own, cookie] = [await signInAs('vendor', 0), await signInAs('vendor', 1)];
      for (let round = 0; round < rounds; round += 1) {
        const isGiven = round % 2 === 1;
        expect(await statusAt(1, cookie)).toBe(isGiven ? 403 : 200);
        await setAt(0, isGiven ? ['product:read', 'product:create'] : ['product:read']);
        await vi.waitFor(async () => expect(await statusAt(1, cookie)).toBe(isGiven ? 200 : 403), {
          timeout: 5000,
          interval: 10,
        });
        expect(await statusAt(0, own)).toBe(isGiven ? 200 : 403);
      }
    });

    it('are of one of two editors who have read the same version', async () => {
      for (let round = 0; round < rounds; round += 1) {
        const version = (await roleAt(0, 'vendor'))?.version;
        const wishes: readonly (readonly string[])[] = [['product:read'], ['product:read', 'product:create']];
        const outcomes = await Promise.allSettled(
          wishes.map((permissions, index) =>
            operate(index === 0 ? 0 : 1, 'roles/set', { name: 'vendor', permissions, version }),
          ),
        );
        // The same as it was is no change, and then both may be right.
        const kinds = outcomes.map((outcome) =>
          outcome.status === 'fulfilled' ? 'done' : (outcome.reason as { readonly code?: string }).code,
        );
        expect(kinds).toContain('done');
        const left = (await roleAt(1, 'vendor'))?.permissions;
        expect(wishes).toContainEqual(left);
        expect(await roleAt(0, 'vendor')).toEqual(await roleAt(1, 'vendor'));
        expect(kinds.every((kind) => kind === 'done' || kind === 'SP_CONFLICT')).toBe(true);
      }
    });

    it('are changed over HTTP by an administrator after a recent sign-in, and by no one else', async () => {
      const put = async (cookie: string, permissions: readonly string[], version: string | undefined) => {
        const origin = pair.originOf(0);
        const answer = await fetch(`${origin}/auth/roles/vendor`, {
          method: 'PUT',
          headers: { cookie, origin, 'content-type': 'application/json' },
          body: JSON.stringify({ permissions, version }),
        });
        return { status: answer.status, body: (await answer.json()) as { readonly code?: string } };
      };
      const version = (await roleAt(0, 'vendor'))?.version;
      const [admin, vendor] = [await signInAs('admin', 0), await signInAs('vendor', 0)];
      expect(await put(vendor, ['product:read', 'user:manage'], version)).toMatchObject({ status: 403 });
      expect(await put(admin, ['product:raed'], version)).toMatchObject({ status: 422 });
      expect(await put(admin, ['product:read'], '0-old')).toMatchObject({ status: 409, body: { code: 'SP_CONFLICT' } });
      expect(await put(admin, ['product:read', 'product:delete'], version)).toMatchObject({ status: 200 });
      expect((await roleAt(1, 'vendor'))?.permissions).toEqual(['product:read', 'product:delete']);
    });
  },
);
