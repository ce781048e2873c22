import { createHash, randomBytes } from 'node:crypto';
import { oauthProvider } from '@better-auth/oauth-provider';
import { betterAuth } from 'better-auth';
import { memoryAdapter } from 'better-auth/adapters/memory';
import { hashPassword } from 'better-auth/crypto';
import { jwt } from 'better-auth/plugins';
import { acmeBasePath, acmeIssuer } from './acme-client.ts';
import { acmePeople } from './acme-people.ts';

/** The one client of Acme SSO: the gateway of the demo, or of a test. */
export interface AcmeClient {
  readonly id: string;
  readonly secret: string;
  readonly redirectUris: readonly string[];
  /** OpenID Connect Back-Channel Logout 1.0. @default none is told */
  readonly backchannelLogoutUri?: string | undefined;
}

export interface AcmeProviderOptions {
  /** Origin of the provider. */
  readonly url: string;
  readonly client: AcmeClient;
}

/** The library behind Acme SSO, with the accounts of its people. */
export interface AcmeProvider {
  /** Answers everything below `acmeBasePath`. */
  handle(request: Request): Promise<Response>;
  /** What every account has; it leaves this process never: pages enter accounts by their names. */
  readonly password: string;
}

/**
 * Builds an OpenID provider on Better Auth's provider plugin: another code base than the one that signs in with it.
 * Everything is in memory, and its keys are new at every start, as if they had been rotated.
 */
export async function createAcmeProvider({ url, client }: AcmeProviderOptions): Promise<AcmeProvider> {
  const password = randomBytes(24).toString('base64url');
  const { handler } = betterAuth({
    appName: 'Acme SSO',
    baseURL: url,
    basePath: acmeBasePath,
    secret: randomBytes(32).toString('base64url'),
    database: memoryAdapter(await createTables(client, password)),
    emailAndPassword: { enabled: true, disableSignUp: true },
    // All requests come from one address.
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
    // Beside a gateway at the same host, their cookies would share one name.
    advanced: { cookiePrefix: 'acme' },
    plugins: [
      jwt({
        jwt: { issuer: acmeIssuer(url) },
        jwks: { keyPairConfig: { alg: 'ES256' } },
        disableSettingJwtHeader: true,
      }),
      oauthProvider({ loginPage: '/sign-in', consentPage: '/consent', scopes: ['openid', 'profile', 'email'] }),
    ],
  });
  return { handle: handler, password };
}

type Row = Record<string, unknown>;

async function createTables(client: AcmeClient, password: string): Promise<Record<string, Row[]>> {
  const now = new Date();
  const times = { createdAt: now, updatedAt: now };
  const passwordHash = await hashPassword(password);
  return {
    user: acmePeople.map(({ id, name, email, emailVerified }) => ({
      id,
      name,
      email,
      emailVerified,
      image: null,
      ...times,
    })),
    account: acmePeople.map(({ id }) => ({
      id: `${id}-password`,
      userId: id,
      accountId: id,
      providerId: 'credential',
      password: passwordHash,
      ...times,
    })),
    oauthClient: [
      {
        id: client.id,
        clientId: client.id,
        // As the plugin stores what it gives out itself.
        clientSecret: createHash('sha256').update(client.secret).digest('base64url'),
        name: 'Sallyport demo',
        redirectUris: [...client.redirectUris],
        ...(client.backchannelLogoutUri === undefined
          ? {}
          : { backchannelLogoutUri: client.backchannelLogoutUri, backchannelLogoutSessionRequired: true }),
        tokenEndpointAuthMethod: 'client_secret_basic',
        grantTypes: ['authorization_code'],
        responseTypes: ['code'],
        scopes: ['openid', 'profile', 'email'],
        requirePKCE: true,
        disabled: false,
        ...times,
      },
    ],
    ...Object.fromEntries(emptyTables.map((name) => [name, []])),
  };
}

const emptyTables = [
  'session',
  'verification',
  'jwks',
  'oauthResource',
  'oauthClientResource',
  'oauthRefreshToken',
  'oauthAccessToken',
  'oauthConsent',
  'oauthClientAssertion',
];
