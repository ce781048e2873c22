import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { GatewayName } from '../../tools/launch/demo-processes.ts';
import { connectTo, cookieOf, signOutOf, statusOfSession, type AskGateway } from '../../tools/launch/gateway-client.ts';
import { startSystem, type RunningSystem } from '../../tools/launch/system.ts';
import { linkToken, signUpVerified } from './mailed-links.ts';
import { newPerson, type Account } from './new-account.ts';
import { demoAccount } from './sign-in.ts';
import { openStoresFor, type OwnStores } from './stores-of-a-system.ts';
import { startTraffic, type Traffic } from './traffic.ts';

const products = '/api/shop/products';
const gateways = ['gateway', 'gateway-2'] as const;
const [firstSecret, secondSecret] = [randomBytes(32).toString('base64url'), randomBytes(32).toString('base64url')];

// Every restart takes seconds, and several of them follow one another.
vi.setConfig({ testTimeout: 180_000 });

let folder: string;
let own: OwnStores;
let system: RunningSystem;
let ask: AskGateway;
let direct: Readonly<Record<GatewayName, AskGateway>>;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'sallyport-e2e-'));
  own = await openStoresFor({ name: 'postgres + redis ×2' });
  for (const name of gateways) await writeSecret(name, firstSecret);
  system = await startSystem({
    dataDir: path.join(folder, 'data'),
    only: ['mailbox', ...gateways, 'shop'],
    stores: own.stores,
    gateways: 2,
    environment: { gateway: secretOf('gateway'), 'gateway-2': secretOf('gateway-2') },
  });
  ask = connectTo(system);
  direct = { gateway: connectTo(system, 'gateway'), 'gateway-2': connectTo(system, 'gateway-2') };
});
afterAll(async () => {
  await system.stop();
  await own.dispose();
  await rm(folder, { recursive: true, force: true });
});

describe('kill -9 of one of two gateways [postgres + redis ×2]', () => {
  it('signs no user out, and undoes no sign-out that was confirmed', async () => {
    const account = await signUpVerified(ask, system.mailbox);
    const staying = await signInTimes(account, 6);
    const leaving = await signInTimes(account, 24);
    // Both gateways remember them from here on.
    await expectSignedIn(leaving);
    const traffic = startTraffic(ask, products, staying);
    const signedOut: string[] = [];
    const leavingAll = (async () => {
      for (const cookie of leaving) if ((await signOutOf(ask, cookie)) === 204) signedOut.push(cookie);
    })();
    await traffic.progress(20);
    for (const name of gateways) {
      await system.kill(name);
      await traffic.progress(60);
      await system.start(name);
      await traffic.progress(60);
    }
    await Promise.all([traffic.stop(), leavingAll]);

    expectNoUserSignedOut(traffic);
    await expectSignedIn(staying);
    expect(signedOut.length).toBeGreaterThan(0);
    for (const cookie of signedOut) await expectStatus(cookie, 401);
  });

  it('leaves every account usable, whatever it was in the middle of', async () => {
    const people = await Promise.all([1, 2, 3].map(() => signUpVerified(ask, system.mailbox)));
    const newcomers = [newPerson(), newPerson(), newPerson()];
    const tokens = await Promise.all(people.map((person) => requestReset(person.email)));
    const inFlight = Promise.all([
      ...newcomers.map((json) => direct.gateway('/auth/sign-up/email', { method: 'POST', json })),
      ...people.map((person, index) =>
        direct.gateway('/auth/reset-password', {
          method: 'POST',
          json: { token: tokens[index], newPassword: revised(person) },
        }),
      ),
      ...people.map(({ email, password }) =>
        direct.gateway('/auth/sign-in/email', { method: 'POST', json: { email, password } }),
      ),
    ]);
    // In the time that hashing takes: some have written, others have not.
    await new Promise((resolve) => setTimeout(resolve, 250));
    await system.kill('gateway');
    const answers = await inFlight;

    for (const [index, person] of people.entries()) {
      const passwords = [revised(person), person.password];
      const isConfirmed = answers[newcomers.length + index]?.status === 200;
      const works = await findPassword(person.email, isConfirmed ? passwords.slice(0, 1) : passwords);
      expect(works).toBeDefined();
    }
    for (const person of newcomers) await expectWayIn(person);
    await system.start('gateway');
  });
});

