import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createOAuthBrowser, type OAuthBrowser, type ShownPage } from '@sallyport/server/test-support';
import { createWorkplace, type CommandResult, type Workplace } from 'sallyport/test-support';
import * as oauth from 'oauth4webapi';
import * as client from 'openid-client';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { requirePage, startProviderSystem, type ProviderSystem, type RegisteredClient } from './provider-system.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

// oxlint-disable-next-line no-deprecated -- marked to stand out; this is loopback
const onLoopback = { [oauth.allowInsecureRequests]: true };
const scope = 'openid profile offline_access product:read';
const commandLine = {
  authentication: 'none',
  grantTypes: ['device_code', 'refresh_token'],
  redirectUris: [],
  scopes: ['openid', 'profile', 'email', 'offline_access', 'product:read'],
} as const;

let system: ProviderSystem;
let registered: RegisteredClient;
let browser: OAuthBrowser;
beforeAll(async () => {
  system = await startProviderSystem({ oauthProvider: { devices: { requests: [] } } });
  registered = await system.register(commandLine);
  browser = await system.signedIn();
});
afterAll(() => system.close());

/** What a user does with a code, on pages without script. */
async function enter(code: string, label: 'Allow' | 'Cancel', as: OAuthBrowser = browser): Promise<ShownPage> {
  const page = requirePage(await as.open(`${system.origin}/auth/device`));
  const question = requirePage(await as.submit(page, 'Continue', { user_code: code }));
  return requirePage(await as.submit(question, label));
}

const call = (token: string): Promise<Response> =>
  fetch(`${system.origin}/api/products`, { headers: { authorization: `Bearer ${token}` } });

describe('a device with oauth4webapi', () => {
  let server: oauth.AuthorizationServer;
  let device: oauth.Client;
  beforeAll(async () => {
    const issuer = new URL(system.origin);
    server = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, onLoopback));
    device = { client_id: registered.id };
  });

  const begin = async (): Promise<oauth.DeviceAuthorizationResponse> => {
    const parameters = { scope, resource: system.origin };
    const answer = await oauth.deviceAuthorizationRequest(server, device, oauth.None(), parameters, onLoopback);
    return oauth.processDeviceAuthorizationResponse(server, device, answer);
  };
  const poll = async (code: string, as = device): Promise<oauth.TokenEndpointResponse> => {
    const answer = await oauth.deviceCodeGrantRequest(server, as, oauth.None(), code, onLoopback);
    return oauth.processDeviceCodeResponse(server, as, answer);
  };
  const refusal = (promise: Promise<unknown>): Promise<unknown> =>
    promise.then(
      () => 'done',
      (error: unknown) => (error instanceof oauth.ResponseBodyError ? error.error : error),
    );

  it('RFC8628-3.1-1 asks for a code, and is told the page, the interval and the end', async () => {
    const asked = await begin();
    expect(asked).toMatchObject({ interval: 5, expires_in: 600, verification_uri: `${system.origin}/auth/device` });
    expect(asked.verification_uri_complete).toBe(`${system.origin}/auth/device?user_code=${asked.user_code}`);
  });

  it('RFC8628-3.4-1 gets tokens that work, and the next ones for its refresh token', async () => {
    const asked = await begin();
    expect(await refusal(poll(asked.device_code))).toBe('authorization_pending');
    expect((await enter(asked.user_code.toLowerCase(), 'Allow')).text).toContain('Your device is signed in');
    const tokens = await poll(asked.device_code);
    expect(oauth.getValidatedIdTokenClaims(tokens)).toMatchObject({ acr: 'pwd' });
    expect((await call(tokens.access_token)).status).toBe(200);
    const refreshed = await oauth.processRefreshTokenResponse(
      server,
      device,
      await oauth.refreshTokenGrantRequest(server, device, oauth.None(), tokens.refresh_token ?? '', onLoopback),
    );
    expect((await call(refreshed.access_token)).status).toBe(200);
    await oauth.processRevocationResponse(
      await oauth.revocationRequest(server, device, oauth.None(), refreshed.refresh_token ?? '', onLoopback),
    );
    expect((await call(refreshed.access_token)).status).toBe(401);
  });

  it('RFC8628-3.5-1 is told to slow down, and that its user refused', async () => {
    const asked = await begin();
    expect(await refusal(poll(asked.device_code))).toBe('authorization_pending');
    expect(await refusal(poll(asked.device_code))).toBe('slow_down');
    expect((await enter(asked.user_code, 'Cancel')).text).toContain('Nothing was allowed');
    expect(await refusal(poll(asked.device_code))).toBe('access_denied');
  });

  it('RFC8628-5.2-1 gets nothing for the code of another client, and nothing for one that was made up', async () => {
    const asked = await begin();
    const other = await system.register(commandLine);
    await enter(asked.user_code, 'Allow');
    expect(await refusal(poll(asked.device_code, { client_id: other.id }))).toBe('invalid_grant');
    expect(await refusal(poll('x'.repeat(43)))).toBe('invalid_grant');
    expect((await poll(asked.device_code)).token_type).toBe('bearer');
  });

  it('RFC8628-3.3-1 has its user sign in first, compare the code and read what it may do', async () => {
    const asked = await begin();
    const visitor = createOAuthBrowser(system.origin);
    const page = requirePage(await visitor.open(asked.verification_uri_complete ?? ''));
    expect(page.url).toContain('/auth/sign-in');
    const field = requirePage(await browser.open(asked.verification_uri_complete ?? ''));
    expect(field.text).toContain(`value="${asked.user_code}"`);
    const question = requirePage(await browser.submit(field, 'Continue', { user_code: asked.user_code }));
    for (const text of [asked.user_code, 'Did you get this code from another person?', '127.0.0.1'])
      expect(question.text).toContain(text);
    expect(question.text).toContain('List and read products');
  });
});

