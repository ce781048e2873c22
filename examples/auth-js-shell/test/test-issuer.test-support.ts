import { generateKeyPairSync } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider, { type Configuration } from 'oidc-provider';

/*
 * A provider that is not ours, for tests: an OpenID-certified library with a server of its own in front. It signs in whom the
 * test names, without a page, and replays the answer of a refresh for ten seconds as our provider does.
 */

export interface TestIssuer {
  readonly url: string;
  /** Refreshes that reached the token endpoint and were not replayed. */
  readonly refreshes: number;
  /** What the next sign-in is for. */
  accountId: string;
  /** What the token endpoint does with a refresh. */
  refreshMode: 'answer' | 'slow' | 'down' | 'lose-the-reply';
  /** Ends every session at the provider and tells its clients (back-channel logout). */
  signOutEverybody(): Promise<void>;
  close(): Promise<void>;
}

export interface TestIssuerOptions {
  readonly shellUrl: string;
  /** @default 600 */
  readonly accessTokenSeconds?: number;
  /** @default true */
  readonly tellsClients?: boolean;
  /** @default true */
  readonly replays?: boolean;
}

export const testClient = { id: 'shell', secret: 'a-secret-of-the-shell-for-tests-0123456789' };

const replayMilliseconds = 10_000;

/** Starts it on a free port of loopback. */
export async function startTestIssuer(options: TestIssuerOptions): Promise<TestIssuer> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const state: State = { accountId: 'alice', refreshMode: 'answer', refreshes: 0, replays: new Map() };
  const sessions = new Set<string>();
  const provider = new Provider(url, configurationOf(options));
  provider.on('authorization.success', (ctx) => void sessions.add(ctx.oidc.session?.uid ?? ''));
  // What went wrong in a provider of the test is a fault of the test.
  provider.on('server_error', (_ctx, error) => console.error(error));
  const handle = provider.callback();
  server.on('request', (request, response) => {
    route(request, response, { provider, handle, state, replays: options.replays ?? true }).catch((error: unknown) => {
      response.statusCode = 500;
      response.end(String(error));
    });
  });

  return {
    url,
    get refreshes() {
      return state.refreshes;
    },
    get accountId() {
      return state.accountId;
    },
    set accountId(value) {
      state.accountId = value;
    },
    get refreshMode() {
      return state.refreshMode;
    },
    set refreshMode(value) {
      state.refreshMode = value;
    },
    async signOutEverybody() {
      for (const uid of sessions) await endSession(provider, uid);
      sessions.clear();
    },
    close: () => closeServer(server),
  };
}

interface State {
  accountId: string;
  refreshMode: TestIssuer['refreshMode'];
  refreshes: number;
  readonly replays: Map<string, { readonly at: number; readonly answer: Promise<RecordedAnswer> }>;
}

function configurationOf({
  shellUrl,
  accessTokenSeconds = 600,
  tellsClients = true,
}: TestIssuerOptions): Configuration {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    clients: [
      {
        client_id: testClient.id,
        client_secret: testClient.secret,
        grant_types: ['authorization_code', 'refresh_token'],
        redirect_uris: [`${shellUrl}/api/auth/callback/sallyport`],
        post_logout_redirect_uris: [`${shellUrl}/auth/signed-out/return`],
        id_token_signed_response_alg: 'ES256',
        ...(tellsClients
          ? {
              backchannel_logout_uri: `${shellUrl}/auth/backchannel-logout`,
              backchannel_logout_session_required: true,
            }
          : {}),
      },
    ],
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig', kid: 'test' }] },
    cookies: { keys: ['a-key-for-the-cookies-of-the-test-issuer'] },
    scopes: ['openid', 'offline_access', 'profile', 'email'],
    claims: { openid: ['sub', 'acr', 'auth_time'], profile: ['name'], email: ['email'] },
    conformIdTokenClaims: false,
    findAccount: (_ctx, id) => ({
      accountId: id,
      claims: () => ({ sub: id, name: `${id} of the tests`, email: `${id}@example.com` }),
    }),
    interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    loadExistingGrant: async (ctx) => {
      const { client, session, provider, params } = ctx.oidc;
      const grant = new provider.Grant({ clientId: client?.clientId ?? '', accountId: session?.accountId ?? '' });
      grant.addOIDCScope('openid offline_access profile email');
      if (typeof params?.['resource'] === 'string') grant.addResourceScope(params['resource'], '');
      await grant.save();
      return grant;
    },
    issueRefreshToken: async (_ctx, client) => client.grantTypeAllowed('refresh_token'),
    rotateRefreshToken: true,
    expiresWithSession: async () => false,
    ttl: { AccessToken: accessTokenSeconds, RefreshToken: 86_400, Session: 86_400, Grant: 86_400, Interaction: 600 },
    features: {
      devInteractions: { enabled: false },
      backchannelLogout: { enabled: true },
      revocation: { enabled: true },
      rpInitiatedLogout: { enabled: true, logoutSource: confirmByItself },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_ctx, resource) => ({
          scope: '',
          audience: resource,
          accessTokenTTL: accessTokenSeconds,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'ES256' } },
        }),
      },
    },
    // Its own dispatcher refuses loopback, where the shell of a test is.
    fetch: (address, { method, headers, body } = {}) => fetch(address, { method, headers, body } as RequestInit),
  };
}

