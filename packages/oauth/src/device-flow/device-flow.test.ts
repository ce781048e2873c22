import type { SessionsAnswer } from '@sallyport/core';
import { onDatabase, type Harness } from '@sallyport/identity/test-support/harness';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { operate, startOAuthHarness, type OAuthHarnessOptions } from '../oauth.test-support.ts';
import {
  serveProvider,
  type ProviderSite,
  type SignedInUser,
  type SiteClient,
} from '../provider/provider-site.test-support.ts';
import { isProviderEndpoint } from '../provider/provider-endpoints.ts';
import { deviceFlowConfigShape, problemsOfDevices } from './device-flow-config.ts';
import { commandLine, createDeviceSite, type DeviceSite } from './device-site.test-support.ts';

let harness: Harness;
let site: ProviderSite;
let device: DeviceSite;
let ada: SignedInUser;
let client: SiteClient;
let made = 0;

const start = async (options: OAuthHarnessOptions = {}): Promise<void> => {
  harness = await startOAuthHarness({ oauthProvider: { devices: { maxWaiting: 4 } }, ...options });
  site = await serveProvider(harness);
  device = createDeviceSite(harness, site);
};
const stop = async (): Promise<void> => {
  await site.close();
  await harness.close();
};
/** Of a user and a client of its own each test has what others did nothing to. */
const begin = async (): Promise<void> => {
  made += 1;
  const email = `ada${made}@example.test`;
  await harness.makeUser(email);
  ada = await site.signIn(email);
  client = await site.register(`Acme CLI ${made}`, commandLine);
};

const devicesOf = async ({ caller }: SignedInUser): Promise<SessionsAnswer['sessions']> =>
  ((await harness.call('GET', '/auth/sessions', undefined, { caller })).body as SessionsAnswer).sessions;
const programsOf = async (user: SignedInUser): Promise<readonly (string | undefined)[]> =>
  (await devicesOf(user)).flatMap(({ program }) => program ?? []);
const postAs = (path: string, { caller }: SignedInUser) => harness.call('POST', path, undefined, { caller });
const ban = () => operate(harness, 'accounts/set-banned', { userId: ada.id, isBanned: true });
const eventTypes = async (): Promise<readonly unknown[]> => (await harness.events()).map((event) => event['type']);
const refusal = (error: string, status = 400) => ({ status, body: { error } });

