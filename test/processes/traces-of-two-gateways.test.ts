import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { silentLogger } from '@sallyport/core';
import { parseConfig, readEnvironment, startGateway, type Gateway, type Preset } from '@sallyport/server';
import { createTestPreset, testAccounts } from '@sallyport/server/test-support';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createTracesMount, withoutNoise } from '../../demo/traces-mount.ts';
import { findFreePorts } from '../../tools/launch/free-ports.ts';
import { makePostgresSchema, postgresUrl, type PostgresSchema } from './postgres-schema.ts';
import { signIn } from './sign-in.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const redisUrl = process.env['TEST_REDIS_URL'] ?? '';
const [account = { email: '', password: '' }, stranger = { email: '', password: '' }] = testAccounts;

interface Listed {
  readonly requests: readonly { readonly path: string; readonly requestId: string; readonly at: string }[];
}

describe.skipIf(postgresUrl === '' || redisUrl === '')(
  'the page of requests at two gateways [postgres + redis]',
  () => {
    const gateways: Gateway[] = [];
    let folder: string;
    let schema: PostgresSchema;
    beforeEach(async () => {
      folder = mkdtempSync(path.join(tmpdir(), 'sallyport-traces-'));
      schema = await makePostgresSchema();
    });
    afterEach(async () => {
      for (const gateway of gateways.splice(0).reverse()) await gateway.close();
      await schema.drop();
      rmSync(folder, { recursive: true, force: true });
    });

    /** Both are one deployment, as behind a load balancer. */
    const start = async (port: number, ports: readonly number[]): Promise<string> => {
      const environment = readEnvironment({
        PORT: String(port),
        SALLYPORT_PUBLIC_URL: `http://localhost:${ports[0]}`,
        SALLYPORT_DATA_DIR: path.join(folder, String(gateways.length)),
        SALLYPORT_SECRET: 'kL9x2Qm7Vw4Rt8Zp1Bn6Yc3Hd5Jf0GsA',
        DATABASE_URL: schema.url,
        REDIS_URL: redisUrl,
      });
      const plain = createTestPreset();
      const traces = withoutNoise(plain.traces);
      const preset: Preset = { ...plain, traces, mounts: [createTracesMount(traces)] };
      const change = { hosts: ports.map((one) => `localhost:${one}`), redis: { prefix: `${schema.name}:` } };
      const config = parseConfig({ ...preset.configure(environment), ...change }, 'test');
      gateways.push(await startGateway({ config, preset, environment, logger: silentLogger, waitMilliseconds: 5000 }));
      return `http://localhost:${port}`;
    };

    it('shows all of one session, whichever passed them on, and none of another', async () => {
      const ports = await findFreePorts(2);
      const origins: string[] = [];
      for (const port of ports) origins.push(await start(port, ports));
      const [first = '', second = ''] = origins;
      const ask = (origin: string, place: string, cookie: string): Promise<Response> =>
        fetch(origin + place, { headers: { cookie } });
      const list = async (origin: string, cookie: string) =>
        ((await (await ask(origin, '/behind-the-door/requests', cookie)).json()) as Listed).requests;
      const [cookie, theirs] = [await signIn(first, account), await signIn(first, stranger)];

      for (const place of ['/auth/session?at=first', '/auth/sessions']) {
        await ask(first, place, cookie);
        await ask(second, place, cookie);
      }
      for (const origin of origins)
        await expect
          .poll(async () => (await list(origin, cookie)).filter(({ path: at }) => at === '/auth/sessions').length, {
            timeout: 20_000,
          })
          .toBe(2);
      const [here, there] = [await list(first, cookie), await list(second, cookie)];
      const idsOf = (requests: Listed['requests']) => new Set(requests.map(({ requestId }) => requestId));
      expect(idsOf(here)).toEqual(idsOf(there));
      expect(JSON.stringify([here, there])).not.toContain('at=first');
      for (const origin of origins) {
        const others = (await list(origin, theirs)).filter(({ path: at }) => at === '/auth/sessions');
        expect(others).toEqual([]);
      }
    });
  },
);