describe('two gateways that are restarted one after the other [postgres + redis ×2]', () => {
  it('sign no user out, under load', async () => {
    const cookies = await signInTimes(demoAccount('user', system.accounts), 6);
    const traffic = startTraffic(ask, products, cookies);
    await traffic.progress(20);
    await roll(traffic);
    await traffic.stop();
    expectNoUserSignedOut(traffic);
    await expectSignedIn(cookies);
  });

  it('take a new root secret on the way, and sign no user out', async () => {
    const account = demoAccount('vendor', system.accounts);
    const cookies = await signInTimes(account, 6);
    const traffic = startTraffic(ask, products, cookies);
    await roll(traffic, (name) => writeSecret(name, `2:${secondSecret},1:${firstSecret}`));
    await traffic.stop();
    expectNoUserSignedOut(traffic);
    await expectSignedIn(cookies);

    // Sessions of either version end at both.
    for (const cookie of [...cookies.slice(0, 2), await cookieOf(direct['gateway-2'], account)]) {
      await expectStatus(cookie, 200);
      expect(await signOutOf(direct.gateway, cookie)).toBe(204);
      await expectStatus(cookie, 401);
    }
  });
});

/** Restarts each gateway in an orderly way, and waits until it has been of use. */
async function roll(traffic: Traffic, change: (name: GatewayName) => Promise<void> = async () => {}): Promise<void> {
  for (const name of gateways) {
    await system.stop(name);
    await change(name);
    await system.start(name);
    await traffic.progress(60);
  }
}

/** Connections may break and a service may be out of reach for a moment: no user may be served as another one. */
function expectNoUserSignedOut({ counts }: Traffic): void {
  const tolerated: ReadonlySet<number> = new Set([0, 200, 502, 503]);
  expect([...counts.keys()].filter((status) => !tolerated.has(status))).toEqual([]);
  expect(counts.get(200)).toBeGreaterThan(0);
}

async function expectSignedIn(cookies: readonly string[]): Promise<void> {
  for (const cookie of cookies) await expectStatus(cookie, 200);
}

async function expectStatus(cookie: string, status: number): Promise<void> {
  for (const name of gateways) expect(await statusOfSession(direct[name], cookie)).toBe(status);
}

async function signInTimes(account: Pick<Account, 'email' | 'password'>, count: number): Promise<readonly string[]> {
  const cookies: string[] = [];
  for (let index = 0; index < count; index += 1) cookies.push(await cookieOf(ask, account));
  return cookies;
}

async function requestReset(email: string): Promise<string> {
  await ask('/auth/request-password-reset', { method: 'POST', json: { email } });
  return linkToken(system.mailbox, email, 'reset-password');
}

async function findPassword(email: string, passwords: readonly string[]): Promise<string | undefined> {
  for (const password of passwords) {
    const { status } = await direct['gateway-2']('/auth/sign-in/email', { method: 'POST', json: { email, password } });
    if (status === 200) return password;
  }
  return undefined;
}

/** Signing up again, then asking for the mail again, is what a person does whose sign-up did not end well. */
async function expectWayIn(person: Account): Promise<void> {
  const other = direct['gateway-2'];
  expect(await other('/auth/sign-up/email', { method: 'POST', json: person })).toMatchObject({ status: 200 });
  await other('/auth/send-verification-email', { method: 'POST', json: { email: person.email } });
  const token = await linkToken(system.mailbox, person.email, 'verify-email');
  const json = { token, name: person.name, newPassword: person.password };
  expect(await other('/auth/verify-email', { method: 'POST', json })).toMatchObject({ status: 200 });
  await cookieOf(other, person);
}

function revised({ password }: Account): string {
  return `${password} revised`;
}

function secretFile(name: GatewayName): string {
  return path.join(folder, `${name}-secret`);
}

async function writeSecret(name: GatewayName, value: string): Promise<void> {
  await writeFile(secretFile(name), value, { mode: 0o600 });
}

function secretOf(name: GatewayName): Readonly<Record<string, string>> {
  return { SALLYPORT_SECRET: '', SALLYPORT_SECRET_FILE: secretFile(name) };
}