describe(onDatabase('the sign-in of a device'), () => {
  beforeAll(() => start());
  beforeEach(begin);
  afterAll(stop);

  it('gives a code of eight letters, the page to enter it at, and how often to ask', async () => {
    const { status, body } = await device.ask(client);
    expect(status).toBe(200);
    expect(body['user_code']).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/);
    expect(body).toMatchObject({
      verification_uri: 'http://localhost:3000/auth/device',
      verification_uri_complete: `http://localhost:3000/auth/device?user_code=${body['user_code']}`,
      expires_in: 600,
      interval: 5,
    });
  });

  it('shows its user what the device asks for, and from where, in whatever way the code is typed', async () => {
    const { userCode } = await device.begin(client);
    for (const typed of [
      userCode,
      userCode.toLowerCase(),
      ` ${userCode.replace('-', ' ')}\t`,
      userCode.replace('-', ''),
    ])
      expect(await device.look(typed, ada)).toMatchObject({
        status: 200,
        body: {
          client: { name: `Acme CLI ${made}` },
          actsForYou: false,
          userCode,
          account: { email: `ada${made}@example.test` },
          scopes: [
            { scope: 'openid' },
            { scope: 'offline_access', description: 'Stay signed in, until you sign it out' },
            { scope: 'product:read', description: 'Look at products' },
          ],
          address: '203.0.113.7',
        },
      });
  });

  it('leads to tokens that are taken, and to a session of its own in the list of devices', async () => {
    const tokens = await device.signIn(client, ada);
    expect(await site.isTaken(tokens['access_token'] ?? '')).toBe(true);
    expect(await programsOf(ada)).toEqual([`Acme CLI ${made}`]);
    const again = await site.refresh(client, tokens['refresh_token'] ?? '');
    expect(again.status).toBe(200);
    expect(await site.isTaken(again.body['access_token'] ?? '')).toBe(true);
    expect(await eventTypes()).toContain('oauth-device.allowed');
  });

  it('goes on when its user signs out of the browser', async () => {
    const tokens = await device.signIn(client, ada);
    expect((await postAs('/auth/sign-out', ada)).status).toBe(204);
    expect(await site.isTaken(tokens['access_token'] ?? '')).toBe(true);
    expect((await site.refresh(client, tokens['refresh_token'] ?? '')).status).toBe(200);
  });

  it.each([
    {
      name: 'its user signs out everywhere',
      end: () => postAs('/auth/sessions/revoke-all', ada),
    },
    {
      name: 'its user ends it in the list of devices',
      async end() {
        const found = (await devicesOf(ada)).find(({ program }) => program !== undefined);
        await harness.call('DELETE', `/auth/sessions/${found?.sid}`, undefined, { caller: ada.caller });
      },
    },
    {
      name: 'its user is banned',
      end: () => ban(),
    },
    {
      name: 'its user takes back the access of the app',
      end: () => harness.call('DELETE', `/auth/account/apps/${client.id}`, undefined, { caller: ada.caller }),
    },
  ])('ends when $name', async ({ end }) => {
    const tokens = await device.signIn(client, ada);
    await end();
    expect(await site.isTaken(tokens['access_token'] ?? '')).toBe(false);
    expect(await site.refresh(client, tokens['refresh_token'] ?? '')).toMatchObject(refusal('invalid_grant'));
  });

  it('ends, in the list of devices too, when its program gives its refresh token up', async () => {
    const tokens = await device.signIn(client, ada);
    const revoked = await site.post('/oauth2/revoke', client, { token: tokens['refresh_token'] ?? '' });
    expect(revoked.status).toBe(200);
    expect(await programsOf(ada)).toEqual([]);
    expect(await site.isTaken(tokens['access_token'] ?? '')).toBe(false);
    expect(await site.refresh(client, tokens['refresh_token'] ?? '')).toMatchObject(refusal('invalid_grant'));
  });

  it('is among the apps with access, and in no list once it ended', async () => {
    await device.signIn(client, ada);
    const apps = async () => (await harness.call('GET', '/auth/account/apps', undefined, { caller: ada.caller })).body;
    expect(await apps()).toMatchObject({ apps: [{ clientId: client.id }] });
    await operate(harness, 'oauth-clients/set-disabled', { id: client.id, isDisabled: true });
    expect(await programsOf(ada)).toEqual([]);
    expect(await apps()).toEqual({ apps: [] });
  });
});

