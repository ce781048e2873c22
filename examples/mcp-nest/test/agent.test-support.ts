import {
  Client,
  StreamableHTTPClientTransport,
  UnauthorizedError,
  type OAuthClientProvider,
} from '@modelcontextprotocol/client';
import { agentRedirectUri, type OAuthBrowser, type ShownPage } from '@sallyport/server/test-support';

/** What a user answers on the page that asks for consent. */
export type Answer = (page: ShownPage, browser: OAuthBrowser) => Promise<ShownPage | URL>;

/** An agent on the official client, whose user has a browser. */
export interface TestAgent {
  readonly client: Client;
  /** Where it sent the browser of its user, in turn. */
  readonly sentTo: readonly URL[];
  /** Every answer to it, as `METHOD path status`. */
  readonly exchanges: readonly string[];
  readonly tokens: () => { readonly access_token: string; readonly refresh_token?: string | undefined } | undefined;
  /** Does something, and asks the user for what is missing, up to twice. */
  withConsent<Result>(work: () => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}

export interface TestAgentOptions {
  readonly serverUrl: string;
  readonly metadataUrl: string;
  readonly browser: OAuthBrowser;
  readonly answer?: Answer;
  /** The revision of the protocol. @default 2026-07-28 */
  readonly revision?: 'legacy' | 'modern';
}

const allow: Answer = (page, browser) => browser.submit(page, 'Allow');

/** Connects one: the first thing that it is told is 401. */
export async function connectAgent(options: TestAgentOptions): Promise<TestAgent> {
  const { serverUrl, browser, answer = allow, revision = 'modern' } = options;
  const exchanges: string[] = [];
  const sentTo: URL[] = [];
  const state: { code?: URLSearchParams; tokens?: Awaited<ReturnType<OAuthClientProvider['tokens']>> } = {};
  const provider = createProvider(options.metadataUrl, state, async (url) => {
    sentTo.push(url);
    const page = await browser.open(url.href);
    const back = page instanceof URL ? page : await answer(page, browser);
    if (back instanceof URL) state.code = back.searchParams;
  });
  const newTransport = (): StreamableHTTPClientTransport =>
    new StreamableHTTPClientTransport(new URL(serverUrl), {
      authProvider: provider,
      fetch: async (input, init) => {
        const reply = await fetch(input, init);
        exchanges.push(`${init?.method ?? 'GET'} ${new URL(String(input)).pathname} ${reply.status}`);
        return reply;
      },
    });
  let transport = newTransport();
  const client = new Client(
    { name: 'robot', version: '1.0.0' },
    { versionNegotiation: { mode: revision === 'modern' ? { pin: '2026-07-28' } : 'legacy' } },
  );

  const withConsent: TestAgent['withConsent'] = async (work) => {
    for (let tries = 0; ; tries++) {
      try {
        return await work();
      } catch (error) {
        const { code } = state;
        if (!(error instanceof UnauthorizedError) || code === undefined || tries === 2) throw error;
        delete state.code;
        await transport.finishAuth(code);
      }
    }
  };
  await withConsent(async () => {
    transport = newTransport();
    await client.connect(transport);
  });
  return {
    client,
    sentTo,
    exchanges,
    tokens: () => state.tokens,
    withConsent,
    close: () => client.close(),
  };
}

function createProvider(
  metadataUrl: string,
  state: { tokens?: Awaited<ReturnType<OAuthClientProvider['tokens']>> },
  redirectToAuthorization: (url: URL) => Promise<void>,
): OAuthClientProvider {
  let verifier = '';
  let information: Awaited<ReturnType<OAuthClientProvider['clientInformation']>>;
  let discovery: Awaited<ReturnType<NonNullable<OAuthClientProvider['discoveryState']>>>;
  return {
    redirectUrl: agentRedirectUri,
    clientMetadataUrl: metadataUrl,
    clientMetadata: {
      client_name: 'Robot',
      redirect_uris: [agentRedirectUri],
      grant_types: ['authorization_code', 'refresh_token'],
      token_endpoint_auth_method: 'none',
    },
    clientInformation: () => information,
    saveClientInformation: (saved) => void (information = saved),
    tokens: () => state.tokens,
    saveTokens: (saved) => void (state.tokens = saved),
    saveCodeVerifier: (saved) => void (verifier = saved),
    codeVerifier: () => verifier,
    discoveryState: () => discovery,
    saveDiscoveryState: (saved) => void (discovery = saved),
    redirectToAuthorization,
  };
}
