import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLogger, type ConnectedProvidersAnswer, type ProviderTokenAnswer } from '@sallyport/core';
import { createInProcessCounters, createSealer } from '@sallyport/stores';
import { features } from '../../../features.ts';
import { createIdentity, type Identity } from '../../../identity.ts';
import {
  canRace,
  firstSecret,
  onDatabase,
  testPolicy,
  type Harness,
  type HarnessOptions,
} from '../../../identity.test-support.ts';
import { createDevelopmentMailbox } from '../../../mail/development-mailbox.ts';
import {
  begin,
  openBrowser,
  placeOf,
  signInAt,
  startProviderHarness,
  type ProviderBrowser,
} from '../provider.test-support.ts';
import { startProviderStandIn, type ProviderStandIn } from '../provider-stand-in.test-support.ts';
import { sealedTokenColumn } from './kept-token-table.ts';
import { createRotatingGrants, type RotatingGrants } from './token-grants.test-support.ts';

const ada = { sub: 'ada-1', email: 'ada@example.test', email_verified: true, name: 'Ada Byron' };
const hour = 3600;
const where = { requestId: 'req-test', address: '203.0.113.7' };
const keepTokens = { scopes: ['files.read'], offline: true };

let standIn: ProviderStandIn;
let grants: RotatingGrants;
let harness: Harness;
let browser: ProviderBrowser;
let userId: string;

beforeEach(async () => {
  standIn = await startProviderStandIn();
  grants = createRotatingGrants();
  standIn.lies.grants = grants;
  await start();
});
afterEach(async () => {
  await harness.close();
  await standIn.close();
});

async function start(change: object = {}, options: HarnessOptions = {}): Promise<void> {
  harness = await startProviderHarness(standIn, { keepTokens: { ...keepTokens, ...change } }, options);
  await signIn();
}

async function signIn(): Promise<void> {
  browser = openBrowser(harness);
  expect(placeOf(await signInAt(standIn, browser, ada))).toBe('/');
  userId = (await harness.identity.accounts.findByEmail(ada.email))?.id ?? '';
}

function handOut(audience = 'shop', provider = 'acme', identity = harness.identity): Promise<ProviderTokenAnswer> {
  return identity.providerTokens.handOut({ userId, provider, audience }, where);
}

const rows = () => harness.database.records.findMany<Record<string, unknown>>({ model: 'sallyportProviderToken' });
const eventsOf = async (type: string) => (await harness.events()).filter((event) => event['type'] === type);
const detailsOf = async (type: string) =>
  (await eventsOf(type)).map(({ details }) => JSON.parse(String(details)) as object);

