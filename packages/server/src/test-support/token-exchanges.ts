import type { OAuthBrowser } from './oauth-browser.ts';
import type { RegisteredClient } from './oauth-partner.ts';
import type { ProviderGateway } from './provider-gateway.ts';

/** The grant type of token exchange, and the only type of token in it (RFC 8693, sections 2.1 and 3). */
export const exchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange';
export const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token';

/** What the agent of a test is, and the tool that it uses. Nothing is sent there. */
export const agentUrl = 'https://agent.example/api';
export const toolUrl = 'https://tool.example/api';

type Change = Readonly<Record<string, string>>;

/** An application, the agent that it hands tokens to, and the tool that the agent hands its own to. */
export interface TokenExchanges {
  readonly app: RegisteredClient;
  readonly agent: RegisteredClient;
  readonly tool: RegisteredClient;
  readonly registerAgent: (change?: object) => Promise<RegisteredClient>;
  /** A token of the application for the agent. */
  readonly handOver: (browser?: OAuthBrowser, by?: RegisteredClient) => Promise<string>;
  /** Asks for an exchange. */
  readonly ask: (subject: string, change?: Change, by?: RegisteredClient) => Promise<Response>;
  /** The token that an exchange answers with. @throws Error where there is none. */
  readonly exchange: (subject: string, change?: Change, by?: RegisteredClient) => Promise<string>;
}

/** What is sent for it. */
export function exchangeForm(subject: string, change: Change = {}): Readonly<Record<string, string>> {
  return { grant_type: exchangeGrant, subject_token: subject, subject_token_type: accessTokenType, ...change };
}

/** Registers them at a gateway. */
export async function createTokenExchanges({
  test,
  partners,
  token,
  browser,
}: Pick<ProviderGateway, 'test' | 'partners' | 'token' | 'browser'>): Promise<TokenExchanges> {
  const registerAgent = (change: object = {}): Promise<RegisteredClient> =>
    partners.register({
      kind: 'agent',
      grantTypes: ['token_exchange'],
      redirectUris: [],
      scopes: ['product:read'],
      ...change,
    });
  const app = await partners.register({ resources: [test.origin, agentUrl] });
  const agent = await registerAgent({ resources: [test.origin, toolUrl], serves: [agentUrl] });
  const tool = await registerAgent({ serves: [toolUrl] });
  const ask: TokenExchanges['ask'] = (subject, change, by = agent) => token(exchangeForm(subject, change), by);
  return {
    app,
    agent,
    tool,
    registerAgent,
    ask,
    async handOver(user = browser, by = app) {
      const scope = 'openid product:read product:create';
      return (await partners.authorize(by, user, { scope, resource: agentUrl })).tokens.access_token;
    },
    async exchange(subject, change, by) {
      const answer = await ask(subject, change, by);
      const { access_token: made, ...rest } = (await answer.json()) as { readonly access_token: string };
      if (answer.status !== 200) throw new Error(`no token: ${answer.status} ${JSON.stringify(rest)}`);
      return made;
    },
  };
}
