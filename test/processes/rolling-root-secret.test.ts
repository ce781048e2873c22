import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { silentLogger } from '@sallyport/core';
import { parseConfig, readEnvironment, startGateway, type Gateway } from '@sallyport/server';
import { createTestPreset, testAccounts } from '@sallyport/server/test-support';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { findFreePorts } from '../../tools/launch/free-ports.ts';
import { databaseUrl, postgresUrl, runOnPostgres } from './postgres-schema.ts';
import { cookieAt, signIn } from './sign-in.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const redisUrl = process.env['TEST_REDIS_URL'] ?? '';
const [account = { email: '', password: '' }] = testAccounts;
const [old, next] = ['1:kL9x2Qm7Vw4Rt8Zp1Bn6Yc3Hd5Jf0GsA', '2:Zt6RwM1nVx8KyB3pQ7jDh2LsCg9FuEa4'];

describe.skipIf(postgresUrl === '' || redisUrl === '')(
  'two gateways whose root secret is rotated one after the other [postgres + redis]',
  () => {
    const name = `sallyport_${randomBytes(6).toString('hex')}`;
    const prefix = `rolling-${randomBytes(6).toString('hex')}:`;
    const gateways: Gateway[] = [];
    let folder: string;
    beforeAll(async () => {
      folder = mkdtempSync(path.join(tmpdir(), 'sallyport-rolling-'));
      await runOnPostgres(`CREATE SCHEMA ${name}`);
    });
    afterAll(async () => {
      for (const gateway of gateways) await gateway.close();
      await runOnPostgres(`DROP SCHEMA ${name} CASCADE`);
      rmSync(folder, { recursive: true, force: true });
    });

    const roll = async (index: 0 | 1, secret: string): Promise<void> => {
      await gateways[index]?.close();
      const [port = 0] = await findFreePorts(1);
      const environment = readEnvironment({
        PORT: String(port),
        SALLYPORT_DATA_DIR: path.join(folder, String(index)),
        SALLYPORT_SECRET: secret,
        DATABASE_URL: databaseUrl(name),
        REDIS_URL: redisUrl,
      });
      const preset = createTestPreset();
      const config = parseConfig({ ...preset.configure(environment), redis: { prefix } }, 'test');
      gateways[index] = await startGateway({ config, preset, environment, logger: silentLogger });
    };
    const origins = (): readonly string[] => gateways.map(({ port }) => `http://localhost:${port}`);
    /** A session that begins at each of them, asked for at both. */
    const statuses = async (): Promise<readonly number[]> => {
      const found: number[] = [];
      for (const origin of origins()) {
        const cookie = await signIn(origin, account);
        for (const at of origins()) {
          const headers = { cookie: cookieAt(at, cookie) };
          found.push((await fetch(`${at}/auth/sessions`, { headers })).status);
        }
      }
      return found;
    };

    it('know every new session at both, whichever of them has the next secret', async () => {
      await roll(0, old);
      await roll(1, old);
      for (const secret of [`${old},${next}`, `${next},${old}`])
        for (const index of [0, 1] as const) {
          await roll(index, secret);
          expect(await statuses()).toEqual([200, 200, 200, 200]);
        }
    });
  },
);