describe(onDatabase('the tokens of a provider'), () => {
  it('are asked for with the scopes and the consent that the configuration says', async () => {
    const asked = new URL(await begin(openBrowser(harness))).searchParams;
    expect(asked.get('scope')).toBe('openid profile email files.read offline_access');
    expect(asked.get('prompt')).toBe('consent');
  });

  it('are handed out without the refresh token, and are nowhere in clear', async () => {
    expect(await handOut()).toEqual({
      provider: 'acme',
      access_token: 'access-1',
      token_type: 'Bearer',
      expires_at: expect.any(String) as string,
      scope: 'openid files.read',
    });
    expect(await harness.dump()).not.toMatch(/access-1|refresh-1/);
    expect(harness.logLines.join('\n')).not.toMatch(/access-1|refresh-1/);
  });

  it('are sealed for what a change of the root secret reads of their row', async () => {
    const [row = {}] = await rows();
    const sealer = createSealer([firstSecret])(sealedTokenColumn.purpose);
    const opened = sealer.open(String(row['sealed']), sealedTokenColumn.contextOf(row));
    expect(JSON.parse(opened)).toEqual({ accessToken: 'access-1', refreshToken: 'refresh-1' });
    expect(features.sealedColumns).toContain(sealedTokenColumn);
  });

  it('that cannot be opened any more ask for another sign-in, which works', async () => {
    await harness.database.records.updateMany({
      model: 'sallyportProviderToken',
      where: [{ field: 'userId', value: userId }],
      update: { sealed: 'of-a-secret-that-is-gone' },
    });
    await expect(handOut()).rejects.toMatchObject({ code: 'SP_PROVIDER_SIGN_IN_REQUIRED' });
    expect(await detailsOf('provider.grant-ended')).toEqual([{ provider: 'acme', reason: 'unreadable' }]);
    await signIn();
    expect(await handOut()).toMatchObject({ access_token: 'access-2' });
  });

  it('that cannot be opened any more hold up no sign-in', async () => {
    await harness.database.records.updateMany({
      model: 'sallyportProviderToken',
      where: [{ field: 'userId', value: userId }],
      update: { sealed: 'of-a-secret-that-is-gone' },
    });
    await signIn();
    expect(await handOut()).toMatchObject({ access_token: 'access-2' });
  });

  it('are not kept where the configuration does not ask for it', async () => {
    await harness.close();
    harness = await startProviderHarness(standIn);
    await signIn();
    expect(await rows()).toEqual([]);
    await expect(handOut()).rejects.toMatchObject({ code: 'SP_NOT_FOUND', reason: 'provider-tokens-not-kept' });
  });

  it('of another sign-in take the place of those before', async () => {
    await signIn();
    expect(await rows()).toHaveLength(1);
    expect(await handOut()).toMatchObject({ access_token: 'access-2' });
  });

  it('keep their refresh token where another sign-in gives none', async () => {
    grants.isStatic = true;
    await signIn();
    harness.advance(hour);
    expect(await handOut()).toMatchObject({ access_token: 'access-3' });
    expect(grants.refreshed).toEqual(['refresh-1']);
  });

  it('of an address that is not proved yet are not kept', async () => {
    const eve = { sub: 'eve-1', email: 'eve@example.test', email_verified: false };
    await signInAt(standIn, openBrowser(harness), eve);
    expect(await rows()).toHaveLength(1);
  });

  it.each([
    { name: 'at a provider that there is not', provider: 'other', code: 'SP_NOT_FOUND' },
    { name: 'of a user who connected none', provider: 'acme', code: 'SP_PROVIDER_NOT_CONNECTED' },
  ])('$name are not handed out', async ({ provider, code }) => {
    if (provider === 'acme') userId = await harness.makeUser('bob@example.test');
    await expect(handOut('shop', provider)).rejects.toMatchObject({ code });
  });

  it('are reported when a service gets them: once in ten minutes, with a count', async () => {
    for (let round = 0; round < 5; round += 1) await handOut();
    await handOut('files');
    harness.advance(600);
    await handOut();
    const details = await detailsOf('provider.token-handed-out');
    expect(details).toEqual([
      { provider: 'acme', audience: 'shop', alsoBefore: 0 },
      { provider: 'acme', audience: 'files', alsoBefore: 0 },
      { provider: 'acme', audience: 'shop', alsoBefore: 4 },
    ]);
    expect((await eventsOf('provider.token-handed-out'))[0]).toMatchObject({ actor: userId, requestId: 'req-test' });
  });
});

