import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRedis } from '@sallyport/stores';
import {
  connectTo,
  cookieOf,
  gatewayOwnPath,
  signOutOf,
  statusOfSession,
  type AskGateway,
} from '../../tools/launch/gateway-client.ts';
import { startSystem, type RunningSystem } from '../../tools/launch/system.ts';
import { runOnPostgres } from '../processes/run-on-postgres.ts';
import { linkToken, signUpVerified } from './mailed-links.ts';
import { newPerson } from './new-account.ts';
import { demoAccount } from './sign-in.ts';
import { openStoresFor, type OwnStores } from './stores-of-a-system.ts';

const products = '/api/shop/products';

let folder: string;
let own: OwnStores;
let system: RunningSystem;
let first: AskGateway;
let second: AskGateway;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'sallyport-e2e-'));
  own = await openStoresFor({ name: 'postgres + redis ×2' });
  system = await startSystem({
    dataDir: path.join(folder, 'data'),
    only: ['mailbox', 'gateway', 'gateway-2', 'shop'],
    stores: own.stores,
    gateways: 2,
  });
  first = connectTo(system, 'gateway');
  second = connectTo(system, 'gateway-2');
});
afterAll(async () => {
  await system.stop();
  await own.dispose();
  await rm(folder, { recursive: true, force: true });
});

describe('a session at two gateways [postgres + redis ×2]', () => {
  it('that began at one is known at the other', async () => {
    const cookie = await cookieOf(first, demoAccount('user', system.accounts));
    expect(await second('/auth/session', { cookie })).toMatchObject({ status: 200, body: { status: 'signed-in' } });
    expect((await second(products, { cookie })).status).toBe(200);
  });

  it('that is signed out at one is refused by the very next request at the other, however warm its cache is', async () => {
    const account = await signUpVerified(first, system.mailbox);
    for (let round = 0; round < 20; round += 1) {
      const [here, there] = round % 2 === 0 ? ([first, second] as const) : ([second, first] as const);
      const cookie = await cookieOf(here, account);
      for (const ask of [here, there, there]) expect(await statusOfSession(ask, cookie)).toBe(200);
      expect(await signOutOf(here, cookie)).toBe(204);
      expect(await there(gatewayOwnPath, { cookie })).toMatchObject({ status: 401, code: 'SP_UNAUTHENTICATED' });
    }
  });

  it('ends everywhere when "sign out everywhere" is asked of the other', async () => {
    const account = await signUpVerified(second, system.mailbox);
    const [desk, ...others] = await Promise.all([first, second, first, second].map((ask) => cookieOf(ask, account)));
    for (const cookie of others)
      for (const ask of [first, second]) expect(await statusOfSession(ask, cookie)).toBe(200);
    const answer = await first('/auth/sessions/revoke-all', { method: 'POST', json: {}, cookie: desk });
    expect(answer.status).toBeLessThan(300);
    for (const cookie of [desk, ...others])
      for (const ask of [second, first]) expect(await statusOfSession(ask, cookie)).toBe(401);
  });

  it('has the roles that were given at the other, and loses them there, from the next request on', async () => {
    const account = await signUpVerified(first, system.mailbox);
    const cookie = await cookieOf(second, account);
    const admin = await cookieOf(first, demoAccount('admin', system.accounts));
    const { body } = await second('/auth/session', { cookie });
    const { id } = body['user'] as { readonly id: string };
    const give = (roles: readonly string[]) =>
      first(`/auth/users/${id}/roles`, { method: 'PUT', json: { roles }, cookie: admin });
    const json = { name: 'A ladder for two', priceCents: 100, stock: 1 };
    const sell = () => second(products, { method: 'POST', json, cookie });

    expect(await sell()).toMatchObject({ status: 403 });
    expect(await give(['vendor'])).toMatchObject({ status: 200 });
    expect(await sell()).toMatchObject({ status: 201 });
    expect(await give(['user'])).toMatchObject({ status: 200 });
    expect(await sell()).toMatchObject({ status: 403, code: 'SP_FORBIDDEN' });
  });

  it('is one of the same keys', async () => {
    const [one, other] = await Promise.all(
      [first, second].map(async (ask) => (await ask('/internal/.well-known/jwks.json')).body['keys']),
    );
    // The one that signs, and the next.
    expect(one).toHaveLength(2);
    expect(other).toEqual(one);
  });
});

