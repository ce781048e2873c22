import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { startTestGateway, type TestGateway } from '@sallyport/server/test-support';
import { createApple, type Apple } from './apple.ts';
import { startFakeInternet, type FakeInternet } from './fake-internet.ts';
import { createGitHub, type GitHub } from './github.ts';
import { createGoogle } from './google.ts';
import { createMicrosoft, type MicrosoftOptions } from './microsoft.ts';
import { createCompanyProvider } from './open-id.ts';
import type { OpenIdStandIn, Person } from './stand-in.ts';
import { createVisitor, type Seen, type Visitor } from './visitor.ts';

const clientSecrets = {
  google: 'GOCSPX-of-the-test',
  microsoft: 'secret~of~the~test',
  github: 'github-secret',
  company: 'company-secret',
};
const apple = { clientId: 'test.sallyport.web', teamId: 'TEAM123456', keyId: 'KEY1234567' };
export const staffTenant = '5f2b1c3a-9d4e-4b7f-8a60-0c1d2e3f4a5b';

/** A gateway that offers all providers, on an internet of stand-ins. */
export interface ProviderGateway {
  readonly origin: string;
  readonly providers: {
    readonly google: OpenIdStandIn;
    readonly microsoft: OpenIdStandIn;
    readonly apple: Apple;
    readonly github: GitHub;
    readonly company: OpenIdStandIn;
  };
  /** A browser with no cookie. */
  visit(): Visitor;
  /** Begins a sign-in, and resolves to the page of the provider. */
  begin(visitor: Visitor, provider: ProviderName, returnTo?: string): Promise<string>;
  /** From the button to the page on which the browser ends. */
  signIn(visitor: Visitor, provider: ProviderName, person: Person): Promise<Seen>;
  /** Reasons of refusals since the last call, as the event log has them. */
  takeReasons(): readonly string[];
  /** Events of a type, with who they are about. */
  eventsOf(type: string): readonly Readonly<Record<string, unknown>>[];
  /** All that was logged. */
  readonly log: () => string;
  close(): Promise<void>;
}

export type ProviderName = keyof ProviderGateway['providers'];
export const providerNames = [
  'google',
  'microsoft',
  'apple',
  'github',
  'company',
] as const satisfies readonly ProviderName[];

export interface ProviderGatewayOptions {
  readonly microsoft?: Partial<MicrosoftOptions>;
  /** More for each section of the configuration. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

/** Starts it with provider accounts of any address accepted as proved where the provider says so. */
export async function startProviderGateway(options: ProviderGatewayOptions = {}): Promise<ProviderGateway> {
  const client = (name: keyof typeof clientSecrets) => ({
    clientId: `client-at-${name}`,
    clientSecret: clientSecrets[name],
  });
  const tenant = options.microsoft?.tenant ?? 'organizations';
  const providers = {
    google: createGoogle(client('google')),
    microsoft: createMicrosoft({ ...client('microsoft'), tenantId: staffTenant, ...options.microsoft, tenant }),
    apple: createApple(apple),
    github: createGitHub(client('github')),
    company: createCompanyProvider(client('company')),
  };
  const internet: FakeInternet = await startFakeInternet(Object.values(providers));
  const trusted = { trustedEmailDomains: '*' as const, ...options.settings };
  const test: TestGateway = await startTestGateway({
    config: {
      signInProviders: {
        google: { clientId: 'client-at-google', ...trusted },
        microsoft: { clientId: 'client-at-microsoft', tenant, ...trusted },
        apple: { ...apple, ...trusted },
        github: { clientId: 'client-at-github', ...trusted },
        oidc: {
          company: {
            name: 'Company SSO',
            issuer: 'https://sso.company.test/realms/staff',
            clientId: 'client-at-company',
            ...trusted,
          },
        },
      },
    },
    environment: {
      SALLYPORT_PROVIDER_SECRETS: [
        ...Object.entries(clientSecrets).map(([name, secret]) => `${name}=${secret}`),
        `apple=${providers.apple.privateKey.replace(/-----[^-]+-----|\s/g, '')}`,
      ].join(' '),
    },
    gateway: { fetchFromProviders: internet.fetch },
  });
  const { origin } = test;
  const database = new DatabaseSync(join(test.dataDir, 'sallyport.db'), { readOnly: true });
  const eventsOf: ProviderGateway['eventsOf'] = (type) =>
    database
      .prepare('SELECT details, target, actor FROM "sallyportEvent" WHERE type = ?')
      .all(type)
      .map(({ details, ...rest }) => ({ ...rest, ...(JSON.parse(String(details)) as Record<string, unknown>) }));
  let taken = 0;

  const begin: ProviderGateway['begin'] = async (visitor, provider, returnTo = '/open/asked') => {
    const answer = await visitor.call('POST', '/auth/sign-in/provider', { provider, returnTo });
    if (answer.status !== 200) throw new Error(`${provider}: ${answer.status} ${answer.text}`);
    return (JSON.parse(answer.text) as { readonly location: string }).location;
  };
  return {
    origin,
    providers,
    visit: () => createVisitor(origin, internet),
    begin,
    async signIn(visitor, provider, person) {
      providers[provider].enter(person);
      return visitor.visitProvider(await begin(visitor, provider));
    },
    takeReasons() {
      const reasons = eventsOf('provider.sign-in-refused').map(({ reason }) => String(reason));
      const fresh = reasons.slice(taken);
      taken = reasons.length;
      return fresh;
    },
    eventsOf,
    log: () => JSON.stringify(test.lines),
    async close() {
      database.close();
      await test.close();
      internet.close();
    },
  };
}