describe(onDatabase('an access token that ends'), () => {
  it('is refreshed when it is asked for, and the rotated refresh token is kept', async () => {
    harness.advance(hour - 30);
    expect(await handOut()).toMatchObject({ access_token: 'access-2' });
    harness.advance(hour);
    expect(await handOut()).toMatchObject({ access_token: 'access-3' });
    expect(grants.refreshed).toEqual(['refresh-1', 'refresh-2']);
  });

  it('is refreshed once for fifty who ask at the same time', async () => {
    grants.milliseconds = 100;
    harness.advance(hour);
    const all = await Promise.all(Array.from({ length: 50 }, () => handOut()));
    expect(new Set(all.map(({ access_token }) => access_token))).toEqual(new Set(['access-2']));
    expect(grants.refreshed).toEqual(['refresh-1']);
  });

  it.skipIf(!canRace())('is refreshed once for fifty who ask at two gateways', async () => {
    grants.milliseconds = 100;
    const other = await openSecondGateway();
    try {
      harness.advance(hour);
      const asks = Array.from({ length: 50 }, (_, index) =>
        handOut('shop', 'acme', index % 2 === 0 ? harness.identity : other),
      );
      const all = await Promise.all(asks);
      expect(new Set(all.map(({ access_token }) => access_token))).toEqual(new Set(['access-2']));
      expect(grants.refreshed).toEqual(['refresh-1']);
    } finally {
      await other.close();
    }
  });

  it('is asked for once more when the answer is lost: a provider with a grace period gives it again', async () => {
    grants.hasGrace = true;
    grants.loses = 1;
    harness.advance(hour);
    expect(await handOut()).toMatchObject({ access_token: 'access-2' });
    expect(grants.refreshed).toEqual(['refresh-1', 'refresh-1']);
    harness.advance(hour);
    expect(await handOut()).toMatchObject({ access_token: 'access-3' });
  });

  it('asks for another sign-in when the answer is lost and the provider has no grace period', async () => {
    grants.loses = 1;
    harness.advance(hour);
    await expect(handOut()).rejects.toMatchObject({ code: 'SP_PROVIDER_SIGN_IN_REQUIRED' });
    expect(await detailsOf('provider.grant-ended')).toEqual([{ provider: 'acme', reason: 'lost-reply' }]);
  });

  it('is taken over from a gateway that died while it asked', async () => {
    harness.advance(hour);
    await lease(15);
    harness.advance(16);
    expect(await handOut()).toMatchObject({ access_token: 'access-2' });
  });

  it('is not asked for beside another gateway that asks, and comes from there', async () => {
    harness.advance(hour);
    const release = await lease(15);
    const asked = handOut();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(grants.refreshed).toEqual([]);
    await release();
    expect(await asked).toMatchObject({ access_token: 'access-2' });
    expect(grants.refreshed).toEqual(['refresh-1']);
  });

  it('whose refresh token is refused asks for another sign-in, once and for all', async () => {
    await grants.refresh('refresh-1');
    grants.refreshed.length = 0;
    harness.advance(hour);
    for (let round = 0; round < 3; round += 1)
      await expect(handOut()).rejects.toMatchObject({ code: 'SP_PROVIDER_SIGN_IN_REQUIRED', status: 409 });
    expect(grants.refreshed).toEqual(['refresh-1']);
    expect(await detailsOf('provider.grant-ended')).toEqual([{ provider: 'acme', reason: 'refused' }]);
    await signIn();
    expect(await handOut()).toMatchObject({ access_token: 'access-3' });
  });

  it('without a refresh token asks for another sign-in', async () => {
    await harness.close();
    standIn.lies.grants = { ...grants, issue: () => ({ access_token: 'short', expires_in: 600 }) };
    await start();
    expect(await handOut()).toMatchObject({ access_token: 'short' });
    harness.advance(599);
    expect(await handOut()).toMatchObject({ access_token: 'short' });
    harness.advance(2);
    await expect(handOut()).rejects.toMatchObject({ code: 'SP_PROVIDER_SIGN_IN_REQUIRED' });
    expect(await detailsOf('provider.grant-ended')).toEqual([{ provider: 'acme', reason: 'expired' }]);
  });

  it.each([500, 503, 429, 401])(
    'is 503 while the provider answers %i, and is not asked for each time',
    async (status) => {
      grants.fails = status;
      harness.advance(hour);
      for (let round = 0; round < 3; round += 1)
        await expect(handOut()).rejects.toMatchObject({ code: 'SP_PROVIDER_UNAVAILABLE', status: 503 });
      expect(grants.refreshed).toEqual(['refresh-1']);
      grants.fails = undefined;
      harness.advance(6);
      expect(await handOut()).toMatchObject({ access_token: 'access-2' });
      expect(await eventsOf('provider.grant-ended')).toEqual([]);
    },
  );

  it('is stored after the database did not answer for a moment', async () => {
    harness.advance(hour);
    const { records } = harness.database;
    const updateMany: typeof records.updateMany = records.updateMany.bind(records);
    let failures = 2;
    Object.assign(records, {
      updateMany: (query: Parameters<typeof updateMany>[0]) => {
        if (query.update['sealed'] !== undefined && failures > 0) {
          failures -= 1;
          return Promise.reject(Object.assign(new Error('gone'), { code: 'ECONNREFUSED' }));
        }
        return updateMany(query);
      },
    });
    expect(await handOut()).toMatchObject({ access_token: 'access-2' });
    Object.assign(records, { updateMany });
    harness.advance(hour);
    expect(await handOut()).toMatchObject({ access_token: 'access-3' });
  });

  it('is remembered and stored later where the database takes nothing', async () => {
    harness.advance(hour);
    const { records } = harness.database;
    const updateMany: typeof records.updateMany = records.updateMany.bind(records);
    Object.assign(records, {
      updateMany: (query: Parameters<typeof updateMany>[0]) =>
        query.update['sealed'] === undefined ? updateMany(query) : Promise.reject(new Error('gone')),
    });
    await expect(handOut()).rejects.toThrow();
    Object.assign(records, { updateMany });
    expect(await handOut()).toMatchObject({ access_token: 'access-2' });
    expect(grants.refreshed).toEqual(['refresh-1']);
  });
});

