import { recordModels } from '@sallyport/core';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasServers, startSmallSystem, type SmallSystem } from './small-system.ts';

let system: SmallSystem;
let cookie: string;
const email = 'ada@example.test';
const service = 'shop';
const patience = { timeout: 20_000, interval: 20 };

/** Asks through a gateway; the second one is a way to the same service. */
const ask = (gateway = 0): Promise<Response> =>
  fetch(`${system.gateways[gateway]?.origin}/api/${service}/me`, { headers: { cookie } });

/** Asks the service itself, with a token that it was sent before. */
const present = async (token: string): Promise<{ readonly status: number; readonly code: unknown }> => {
  const answer = await fetch(`${system.service(service).origin}/me`, { headers: { authorization: `Bearer ${token}` } });
  const body = (await answer.json()) as { readonly code?: unknown };
  return { status: answer.status, code: body.code };
};

/** A valid token, as an observer of a request to the service would have it. */
async function takeToken(): Promise<string> {
  expect((await ask()).status).toBe(200);
  const token = system.service(service).lastToken() ?? '';
  expect(await present(token)).toMatchObject({ status: 200 });
  return token;
}

async function expectDeath(token: string): Promise<void> {
  await expect.poll(async () => (await present(token)).status, patience).toBe(401);
  // Not because its time is over.
  expect(await present(token)).toEqual({ status: 401, code: 'SP_UNAUTHENTICATED' });
  expect(decodeJwt(token).exp).toBeGreaterThan(Date.now() / 1000);
}

const signOut = async (): Promise<void> => {
  const { origin } = system.gateways[0] ?? { origin: '' };
  const answer = await fetch(`${origin}/auth/sign-out`, { method: 'POST', headers: { cookie, origin } });
  expect(answer.status).toBe(204);
};

describe('a token that a subscribed service was sent, with one gateway on what is embedded', () => {
  beforeAll(() => open(1));
  afterAll(() => system.close());

  it('dies when its session ends', async () => {
    cookie = await system.signIn(email);
    const token = await takeToken();
    await signOut();
    await expectDeath(token);
  });
});

describe.skipIf(!hasServers)('a token that a subscribed service was sent [postgres + redis]', () => {
  beforeAll(() => open(2));
  afterAll(() => system.close());

  it('dies when its session ends at any gateway, and no other token does', async () => {
    cookie = await system.signIn(email);
    const other = await takeToken();
    cookie = await system.signIn(email);
    const token = await takeToken();
    await signOut();
    await expectDeath(token);
    expect(await present(other)).toMatchObject({ status: 200 });
  });

  it('dies with a ban, a change of roles and a change of what roles may do; the next one says what is true now', async () => {
    const userId = await system.createAccount('bob@example.test');
    cookie = await system.signIn('bob@example.test');
    let token = await takeToken();
    await system.withIdentity(({ accounts }) => accounts.setRoles(userId, ['user']));
    await expectDeath(token);
    // The gateways follow at once, and so does a caller that asks again.
    token = await takeToken();
    expect(decodeJwt(token)).toMatchObject({ roles: ['user'], scope: 'product:read' });

    await system.withStores(async ({ database, bus }) => {
      const where = [{ field: 'name', value: 'user' }];
      await database.records.updateMany({
        model: recordModels.role,
        where,
        update: { permissions: '', generation: 1 },
      });
      await bus.publish({ kind: 'policy', id: 'user', minGeneration: 1, at: new Date(), reason: 'role-changed' });
    });
    await expectDeath(token);
    token = await takeToken();
    expect(decodeJwt(token)).toMatchObject({ scope: '' });

    await system.withIdentity(({ accounts }) => accounts.setBanned(userId, true));
    await expectDeath(token);
    expect((await ask()).status).toBe(401);
    expect((await ask(1)).status).toBe(401);
  });

  it('dies when the key that signed it is withdrawn, and a caller that asks again is not refused', async () => {
    cookie = await system.signIn(email);
    const token = await takeToken();
    const kid = JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as { kid: string };
    await system.withStores(({ keyRing }) => keyRing.withdraw(kid.kid));
    await expect.poll(async () => (await present(token)).status, patience).toBe(401);
    expect(await present(token)).toEqual({ status: 401, code: 'SP_TOKEN_INVALID' });
    expect((await ask()).status).toBe(200);
    expect((await ask(1)).status).toBe(200);
  });
});

async function open(gateways: 1 | 2): Promise<void> {
  system = await startSmallSystem({
    gateways,
    services: [service],
    access: () => ({ revocations: {} }),
    environment: { TEST_ROTATION_SECONDS: '3600' },
  });
}
