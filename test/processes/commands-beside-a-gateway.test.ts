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

  it('are done by one of several workers, as the supervisor orders, and all of them follow', async () => {
    writeConfig(place, port, `test-${randomBytes(9).toString('hex')}:`, { workers: 2 });
    const gateway = await start();
    await makeAdmin();
    const cookie = await signInAs(email, gateway);
    await operate(['users', 'set-roles', email, 'vendor']);
    for (let asked = 0; asked < 6; asked += 1) expect(await rolesOf(gateway, cookie)).toEqual(['vendor']);
    expect(await place.run(['users', 'set-roles', email, 'king'])).toMatchObject({ code: 1 });
    expect(await operate(['users', 'ban', email])).toMatchObject({ sessionsEnded: 1 });
    for (let asked = 0; asked < 6; asked += 1) expect(await rolesOf(gateway, cookie)).toBeUndefined();
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
    const { newest, outcomes } = (await operate(['secrets', 'rewrap'])) as Rewrapped;
    expect(newest).toBe(2);
    // The key of before; the gateway has sealed the next one under the new version.
    expect(outcomes.find(({ model }) => model === 'sallyportKey')).toMatchObject({ rewrapped: 1, current: 1 });
    expect(outcomes.filter(({ unreadable }) => unreadable !== 0)).toEqual([]);
    expect(await rolesOf(gateway, cookie)).toEqual(['admin']);
    await gateways.pop()?.stop();
    place.environment['SALLYPORT_SECRET'] = `2:${secondSecret}`;
    const next = await start();
    expect(await rolesOf(next, cookie)).toEqual(['admin']);
  }, 120_000);
});

interface Rewrapped {
  readonly newest: number;
  readonly outcomes: readonly { readonly model: string; readonly unreadable: number }[];
}

describe.each(['sqlite', 'postgres'] as const)('commands beside a gateway', (kind) => {
  describe.skipIf(!isAvailable(kind))(`commands beside a gateway without Redis [${kind}]`, () => {
    beforeEach(async () => {
      database = await makeDatabase(kind);
      place = createWorkplace(database.variables);
      port = await freePort();
      writeConfig(place, port, 'sallyport:');
    });

    const rolesStoredOf = async (address: string): Promise<readonly string[]> => {
      const shown = (await operate(['users', 'show', address])) as { readonly user: { readonly roles: string[] } };
      return shown.user.roles;
    };

    it.each([
      { name: 'an admin listener', change: {} },
      { name: 'no admin listener of its own', change: { admin: undefined } },
    ])(
      'change what it remembers without a stop, where it has $name',
      async ({ change }) => {
        writeConfig(place, port, 'sallyport:', change);
        await makeAdmin();
        await makeAdmin('second@example.test');
        const gateway = await start();
        const cookie = await signInAs(email, gateway);
        expect(await rolesOf(gateway, cookie)).toEqual(['admin']);

        await operate(['users', 'set-roles', email, 'vendor']);
        expect(await rolesOf(gateway, cookie)).toEqual(['vendor']);
        expect(await operate(['sessions', 'end-all'])).toEqual({ ended: 1 });
        expect(await rolesOf(gateway, cookie)).toBeUndefined();

        const again = await signInAs(email, gateway);
        expect(await operate(['users', 'ban', email])).toMatchObject({ sessionsEnded: 1 });
        expect(await rolesOf(gateway, again)).toBeUndefined();
        await expect(signInAs(email, gateway)).rejects.toThrow(/401/);
        await operate(['users', 'unban', email]);
        expect(await rolesOf(gateway, await signInAs(email, gateway))).toEqual(['vendor']);
      },
      180_000,
    );

    it('make accounts at it that sign in at once, by the rules that it has', async () => {
      const gateway = await start();
      const weak = ['users', 'create-admin', '--email', email, '--password-stdin'];
      expect(await place.run(weak, 'short\n')).toMatchObject({
        code: 1,
        errors: expect.stringMatching(/^Refused: The password/) as string,
      });
      await makeAdmin();
      expect(await rolesOf(gateway, await signInAs(email, gateway))).toEqual(['admin']);
      const record = { email: other, name: 'Bob', passwordHash: goodHash, emailVerified: true };
      writeFileSync(join(place.folder, 'in.ndjson'), JSON.stringify(record));
      expect(await operate(['users', 'import', 'in.ndjson'])).toMatchObject({ made: 1 });
      expect(await operate(['users', 'import', 'in.ndjson'])).toMatchObject({ made: 0, existing: 1 });
      expect(await rolesOf(gateway, await signInAs(other, gateway))).toEqual(['user']);
      expect(await operate(['users', 'create-admin', '--email', 'c@example.test', '--invite'])).toMatchObject({
        mailed: true,
      });
      expect(await place.run(['users', 'ban', 'nobody@example.test'])).toMatchObject({ code: 1 });
    }, 180_000);

    it('take a signing key away at it, and it signs with the next one before they are done', async () => {
      await makeAdmin();
      const gateway = await start();
      const { keys } = (await operate(['keys', 'list'])) as { keys: { kid: string; state: string }[] };
      const [current, next] = ['current', 'next'].map((state) => keys.find((key) => key.state === state)?.kid);
      expect(await operate(['keys', 'withdraw', current ?? ''])).toMatchObject({ current: next, announced: true });
      const published = await (await fetch(`${gateway.origin}/internal/.well-known/jwks.json`)).text();
      expect(published).not.toContain(current);
      expect(await operate(['keys', 'rotate', '--now'])).toMatchObject({ rotated: true });
      expect((await place.run(['keys', 'withdraw', current ?? ''])).code).toBe(1);
    }, 120_000);

    it('are done or refused while it starts and while it stops, and never half', async () => {
      const addresses = Array.from({ length: 12 }, (_, index) => `user-${index}@example.test`);
      const records = addresses.map((address) => JSON.stringify({ email: address, name: 'U', roles: ['user'] }));
      writeFileSync(join(place.folder, 'in.ndjson'), records.join('\n'));
      await operate(['users', 'import', 'in.ndjson']);
      const raise = (some: readonly string[]) =>
        some.map(async (address) => ({ address, result: await place.run(['users', 'set-roles', address, 'vendor']) }));

      // A command that has the stores keeps a gateway from starting: begun together, one of the two gives way.
      const begun = startBeside(place).then(
        (gateway) => void gateways.push(gateway),
        (error: unknown) => expect(String(error)).toMatch(/uses|is using|in use/i),
      );
      const whileStarting = raise(addresses.slice(0, 4));
      await begun;
      const started = await Promise.all(whileStarting);
      if (gateways.length === 0) await start();
      const whileStopping = raise(addresses.slice(4, 8));
      const stopping = gateways.pop()?.stop();
      const more = raise(addresses.slice(8));
      await stopping;
      const results = [...started, ...(await Promise.all([...whileStopping, ...more]))];
      for (const { address, result } of results) {
        expect([0, 3]).toContain(result.code);
        expect(await rolesStoredOf(address)).toEqual([result.code === 0 ? 'vendor' : 'user']);
      }
      expect(results.some(({ result }) => result.code === 0)).toBe(true);
    }, 240_000);
  });
});