describe(onDatabase('tokens of a provider that are not wanted any more'), () => {
  it('are revoked there when the user disconnects it, and are not handed out', async () => {
    await harness.close();
    harness = await startProviderHarness(standIn, { keepTokens });
    await harness.makeUser(ada.email);
    await signIn();
    const { caller } = await harness.signIn(ada.email);
    const { body } = await harness.call('GET', '/auth/account/providers', undefined, { caller });
    const [connected] = (body as ConnectedProvidersAnswer).connected;
    const answer = await harness.call('DELETE', `/auth/account/providers/${connected?.id}`, undefined, { caller });
    expect(answer.status).toBe(204);
    await expect(handOut()).rejects.toMatchObject({ code: 'SP_PROVIDER_NOT_CONNECTED' });
    await revokeAll();
    expect(grants.revoked).toEqual(['refresh-2']);
    expect(await rows()).toEqual([]);
  });

  it.each([
    {
      name: 'an account that is banned',
      end: () => harness.identity.accounts.setBanned(userId, true),
      code: 'SP_ACCOUNT_DISABLED',
    },
    {
      name: 'an account that is deleted',
      end: () => harness.identity.accounts.deleteUser(userId),
      code: 'SP_ACCOUNT_DISABLED',
    },
  ])('of $name are revoked there, and deleted here', async ({ end, code }) => {
    await end();
    await expect(handOut()).rejects.toMatchObject({ code });
    await revokeAll();
    expect(grants.revoked).toEqual(['refresh-1']);
    expect(await rows()).toEqual([]);
    expect(await detailsOf('provider.tokens-revoked')).toEqual([{ provider: 'acme', how: 'revoked' }]);
  });

  it('are revoked in the background, soon after the change', async () => {
    await harness.identity.accounts.deleteUser(userId);
    for (let round = 0; round < 200 && (await rows()).length > 0; round += 1)
      await new Promise((resolve) => setTimeout(resolve, 20));
    expect(grants.revoked).toEqual(['refresh-1']);
    expect(harness.logLines.join('\n')).not.toContain('provider-revocation-failed');
  });

  it('stay at the provider for a ban where the configuration says so, and are handed out to no service', async () => {
    await harness.close();
    await start({ revokeOnBan: false });
    await harness.identity.accounts.setBanned(userId, true);
    await expect(handOut()).rejects.toMatchObject({ code: 'SP_ACCOUNT_DISABLED' });
    await revokeAll();
    expect(grants.revoked).toEqual([]);
    await harness.identity.accounts.setBanned(userId, false);
    expect(await handOut()).toMatchObject({ token_type: 'Bearer' });
  });

  it('are revoked again after a failure, and given up in the end', async () => {
    grants.revocationStatus = 503;
    await harness.identity.accounts.deleteUser(userId);
    for (let round = 0; round < 15; round += 1) {
      await harness.identity.providerTokens.revokeEnded();
      harness.advance(5 * hour);
    }
    expect(grants.revoked).toHaveLength(10);
    expect(await detailsOf('provider.tokens-revoked')).toEqual([{ provider: 'acme', how: 'given-up' }]);
    expect(await rows()).toEqual([]);
  });

  it('are forgotten where the provider announces no revocation', async () => {
    standIn.lies.discovery = (document) => ({ ...document, revocation_endpoint: undefined });
    await harness.close();
    await start();
    await harness.identity.accounts.deleteUser(userId);
    await revokeAll();
    expect(await detailsOf('provider.tokens-revoked')).toEqual([{ provider: 'acme', how: 'not-announced' }]);
  });

  it.skipIf(!canRace())('are revoked by one of two gateways', async () => {
    const other = await openSecondGateway();
    try {
      await harness.identity.accounts.deleteUser(userId);
      await Promise.all([harness.identity, other].map(({ providerTokens }) => providerTokens.revokeEnded()));
      expect(grants.revoked).toEqual(['refresh-1']);
    } finally {
      await other.close();
    }
  });

  it('are not brought back by a refresh that comes back late', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    grants.held = promise;
    harness.advance(hour);
    const asked = handOut();
    while (grants.refreshed.length === 0) await new Promise((proceed) => setTimeout(proceed, 5));
    await harness.identity.accounts.deleteUser(userId);
    resolve();
    await expect(asked).rejects.toMatchObject({ code: 'SP_PROVIDER_NOT_CONNECTED' });
    expect((await rows()).every(({ state }) => state === 'ended')).toBe(true);
  });
});

