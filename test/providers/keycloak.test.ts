import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startTestGateway, type TestGateway } from '@sallyport/server/test-support';
import { findFreePorts } from '../../tools/launch/free-ports.ts';
import { findProgram } from '../../tools/test-servers/find-program.ts';
import { startKeycloak } from '../../tools/test-servers/keycloak.ts';
import type { RunningServer } from '../../tools/test-servers/test-server.ts';
import { createRealm, kim, type Realm } from './keycloak-realm.ts';
import { createVisitor, type Visitor } from './visitor.ts';

const clientId = 'sallyport';
const clientSecret = 'keycloak-secret-of-the-test';
const isAbsent = findProgram('java') === undefined || findProgram('mvn') === undefined;

let keycloak: RunningServer;
let gateway: TestGateway;
/** Registered at Keycloak before the gateway starts. */
let origin: string;
let realm: Realm;

describe.skipIf(isAbsent)('Keycloak (skipped where there is no java or no mvn)', () => {
  beforeAll(async () => {
    const started = await startKeycloak();
    if (started.kind === 'absent') throw new Error(started.reason);
    keycloak = started;
    const [port = 0] = await findFreePorts(1);
    origin = `http://localhost:${port}`;
    realm = await createRealm({ url: keycloak.url, gateway: origin, clientId, clientSecret });
    gateway = await startTestGateway({
      config: {
        publicUrl: origin,
        listen: { port },
        signInProviders: {
          oidc: { keycloak: { name: 'Staff', issuer: realm.issuer, clientId, trustedEmailDomains: ['staff.test'] } },
        },
      },
      environment: { SALLYPORT_PROVIDER_SECRETS: `keycloak=${clientSecret}` },
    });
  }, 600_000);

  afterAll(async () => {
    await gateway.close();
    await keycloak.stop();
  });

  it('signs a person in, who comes back to the page that was asked for', async () => {
    const visitor = await signIn();
    expect(await userOf(visitor)).toMatchObject({ name: kim.name, email: kim.email });
  });

  it('says when a person signed in there, so that a fresh sign-in counts as one', async () => {
    const visitor = await signIn();
    const answer = await visitor.call('POST', '/auth/step-up/provider', { provider: 'keycloak', returnTo: '/open/x' });
    const { location } = JSON.parse(answer.text) as { readonly location: string };
    expect(new URL(location).searchParams.get('max_age')).toBe('0');
    const seen = await visitor.comeBack({ kind: 'link', url: await passKeycloak(location) });
    expect(seen.url.pathname).toBe('/open/x');
  });

  it('ends the session here when it ends its own', async () => {
    const visitor = await signIn();
    expect(await userOf(visitor)).toBeDefined();
    await realm.signOutEverywhere();
    await vi.waitFor(async () => expect(await userOf(visitor)).toBeUndefined(), { timeout: 20_000, interval: 200 });
  });

  it('signs the same person in again with a new signing key', async () => {
    const before = await userOf(await signIn());
    await realm.rotateKeys();
    // Unknown keys have the set fetched anew once a minute.
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 61_000 });
    try {
      expect(await userOf(await signIn())).toEqual(before);
    } finally {
      vi.useRealTimers();
    }
  });
});

async function signIn(): Promise<Visitor> {
  const visitor = createVisitor(origin, { fetch, close: () => {} });
  const answer = await visitor.call('POST', '/auth/sign-in/provider', {
    provider: 'keycloak',
    returnTo: '/open/asked',
  });
  const { location } = JSON.parse(answer.text) as { readonly location: string };
  const seen = await visitor.comeBack({ kind: 'link', url: await passKeycloak(location) });
  expect(seen.url.pathname).toBe('/open/asked');
  return visitor;
}

/** Fills in the form of its sign-in page, as a browser without a session there. */
async function passKeycloak(location: string): Promise<string> {
  const page = await request(location);
  const text = await page.body.text();
  const action = /action="([^"]+)"/.exec(text)?.[1]?.replaceAll('&amp;', '&');
  if (action === undefined) throw new Error(`no form: ${page.statusCode} ${text.slice(0, 300)}`);
  const cookies = [page.headers['set-cookie'] ?? []].flat().map((line) => line.split(';')[0]);
  const answer = await request(action, {
    method: 'POST',
    headers: { cookie: cookies.join('; '), 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ username: kim.username, password: kim.password, credentialId: '' }).toString(),
  });
  await answer.body.dump();
  return answer.headers['location']?.toString() ?? '';
}

async function userOf(visitor: Visitor): Promise<object | undefined> {
  const { text } = await visitor.call('GET', '/auth/session');
  return (JSON.parse(text) as { readonly user?: object }).user;
}
