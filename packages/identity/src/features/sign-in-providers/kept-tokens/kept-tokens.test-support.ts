import { afterEach, beforeEach, expect } from 'vitest';
import { silentLogger, type ProviderTokenAnswer } from '@sallyport/core';
import { createInProcessCounters, createSealer } from '@sallyport/stores';
import { createIdentity, type Identity } from '../../../identity.ts';
import { firstSecret, testPolicy, type Harness, type HarnessOptions } from '../../../identity.test-support.ts';
import { createDevelopmentMailbox } from '../../../mail/development-mailbox.ts';
import {
  openBrowser,
  placeOf,
  signInAt,
  startProviderHarness,
  type ProviderBrowser,
} from '../provider.test-support.ts';
import { startProviderStandIn, type ProviderStandIn } from '../provider-stand-in.test-support.ts';
import { createRotatingGrants, type RotatingGrants } from './token-grants.test-support.ts';

export const ada = { sub: 'ada-1', email: 'ada@example.test', email_verified: true, name: 'Ada Byron' };
export const hour = 3600;
export const where = { requestId: 'req-test', address: '203.0.113.7' };
export const keepTokens = { scopes: ['files.read'], offline: true };

type Row = Readonly<Record<string, unknown>>;

/** Identity that keeps the tokens of a provider, with a user who is signed in by it. */
export interface KeptTokenSite {
  readonly standIn: ProviderStandIn;
  readonly grants: RotatingGrants;
  /** A test that closed it may put another one in its place. */
  harness: Harness;
  readonly browser: ProviderBrowser;
  /** For whom tokens are handed out. */
  userId: string;
  /** Starts identity anew, with another section of the provider. */
  readonly start: (change?: object, options?: HarnessOptions) => Promise<void>;
  /** Signs in once more, in a browser of its own. */
  readonly signIn: () => Promise<void>;
  readonly handOut: (audience?: string, provider?: string, identity?: Identity) => Promise<ProviderTokenAnswer>;
  readonly rows: () => Promise<Row[]>;
  readonly eventsOf: (type: string) => Promise<readonly Row[]>;
  readonly detailsOf: (type: string) => Promise<readonly object[]>;
  /** Revokes what is due; also what the gateway does by itself in the background may have begun. */
  readonly revokeAll: () => Promise<void>;
  /** Leases the row as another gateway does. Resolves to what gives it back. */
  readonly lease: (seconds: number) => Promise<() => Promise<void>>;
  /** Identity of another gateway, on the same database. */
  readonly openSecondGateway: () => Promise<Identity>;
}

/** Opens it before each test of a file, and closes it afterwards. */
export function useKeptTokens(): KeptTokenSite {
  let standIn: ProviderStandIn;
  let grants: RotatingGrants;
  let harness: Harness;
  let browser: ProviderBrowser;
  let userId: string;

  const signIn: KeptTokenSite['signIn'] = async () => {
    browser = openBrowser(harness);
    expect(placeOf(await signInAt(standIn, browser, ada))).toBe('/');
    userId = (await harness.identity.accounts.findByEmail(ada.email))?.id ?? '';
  };
  const start: KeptTokenSite['start'] = async (change = {}, options = {}) => {
    harness = await startProviderHarness(standIn, { keepTokens: { ...keepTokens, ...change } }, options);
    await signIn();
  };
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

  const rows: KeptTokenSite['rows'] = () => harness.database.records.findMany<Row>({ model: 'sallyportProviderToken' });
  const eventsOf: KeptTokenSite['eventsOf'] = async (type) =>
    (await harness.events()).filter((event) => event['type'] === type);

  return {
    get standIn() {
      return standIn;
    },
    get grants() {
      return grants;
    },
    get harness() {
      return harness;
    },
    set harness(next) {
      harness = next;
    },
    get browser() {
      return browser;
    },
    get userId() {
      return userId;
    },
    set userId(next) {
      userId = next;
    },
    start,
    signIn,
    handOut: (audience = 'shop', provider = 'acme', identity = harness.identity) =>
      identity.providerTokens.handOut({ userId, provider, audience }, where),
    rows,
    eventsOf,
    detailsOf: async (type) => (await eventsOf(type)).map(({ details }) => JSON.parse(String(details)) as object),
    async revokeAll() {
      await harness.identity.providerTokens.revokeEnded();
      for (let round = 0; round < 100 && (await rows()).some(({ state }) => state === 'ended'); round += 1)
        await new Promise((resolve) => setTimeout(resolve, 20));
    },
    async lease(seconds) {
      const { records } = harness.database;
      const [row] = await rows();
      const named = [{ field: 'id', value: String(row?.['id']) }];
      const version = Number(row?.['version']) + 1;
      const leaseUntil = new Date(harness.now().getTime() + seconds * 1000);
      const model = 'sallyportProviderToken';
      await records.updateMany({ model, where: named, update: { version, leaseUntil } });
      return async () => {
        await records.updateMany({ model, where: named, update: { version: version + 1, leaseUntil: null } });
      };
    },
    openSecondGateway() {
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
    },
  };
}