/** Also what the gateway does by itself in the background may have begun. */
async function revokeAll(): Promise<void> {
  await harness.identity.providerTokens.revokeEnded();
  for (let round = 0; round < 100 && (await rows()).some(({ state }) => state === 'ended'); round += 1)
    await new Promise((resolve) => setTimeout(resolve, 20));
}

/** Leases the row as another gateway does. Resolves to what gives it back. */
async function lease(seconds: number): Promise<() => Promise<void>> {
  const { records } = harness.database;
  const [row] = await rows();
  const where = [{ field: 'id', value: String(row?.['id']) }];
  const version = Number(row?.['version']) + 1;
  const leaseUntil = new Date(harness.now().getTime() + seconds * 1000);
  await records.updateMany({ model: 'sallyportProviderToken', where, update: { version, leaseUntil } });
  return async () => {
    await records.updateMany({
      model: 'sallyportProviderToken',
      where,
      update: { version: version + 1, leaseUntil: null },
    });
  };
}

/** Identity of another gateway, on the same database. */
function openSecondGateway(): Promise<Identity> {
  const { database, sessions, bus, now } = harness;
  const { issuer, clientId, clientSecret } = standIn;
  return createIdentity({
    publicUrl: 'http://localhost:3000',
    database,
    sessions,
    bus,
    sealerFor: createSealer([firstSecret]),
    counters: createInProcessCounters({ now }),
    mailer: createDevelopmentMailbox({ now }).mailer,
    policy: testPolicy,
    providerSecrets: () => new Map([['acme', clientSecret]]),
    features: { signInProviders: { oidc: { acme: { name: 'Acme SSO', issuer, clientId, keepTokens } } } },
    logger: silentLogger,
    now,
  });
}