/** What a page of the provider does when a user confirms. */
function confirmByItself(ctx: { body: unknown }, form: string): void {
  ctx.body = `<!doctype html><title>Sign out</title>${form}<button form="op.logoutForm" name="logout" value="yes">Yes</button>`;
}

interface RecordedAnswer {
  readonly status: number;
  readonly body: string;
}

interface RouteParts {
  readonly provider: Provider;
  readonly handle: (request: IncomingMessage, response: ServerResponse) => unknown;
  readonly state: State;
  readonly replays: boolean;
}

async function route(request: IncomingMessage, response: ServerResponse, parts: RouteParts): Promise<void> {
  const { provider, handle, state } = parts;
  const { pathname } = new URL(request.url ?? '/', 'http://issuer');
  if (pathname.startsWith('/interaction/')) {
    const login = { accountId: state.accountId };
    await provider.interactionFinished(request, response, { login }, { mergeWithLastSubmission: false });
  } else if (pathname === '/token' && request.method === 'POST') await answerToken(request, response, parts);
  else handle(request, response);
}

/** The certified library behind one flight and a replay, as a request of its own. */
async function answerToken(request: IncomingMessage, response: ServerResponse, parts: RouteParts): Promise<void> {
  const { state } = parts;
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks).toString('utf8');
  const refreshToken = new URLSearchParams(body).get('refresh_token');
  if (refreshToken !== null && state.refreshMode === 'down') return void response.writeHead(503).end('{}');
  const known = refreshToken === null ? undefined : state.replays.get(refreshToken);
  const isReplayed = parts.replays && known !== undefined && Date.now() - known.at < replayMilliseconds;
  const answer = isReplayed ? known.answer : passOn(request, body, parts);
  if (refreshToken !== null && !isReplayed) {
    state.refreshes += 1;
    state.replays.set(refreshToken, { at: Date.now(), answer });
  }
  const { status, body: text } = await answer;
  if (refreshToken !== null && state.refreshMode === 'slow') await new Promise((resolve) => setTimeout(resolve, 1000));
  if (refreshToken !== null && state.refreshMode === 'lose-the-reply') return void request.socket.destroy();
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' }).end(text);
}

/** Sends a token request to the library over a server of its own, because its body was read. */
async function passOn(request: IncomingMessage, body: string, { handle }: RouteParts): Promise<RecordedAnswer> {
  const inner = createServer((innerRequest, innerResponse) => void handle(innerRequest, innerResponse));
  await new Promise<void>((resolve) => inner.listen(0, '127.0.0.1', resolve));
  try {
    const answer = await fetch(`http://127.0.0.1:${(inner.address() as AddressInfo).port}/token`, {
      method: 'POST',
      headers: {
        'content-type': String(request.headers['content-type']),
        authorization: String(request.headers.authorization),
      },
      body,
    });
    return { status: answer.status, body: await answer.text() };
  } finally {
    await closeServer(inner);
  }
}

/** Documented, and missing from the types. */
interface LogoutSender {
  backchannelLogout(subject: string, sid: string): Promise<void>;
}

async function endSession(provider: Provider, uid: string): Promise<void> {
  const session = await provider.Session.findByUid(uid);
  if (session === undefined) return;
  for (const [clientId, { grantId, sid }] of Object.entries(session.authorizations ?? {})) {
    const client = await provider.Client.find(clientId);
    if (grantId !== undefined) {
      await provider.RefreshToken.revokeByGrantId(grantId);
      await provider.AccessToken.revokeByGrantId(grantId);
    }
    if (client?.backchannelLogoutUri === undefined || sid === undefined) continue;
    await (client as unknown as LogoutSender).backchannelLogout(session.accountId ?? '', sid);
  }
  await session.destroy();
}

function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