describe('a device with openid-client', () => {
  let configuration: client.Configuration;
  beforeAll(async () => {
    configuration = await client.discovery(new URL(system.origin), registered.id, undefined, client.None(), {
      // oxlint-disable-next-line no-deprecated -- marked to stand out; this is loopback
      execute: [client.allowInsecureRequests],
    });
  });

  it('waits for its user, and gets tokens', async () => {
    const asked = await client.initiateDeviceAuthorization(configuration, { scope, resource: system.origin });
    await enter(asked.user_code, 'Allow');
    const tokens = await client.pollDeviceAuthorizationGrant(configuration, { ...asked, interval: 1 });
    expect(tokens.claims()).toMatchObject({ iss: system.origin, aud: registered.id });
    expect((await call(tokens.access_token)).status).toBe(200);
  });

  it('ends when its user refuses', async () => {
    const asked = await client.initiateDeviceAuthorization(configuration, { scope, resource: system.origin });
    await enter(asked.user_code, 'Cancel');
    await expect(client.pollDeviceAuthorizationGrant(configuration, { ...asked, interval: 1 })).rejects.toMatchObject({
      error: 'access_denied',
    });
  });
});

describe('the command line of the product', () => {
  const createPlace = (): { readonly place: Workplace; readonly folder: string } => {
    const home = mkdtempSync(join(tmpdir(), 'sallyport-home-'));
    const variables = { XDG_CONFIG_HOME: home, SALLYPORT_URL: system.origin, SALLYPORT_CLIENT_ID: registered.id };
    return { place: createWorkplace(variables), folder: join(home, 'sallyport') };
  };
  const filesIn = (folder: string): readonly string[] =>
    existsSync(folder) ? readdirSync(folder).filter((name) => name.startsWith('sign-in-')) : [];

  /** Signs in: the code is read where the user reads it. */
  async function signIn(place: Workplace, label: 'Allow' | 'Cancel' = 'Allow'): Promise<CommandResult> {
    const running = place.start(['login']);
    await enter(await running.untilErrors(/^ {4}([A-Z]{4}-[A-Z]{4})$/m), label);
    return running.result;
  }

  it('signs in, says who that is, calls, gives a token when asked, and signs out', async () => {
    const { place, folder } = createPlace();
    const signedIn = await signIn(place);
    expect(signedIn.code).toBe(0);
    expect(signedIn.output).toMatch(/^Signed in at http:\/\/localhost:\d+ as .+@.+\n$/);
    const called = await place.run(['call', '/api/products', '--json']);
    expect(called.code).toBe(0);
    const token = (await place.run(['token'])).output.trim();
    expect((await call(token)).status).toBe(200);
    const [file = ''] = filesIn(folder);
    const { refreshToken } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as { refreshToken: string };
    for (const { output, errors } of [signedIn, called, await place.run(['whoami', '--json'])])
      for (const secret of [token, refreshToken]) expect(output + errors).not.toContain(secret);
    expect([statSync(folder).mode & 0o777, statSync(join(folder, file)).mode & 0o777]).toEqual([0o700, 0o600]);
    // The token goes to the gateway alone.
    for (const path of ['//evil.test/', 'https://evil.test/', 'api/products'])
      expect((await place.run(['call', path])).code).toBe(2);
    expect((await place.run(['logout', '--json'])).json()).toMatchObject({ status: 'signed-out', ended: true });
    expect(filesIn(folder)).toEqual([]);
    expect((await call(token)).status).toBe(401);
    expect((await place.run(['whoami'])).errors).toMatch(/Not signed in/);
  });

  it('uses each refresh token once in however many shells, and forgets what was ended elsewhere', async () => {
    const { place, folder } = createPlace();
    await signIn(place);
    const results = await Promise.all(Array.from({ length: 6 }, () => place.run(['whoami', '--json'])));
    expect(results.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0, 0]);
    const [file = ''] = filesIn(folder);
    chmodSync(join(folder, file), 0o644);
    expect((await place.run(['token'])).errors).toMatch(/Others can read/);
    chmodSync(join(folder, file), 0o600);
    expect((await place.run(['whoami'])).code).toBe(0);
    const ended = await fetch(`${system.origin}/auth/sessions/revoke-others`, {
      method: 'POST',
      headers: { cookie: browser.cookiesFor('/'), origin: system.origin },
    });
    expect(ended.status).toBe(200);
    expect((await place.run(['whoami'])).errors).toMatch(/is over/);
    expect(filesIn(folder)).toEqual([]);
  });

  it('says that its user refused, and keeps nothing', async () => {
    const { place, folder } = createPlace();
    const result = await signIn(place, 'Cancel');
    expect([result.code, result.output]).toEqual([1, '']);
    expect(result.errors).toMatch(/refused on the page/);
    expect(filesIn(folder)).toEqual([]);
  });

  it.each([
    { name: 'an unknown client', args: ['login', '--client', 'client_0'], code: 1, says: /does not know this client/ },
    { name: 'no gateway', args: ['login', '--url', 'http://localhost:9'], code: 3, says: /Nothing answers/ },
    { name: 'plain http elsewhere', args: ['login', '--url', 'http://shop.example'], code: 3, says: /https/ },
    { name: 'what is no address', args: ['whoami', '--url', 'shop'], code: 3, says: /address of a gateway/ },
    { name: 'no sign-in', args: ['token'], code: 1, says: /Not signed in/ },
  ])('says what to do about $name', async ({ args, code, says }) => {
    const result = await createPlace().place.run(args);
    expect([result.code, result.output]).toEqual([code, '']);
    expect(result.errors).toMatch(says);
  });
});