describe(onDatabase('a device that asks for its tokens'), () => {
  beforeAll(() => start());
  beforeEach(begin);
  afterAll(stop);

  it('is told that its user refused, each time', async () => {
    const { deviceCode, userCode } = await device.begin(client);
    expect(await device.answer(userCode, 'deny', ada)).toMatchObject({ status: 200, body: { status: 'refused' } });
    expect(await device.poll(client, deviceCode)).toMatchObject(refusal('access_denied'));
    expect(await device.poll(client, deviceCode)).toMatchObject(refusal('access_denied'));
    expect(await programsOf(ada)).toEqual([]);
    expect(await eventTypes()).toContain('oauth-device.refused');
  });

  it.each([
    { name: 'signs out everywhere', end: () => postAs('/auth/sessions/revoke-all', ada), error: 'invalid_grant' },
    {
      name: 'is banned',
      end: () => ban(),
      error: 'invalid_grant',
    },
    {
      name: 'takes back the access of the app',
      end: () => harness.call('DELETE', `/auth/account/apps/${client.id}`, undefined, { caller: ada.caller }),
      error: 'invalid_grant',
    },
  ])('gets none when its user $name after having allowed it', async ({ end, error }) => {
    const { deviceCode, userCode } = await device.begin(client);
    expect((await device.answer(userCode, 'allow', ada)).status).toBe(200);
    await end();
    expect(await device.poll(client, deviceCode)).toMatchObject(refusal(error));
  });

  it('gets none when its client is disabled meanwhile, and none when it is enabled again', async () => {
    const { deviceCode, userCode } = await device.begin(client);
    await device.answer(userCode, 'allow', ada);
    const setDisabled = (isDisabled: boolean) =>
      operate(harness, 'oauth-clients/set-disabled', { id: client.id, isDisabled });
    await setDisabled(true);
    expect(await device.poll(client, deviceCode)).toMatchObject(refusal('invalid_client', 401));
    await setDisabled(false);
    expect(await device.poll(client, deviceCode)).toMatchObject(refusal('invalid_grant'));
  });

  it.each([
    { name: 'a code that was made up', code: () => 'A'.repeat(43) },
    { name: 'the code that its user enters', code: (codes: { userCode: string }) => codes.userCode },
  ])('gets nothing for $name', async ({ code }) => {
    const codes = await device.begin(client);
    await device.answer(codes.userCode, 'allow', ada);
    expect(await device.poll(client, code(codes))).toMatchObject(refusal('invalid_grant'));
  });

  it('gets nothing for the code of another client', async () => {
    const other = await site.register(`Other CLI ${made}`, commandLine);
    const { deviceCode, userCode } = await device.begin(client);
    await device.answer(userCode, 'allow', ada);
    expect(await device.poll(other, deviceCode)).toMatchObject(refusal('invalid_grant'));
    expect((await device.poll(client, deviceCode)).status).toBe(200);
  });
});

describe(onDatabase('a request of a device'), () => {
  beforeAll(() => start());
  beforeEach(begin);
  afterAll(stop);

  it.each([
    { name: 'for a scope that is not registered', change: { scope: 'openid email' }, answer: refusal('invalid_scope') },
    { name: 'for another resource', change: { resource: 'https://other.example/' }, answer: refusal('invalid_target') },
  ])('is refused $name', async ({ change, answer }) => {
    expect(await device.ask(client, change)).toMatchObject(answer);
  });

  it('is refused for a client that there is not', async () => {
    expect(await device.ask({ id: 'client_00000000000000000000', secret: '' })).toMatchObject(
      refusal('invalid_client', 401),
    );
  });

  it('is refused for a client that is registered for no devices', async () => {
    const { status, body } = await device.ask(await site.register(`Acme Reports ${made}`));
    expect([status, body['error']]).toEqual([400, 'invalid_request']);
  });

  it('leads to no page of the library', () => {
    for (const path of ['/auth/device', '/auth/device/V1StGXR8_Z5jdHi6B-myT'])
      expect(isProviderEndpoint(path)).toBe(false);
  });
});