describe('what may happen once, asked of two gateways at the same moment [postgres + redis ×2]', () => {
  it('a link to a new password, made at one, works once', async () => {
    for (let round = 0; round < 4; round += 1) {
      const { email, password } = await signUpVerified(first, system.mailbox);
      await first('/auth/request-password-reset', { method: 'POST', json: { email } });
      const token = await linkToken(system.mailbox, email, 'reset-password');
      const passwords = [first, second, first, second].map((_, index) => `${password} revised ${index}`);
      const answers = await Promise.all(
        passwords.map((newPassword, index) =>
          (index % 2 === 0 ? first : second)('/auth/reset-password', { method: 'POST', json: { token, newPassword } }),
        ),
      );
      const winners = answers.flatMap(({ status }, index) => (status === 200 ? [passwords[index] ?? ''] : []));
      expect(winners).toHaveLength(1);
      for (const ask of [first, second]) await cookieOf(ask, { email, password: winners[0] ?? '' });
    }
  });

  it('a link that verifies an address works once', async () => {
    for (let round = 0; round < 4; round += 1) {
      const person = newPerson();
      await first('/auth/sign-up/email', { method: 'POST', json: person });
      const token = await linkToken(system.mailbox, person.email, 'verify-email');
      const json = { token, name: person.name, newPassword: person.password };
      const answers = await Promise.all(
        [first, second, first, second].map((ask) => ask('/auth/verify-email', { method: 'POST', json })),
      );
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    }
  });
});

describe('guesses at two gateways [postgres + redis ×2]', () => {
  it('are counted together: twenty, spread over both, are all that a stranger has', async () => {
    const { email } = await signUpVerified(first, system.mailbox);
    const guess = (ask: AskGateway) =>
      ask('/auth/sign-in/email', { method: 'POST', json: { email, password: 'not the right password' } });
    const answers = await Promise.all([...Array(30).keys()].map((index) => guess(index % 2 === 0 ? first : second)));
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(20);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(10);
    for (const ask of [first, second]) {
      const refused = await guess(ask);
      expect(refused.status).toBe(429);
      expect(Number(refused.retryAfter)).toBeGreaterThan(0);
    }
  });
});

describe('two gateways that start at the same moment [postgres + redis ×2]', () => {
  it('on an empty database make its tables, its keys and the demo accounts once, and both serve', async () => {
    const { databaseUrl = '', redisUrl = '' } = own.stores;
    await Promise.all([system.stop('gateway'), system.stop('gateway-2')]);
    await runOnPostgres(
      databaseUrl,
      `DO $$ BEGIN
      EXECUTE 'DROP SCHEMA ' || current_schema() || ' CASCADE; CREATE SCHEMA ' || current_schema();
    END $$`,
    );
    await flush(redisUrl);
    // The password of a demo account has to be the same whichever gateway makes the account.
    const [one, other] = system.gateways.map(({ dataDir }) => path.join(dataDir, 'demo-accounts.json'));
    await copyFile(one ?? '', other ?? '');
    await Promise.all([system.start('gateway'), system.start('gateway-2')]);

    for (const ask of [first, second]) {
      for (const { email, password } of system.accounts) {
        const cookie = await cookieOf(ask, { email, password });
        for (const gateway of [first, second]) expect((await gateway(products, { cookie })).status).toBe(200);
      }
    }
    const counts = await runOnPostgres<{ users: string; keys: string }>(
      databaseUrl,
      'SELECT (SELECT count(*) FROM "user") AS users, (SELECT count(*) FROM "sallyportKey") AS keys',
    );
    // For internal tokens, those of programs, those of the provider and its logout tokens one key each, and the next one.
    expect(counts).toEqual([{ users: '3', keys: '8' }]);
  });
});

async function flush(url: string): Promise<void> {
  const redis = openRedis({ url });
  await redis.ready(5000);
  await redis.command('', ['FLUSHALL']);
  redis.close();
}
