import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  createWorkplace,
  firstSecret,
  freePort,
  goodPassword,
  isAvailable,
  makeDatabase,
  secondSecret,
  testRedisUrl,
  type TestDatabase,
  type Workplace,
} from 'sallyport/test-support';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { rolesOf, startBeside, writeConfig } from './command-workplace.ts';
import type { GatewayProcess } from './gateway-process.ts';
import { signIn } from './sign-in.ts';

const email = 'ada@example.test';
const other = 'bob@example.test';
/** What another system kept of the good password. */
const goodHash = '$2b$04$EmLSmkn6siYiIleHJm0iPeT47AqlH/f0i2oFlQhrQ1SfvwJzAg5p.';

let database: TestDatabase;
let place: Workplace;
let port: number;
const gateways: GatewayProcess[] = [];
afterEach(async () => {
  for (const gateway of gateways.splice(0)) await gateway.stop();
  await database.drop();
});

const start = async (): Promise<GatewayProcess> => {
  const gateway = await startBeside(place);
  gateways.push(gateway);
  return gateway;
};

const signInAs = (address: string, gateway: GatewayProcess): Promise<string> =>
  signIn(gateway.origin, { email: address, password: goodPassword });

/** Runs a command line; the gateways are in processes of their own. */
async function operate(args: readonly string[], input?: string): Promise<unknown> {
  const result = await place.run([...args, '--json'], input);
  expect(result).toMatchObject({ code: 0, errors: '' });
  return result.json();
}

const makeAdmin = (address = email): Promise<unknown> =>
  operate(['users', 'create-admin', '--email', address, '--password-stdin'], `${goodPassword}\n`);

const hasServers = isAvailable('postgres') && testRedisUrl !== '';

describe.skipIf(!hasServers)('commands beside running gateways [postgres + redis]', () => {
  beforeEach(async () => {
    database = await makeDatabase('postgres');
    place = createWorkplace({ ...database.variables, REDIS_URL: testRedisUrl });
    port = await freePort();
    writeConfig(place, port, `test-${randomBytes(9).toString('hex')}:`);
  });

  it('make accounts that sign in at once', async () => {
    const gateway = await start();
    await makeAdmin();
    expect(await rolesOf(gateway, await signInAs(email, gateway))).toEqual(['admin']);
    const record = { email: other, name: 'Bob', passwordHash: goodHash, emailVerified: true };
    writeFileSync(join(place.folder, 'in.ndjson'), JSON.stringify(record));
    expect(await operate(['users', 'import', 'in.ndjson'])).toMatchObject({ made: 1 });
    expect(await rolesOf(gateway, await signInAs(other, gateway))).toEqual(['user']);
  }, 120_000);

  it('change roles, ban and end sessions, and the gateway that remembers them follows before they are done', async () => {
    const gateway = await start();
    await makeAdmin();
    const cookie = await signInAs(email, gateway);
    expect(await rolesOf(gateway, cookie)).toEqual(['admin']);

    await operate(['users', 'set-roles', email, 'vendor']);
    expect(await rolesOf(gateway, cookie)).toEqual(['vendor']);

    expect(await operate(['sessions', 'end-all'])).toEqual({ ended: 1 });
    expect(await rolesOf(gateway, cookie)).toBeUndefined();

    const again = await signInAs(email, gateway);
    expect(await rolesOf(gateway, again)).toEqual(['vendor']);
    expect(await operate(['users', 'ban', email])).toMatchObject({ sessionsEnded: 1 });
    expect(await rolesOf(gateway, again)).toBeUndefined();
    await expect(signInAs(email, gateway)).rejects.toThrow(/401/);
    await operate(['users', 'unban', email]);
    expect(await rolesOf(gateway, await signInAs(email, gateway))).toEqual(['vendor']);
  }, 120_000);

  it('take a signing key away while the gateway goes on, and it signs with the next one before they are done', async () => {
    await makeAdmin();
    const gateway = await start();
    const published = async () => {
      const answer = await fetch(`${gateway.origin}/internal/.well-known/jwks.json`);
      return ((await answer.json()) as { keys: { kid: string }[] }).keys.map(({ kid }) => kid);
    };
    const keys = (await operate(['keys', 'list'])) as { keys: { kid: string; state: string }[] };
    const [current, next] = ['current', 'next'].map((state) => keys.keys.find((key) => key.state === state)?.kid);
    expect(new Set(await published())).toEqual(new Set([current, next]));
    expect(await operate(['keys', 'withdraw', current ?? ''])).toEqual({
      withdrawn: current,
      state: 'current',
      current: next,
      announced: true,
    });
    expect(await published()).not.toContain(current);
    expect(await published()).toContain(next);
    expect((await place.run(['keys', 'withdraw', current ?? ''])).code).toBe(1);
    expect(await operate(['keys', 'rotate'])).toMatchObject({ rotated: false, current: next });
    expect(await operate(['keys', 'rotate', '--now'])).toMatchObject({ rotated: true });
    expect(await published()).toContain(next);
  }, 120_000);

  it('seal keys anew while the gateway goes on, and its sessions outlast its next start', async () => {
    place.environment['SALLYPORT_SECRET'] = `1:${firstSecret}`;
    await makeAdmin();
    place.environment['SALLYPORT_SECRET'] = `2:${secondSecret},1:${firstSecret}`;
    const gateway = await start();
    const cookie = await signInAs(email, gateway);
    expect(await operate(['secrets', 'rewrap'])).toMatchObject({
      newest: 2,
      // The key of before; the gateway has sealed the next one under the new version.
      outcomes: [{ rewrapped: 1, current: 1 }, { unreadable: 0 }],
    });
    expect(await rolesOf(gateway, cookie)).toEqual(['admin']);
    await gateways.pop()?.stop();
    place.environment['SALLYPORT_SECRET'] = `2:${secondSecret}`;
    const next = await start();
    expect(await rolesOf(next, cookie)).toEqual(['admin']);
  }, 120_000);
});

describe.each(['sqlite', 'postgres'] as const)('commands beside a gateway', (kind) => {
  describe.skipIf(!isAvailable(kind))(`commands beside a gateway without Redis [${kind}]`, () => {
    beforeEach(async () => {
      database = await makeDatabase(kind);
      place = createWorkplace(database.variables);
      port = await freePort();
      writeConfig(place, port, 'sallyport:');
    });

    it('are refused when they change what the gateway remembers, in words, and run when they only read', async () => {
      await makeAdmin();
      await start();
      writeFileSync(join(place.folder, 'in.ndjson'), JSON.stringify({ email: other, name: 'Bob' }));
      const changing = [
        ['users', 'create-admin', '--email', other, '--invite'],
        ['users', 'import', 'in.ndjson'],
        ['users', 'set-roles', email, 'user'],
        ['users', 'ban', email],
        ['sessions', 'end-all'],
      ];
      // Together: a server may take a while to notice that the holder of a database is gone, and each waits for that.
      for (const result of await Promise.all(changing.map((args) => place.run(args)))) {
        expect(result).toMatchObject({ code: 3, output: '' });
        expect(result.errors).toMatch(/^A gateway, or another command, is using .*Stop the gateway first/);
      }
      for (const args of [['users', 'list'], ['users', 'show', email], ['secrets', 'rewrap'], ['migrate']])
        expect(await place.run(args)).toMatchObject({ code: 0 });
      await gateways.pop()?.stop();
      expect((await place.run(['users', 'ban', email])).code).toBe(0);
    }, 180_000);
  });
});