describe(onDatabase('a code that is entered'), () => {
  beforeAll(() => start());
  beforeEach(begin);
  afterAll(stop);

  it('leads nowhere without a sign-in', async () => {
    const { userCode } = await device.begin(client);
    expect((await device.look(userCode)).status).toBe(401);
    expect((await device.answer(userCode, 'allow')).status).toBe(401);
  });

  it('leads nowhere for an administrator who acts for its user', async () => {
    const { userCode } = await device.begin(client);
    if (ada.caller.kind !== 'user') throw new TypeError('a user is signed in');
    const actor = { ...ada, caller: { ...ada.caller, actor: { id: 'someone' } } };
    expect((await device.look(userCode, actor)).status).toBe(401);
    expect((await device.answer(userCode, 'allow', actor)).status).toBe(401);
  });

  it('leads nowhere for a sign-in that ended, though the gateway remembers it', async () => {
    const { userCode } = await device.begin(client);
    await postAs('/auth/sign-out', ada);
    expect((await device.answer(userCode, 'allow', ada)).status).toBe(401);
  });

  it('asks for a stronger proof where the client does', async () => {
    const { userCode } = await device.begin(client, { acr_values: 'mfa phr' });
    expect(await device.answer(userCode, 'allow', ada)).toMatchObject({
      status: 401,
      body: { code: 'SP_STEP_UP_REQUIRED', stepUp: { acr: 'mfa' } },
    });
  });

  it('works once', async () => {
    const { userCode } = await device.begin(client);
    expect((await device.answer(userCode, 'allow', ada)).status).toBe(200);
    expect((await device.answer(userCode, 'deny', ada)).status).toBe(404);
    expect((await device.look(userCode, ada)).status).toBe(404);
  });

  it('is no try where it is no code, and is refused where too many were wrong', async () => {
    const { userCode } = await device.begin(client);
    for (let count = 0; count < 12; count += 1)
      expect((await device.look(count % 2 === 0 ? 'AEIO-UAEI' : 'BCDF', ada)).status).toBe(422);
    for (let count = 0; count < 10; count += 1) expect((await device.look('BBBB-BBBB', ada)).status).toBe(404);
    expect(await device.look(userCode, ada)).toMatchObject({ status: 429, body: { code: 'SP_TOO_MANY_ATTEMPTS' } });
    expect(await device.answer(userCode, 'allow', ada)).toMatchObject({ status: 429 });
    expect((await eventTypes()).filter((type) => type === 'oauth-device.guessing-limited')).toHaveLength(1);
  });

  it('is stored nowhere, nor are the code of the device and its tokens', async () => {
    const { deviceCode, userCode } = await device.begin(client);
    await device.poll(client, deviceCode);
    await device.answer(userCode, 'allow', ada);
    const { body } = await device.poll(client, deviceCode);
    const dump = await harness.dump();
    for (const secret of [deviceCode, userCode, userCode.replace('-', ''), body['refresh_token'], body['access_token']])
      expect(dump).not.toContain(secret);
  });
});

