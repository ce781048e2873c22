import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { silentLogger } from '@sallyport/core';
import { parseConfig, readEnvironment, startGateway, type Gateway } from '@sallyport/server';
import { createTestPreset, testAccounts } from '@sallyport/server/test-support';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { findFreePorts } from '../../tools/launch/free-ports.ts';
import { databaseUrl, postgresUrl, runOnPostgres } from './postgres-schema.ts';
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
  const name = `sallyport_${randomBytes(6).toString('hex')}`;
  const prefix = `keys-${randomBytes(6).toString('hex')}:`;
  const gateways: Gateway[] = [];
  let upstream: Server;
  let folder: string;
  /** Of one user at each gateway: their cookies are told apart by port. */
  let cookies: readonly string[];
  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'sallyport-keys-'));
    upstream = createServer((request, response) => void request.resume().on('end', () => response.end('{}')));
    await new Promise<void>((resolve) => void upstream.listen(0, '127.0.0.1', resolve));
    await runOnPostgres(`CREATE SCHEMA ${name}`);
    await roll(0, old);
    await roll(1, old);
    cookies = [await signIn(originOf(0), account), await signIn(originOf(1), account)];
  });
  afterAll(async () => {
    for (const gateway of gateways) await gateway.close();
    await runOnPostgres(`DROP SCHEMA ${name} CASCADE`);
    upstream.closeAllConnections();
    upstream.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function roll(index: 0 | 1, secret: string): Promise<void> {
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
    const shop = {
      name: 'shop',
      prefix: '/api/shop',
      upstream: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`,
      audience: 'shop',
      access: { permissions: ['product:read'] },
      credentials: ['session' as const, 'api-key' as const],
    };
    const config = parseConfig(
      { ...preset.configure(environment), routes: [shop], apiKeys: {}, redis: { prefix } },
      'test',
    );
    gateways[index] = await startGateway({ config, preset, environment, logger: silentLogger });
  }

  const originOf = (index: 0 | 1): string => `http://localhost:${gateways[index]?.port ?? 0}`;

  const send = (index: 0 | 1, method: string, below: string, json?: object): Promise<Response> =>
    fetch(`${originOf(index)}/auth/api-keys${below}`, {
      method,
      headers: {
        origin: originOf(index),
        cookie: cookies[index] ?? '',
        ...(json === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    });
  const makeKey = async (): Promise<Made> =>
    (await (await send(0, 'POST', '', { name: 'Race', scopes: ['product:read'] })).json()) as Made;
  const statusAt = async (index: 0 | 1, secret: string): Promise<number> =>
    (await fetch(`${originOf(index)}/api/shop/x`, { headers: { 'x-api-key': secret } })).status;
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
        await roll(index, versions);
        expect(await bothStatuses(secret)).toEqual([200, 200]);
      }
  });
});
