import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ConfigInput } from '@sallyport/server';
import {
  createOAuthBrowser,
  startPlainUpstream,
  startTestGateway,
  testAccounts,
  testPolicy,
  type OAuthBrowser,
  type ShownPage,
  type TestGateway,
} from '@sallyport/server/test-support';

/** What a client is registered as, and what it proves itself with. */
export interface RegisteredClient {
  readonly id: string;
  /** Empty for a client without one. */
  readonly secret: string;
}

/** What came to an address of a client. */
export interface ReceivedCall {
  readonly path: string;
  readonly form: URLSearchParams;
}

/** A gateway with the provider, an upstream behind it, and an address of clients that it may call. */
export interface ProviderSystem {
  readonly origin: string;
  readonly gateway: TestGateway;
  /** Who the upstream was told is there, for each request that came through. */
  readonly seen: readonly { readonly authorization?: string | undefined }[];
  /** What was sent to clients. */
  readonly received: readonly ReceivedCall[];
  readonly receiverOrigin: string;
  operate<Result>(name: string, input: object): Promise<Result>;
  /** Registers a client: a third-party one with a secret, unless something else is said. */
  register(change?: object): Promise<RegisteredClient>;
  /** A browser in which a user of the role is signed in by the pages. */
  signedIn(role?: Role): Promise<OAuthBrowser>;
  close(): Promise<void>;
}

export type Role = 'user' | 'vendor' | 'admin';

/** Where clients of tests want browsers to come back. Nothing listens there. */
export const redirectUri = 'https://client.example/callback';

const operator = { actor: 'operator:ada', requestId: 'operator', address: 'local' };

export interface ProviderSystemOptions {
  readonly environment?: Readonly<Record<string, string>>;
  readonly oauthProvider?: object;
  /** The listener for clients with certificates. @default none */
  readonly mtls?: ConfigInput['mtls'];
}

/** Starts one on loopback; with `DATABASE_URL` in the environment on that database. */
export async function startProviderSystem(options: ProviderSystemOptions = {}): Promise<ProviderSystem> {
  const upstream = await startPlainUpstream();
  const receiver = await startReceiver();
  const to = { upstream: upstream.origin };
  const gateway = await startTestGateway({
    ...(options.environment === undefined ? {} : { environment: options.environment }),
    config: {
      policy: {
        permissions: { ...testPolicy.permissions, 'billing:introspect': 'Ask about tokens as the service billing' },
        roles: { ...testPolicy.roles, 'service-caller': ['billing:introspect'] },
      },
      apiKeys: {},
      ...(options.mtls === undefined ? {} : { mtls: options.mtls }),
      firstPartyTokens: {},
      introspection: { services: { billing: { permissions: ['product:*'] } } },
      oauthProvider: {
        privateHosts: [`localhost:${receiver.port}`],
        authorizations: [],
        requests: [],
        ...options.oauthProvider,
      },
      routes: [
        {
          ...to,
          name: 'api',
          prefix: '/api',
          audience: 'api',
          access: 'signed-in',
          credentials: ['session', 'bearer'],
          permissions: ['product:*'],
        },
        { ...to, name: 'shell', prefix: '/', audience: 'shell', access: 'optional' },
      ],
    },
  });
  const { origin } = gateway;
  const operate = <Result>(name: string, input: object): Promise<Result> =>
    gateway.gateway.control.operate(name, input, operator) as Promise<Result>; // The test says what it expects.
  let registered = 0;
  return {
    origin,
    gateway,
    seen: upstream.seen,
    received: receiver.received,
    receiverOrigin: `http://localhost:${receiver.port}`,
    operate,
    async register(change = {}) {
      registered += 1;
      const registration = {
        name: `Partner ${registered}`,
        authentication: 'client_secret_basic',
        grantTypes: ['authorization_code', 'refresh_token'],
        redirectUris: [redirectUri],
        scopes: ['openid', 'profile', 'email', 'offline_access', 'product:read', 'product:create'],
        resources: [origin],
        ...change,
      };
      const made = await operate<{ readonly client: { readonly id: string }; readonly secret?: string }>(
        'oauth-clients/create',
        registration,
      );
      return { id: made.client.id, secret: made.secret ?? '' };
    },
    async signedIn(role = 'vendor') {
      const browser = createOAuthBrowser(origin);
      const { email, password } = accountOf(role);
      await browser.submit(requirePage(await browser.open('/auth/sign-in')), 'Sign in', { email, password });
      return browser;
    },
    async close() {
      await gateway.close();
      upstream.close();
      receiver.close();
    },
  };
}

/** The address and the password of a role. */
export function accountOf(role: Role): { readonly email: string; readonly password: string } {
  const account = testAccounts.find((each) => each.role === role);
  if (account === undefined) throw new TypeError(`there is no account of the role ${role}`);
  return account;
}

/** The page that a browser shows. @throws TypeError where it was led away. */
export function requirePage(shown: ShownPage | URL): ShownPage {
  if (shown instanceof URL) throw new TypeError(`led to ${shown.href}`);
  return shown;
}

/** The address that a browser was led to. @throws TypeError where it shows a page of ours. */
export function requireUrl(shown: ShownPage | URL): URL {
  if (shown instanceof URL) return shown;
  throw new TypeError(`shows a page with ${shown.status} at ${shown.url}: ${shown.text}`);
}

async function startReceiver() {
  const received: ReceivedCall[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.once('end', () => {
      received.push({ path: request.url ?? '', form: new URLSearchParams(body) });
      response.end();
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    received,
    port: (server.address() as AddressInfo).port,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