describe(onDatabase('a device, as time goes by,'), () => {
  beforeEach(async () => {
    await start();
    await begin();
  });
  afterEach(async () => {
    vi.useRealTimers();
    await stop();
  });

  it('leaves no session behind for longer than its code where the device never asks again', async () => {
    const { userCode } = await device.begin(client);
    await device.answer(userCode, 'allow', ada);
    expect(await programsOf(ada)).toEqual([`Acme CLI ${made}`]);
    harness.advance(1300);
    expect(await programsOf(ada)).toEqual([]);
  });

  it('is told to wait, and to ask less often where it asks too often', async () => {
    const { deviceCode } = await device.begin(client);
    expect(await device.poll(client, deviceCode)).toMatchObject(refusal('authorization_pending'));
    harness.advance(5);
    expect(await device.poll(client, deviceCode)).toMatchObject(refusal('authorization_pending'));
    harness.advance(1);
    expect(await device.poll(client, deviceCode)).toMatchObject(refusal('slow_down'));
    harness.advance(6);
    expect(await device.poll(client, deviceCode)).toMatchObject(refusal('slow_down'));
    harness.advance(15);
    expect(await device.poll(client, deviceCode)).toMatchObject(refusal('authorization_pending'));
  });

  it('is told that its code expired, and a user who enters it then that there is no such code', async () => {
    const { deviceCode, userCode } = await device.begin(client);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 601_000 });
    harness.advance(601);
    const current = await site.signIn(`ada${made}@example.test`);
    expect((await device.look(userCode, current)).status).toBe(404);
    expect((await device.answer(userCode, 'allow', current)).status).toBe(404);
    expect(await device.poll(client, deviceCode)).toMatchObject(refusal('expired_token'));
  });

  it('stays signed in for longer than a browser, up to the time that the configuration says', async () => {
    const { deviceCode, userCode } = await device.begin(client);
    await device.answer(userCode, 'allow', ada);
    harness.advance(5);
    let refreshToken = (await device.poll(client, deviceCode)).body['refresh_token'] ?? '';
    for (const day of [25, 50, 75]) {
      harness.advance(25 * 86_400);
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 25 * 86_400_000 });
      const { status, body } = await site.refresh(client, refreshToken);
      expect([day, status, body['error']]).toEqual([day, 200, undefined]);
      expect([day, await site.isTaken(body['access_token'] ?? '')]).toEqual([day, true]);
      refreshToken = body['refresh_token'] ?? '';
    }
    harness.advance(20 * 86_400);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 20 * 86_400_000 });
    expect(await site.refresh(client, refreshToken)).toMatchObject(refusal('invalid_grant'));
  });

  it('gets the same answer again within seconds, and ends its sign-in when it comes later', async () => {
    const { deviceCode, userCode } = await device.begin(client);
    await device.answer(userCode, 'allow', ada);
    const first = await device.poll(client, deviceCode);
    harness.advance(5);
    expect((await device.poll(client, deviceCode)).body['refresh_token']).toBe(first.body['refresh_token']);
    harness.advance(10);
    expect(await device.poll(client, deviceCode)).toMatchObject(refusal('invalid_grant'));
    expect(await programsOf(ada)).toEqual([]);
    expect(await eventTypes()).toContain('oauth-token.reused');
    expect(await site.refresh(client, first.body['refresh_token'] ?? '')).toMatchObject(refusal('invalid_grant'));
  });

  it('is refused one more request where as many wait as may, and taken again when one is over', async () => {
    for (let count = 0; count < 4; count += 1) await device.begin(client);
    expect(await device.ask(client)).toMatchObject({ status: 429 });
    harness.advance(1300);
    expect((await device.ask(client)).status).toBe(200);
  });

  it('needs a fresh proof of its user to be allowed, and none to be refused', async () => {
    const { userCode } = await device.begin(client);
    harness.advance(595);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 595_000 });
    const later = await device.begin(client);
    harness.advance(10);
    for (const answer of [await device.look(later.userCode, ada), await device.answer(later.userCode, 'allow', ada)])
      expect(answer).toMatchObject({
        status: 401,
        body: { code: 'SP_STEP_UP_REQUIRED', stepUp: { maxAgeSeconds: 600 } },
      });
    expect((await device.answer(later.userCode, 'deny', ada)).status).toBe(200);
    expect(userCode).not.toBe(later.userCode);
  });
});

describe(onDatabase('a limit on sessions that refuses more'), () => {
  afterEach(stop);

  it('refuses the device, which is told so, and leaves no session of it', async () => {
    await start({ sessionLimit: { maximum: 1, onLimit: 'refuse' } });
    await begin();
    const { deviceCode, userCode } = await device.begin(client);
    expect(await device.answer(userCode, 'allow', ada)).toMatchObject({ body: { code: 'SP_TOO_MANY_SESSIONS' } });
    expect(await device.poll(client, deviceCode)).toMatchObject(refusal('access_denied'));
    expect(await programsOf(ada)).toEqual([]);
    expect((await device.answer(userCode, 'allow', ada)).status).toBe(404);
  });
});

describe('the section for devices', () => {
  it('is refused where a device may stay unused for longer than it is signed in at all', () => {
    const config = deviceFlowConfigShape.devices.parse({ refreshDays: 60, maxDays: 30 });
    expect(problemsOfDevices(config)).toEqual([{ key: 'devices.refreshDays', problem: expect.any(String) as string }]);
    expect(problemsOfDevices(deviceFlowConfigShape.devices.parse({}))).toEqual([]);
  });
});
