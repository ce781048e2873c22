import { createHash, randomBytes } from 'node:crypto';
import { agentRedirectUri } from './document-host.ts';
import type { OAuthBrowser, ShownPage } from './oauth-browser.ts';

/** What the token endpoint answered to an agent. */
export interface AgentTokens {
  readonly status: number;
  readonly body: Readonly<Record<string, string>>;
}

/** An authorization that an agent began. */
export interface AgentRequest {
  readonly url: string;
  readonly verifier: string;
}

/** A client without a registration, which speaks OAuth by hand: every parameter can be wrong. */
export interface Agent {
  begin(parameters?: Readonly<Record<string, string>>): AgentRequest;
  redeem(code: string, request: AgentRequest, more?: Readonly<Record<string, string>>): Promise<AgentTokens>;
  refresh(refreshToken: string, more?: Readonly<Record<string, string>>): Promise<AgentTokens>;
  /** The whole way, with the consent of a user who is signed in. */
  authorize(browser: OAuthBrowser, parameters: Readonly<Record<string, string>>): Promise<AgentTokens['body']>;
}

/** Builds one. */
export function createAgent(origin: string, clientId: string): Agent {
  const ask = async (form: Readonly<Record<string, string>>): Promise<AgentTokens> => {
    const body = new URLSearchParams({ client_id: clientId, ...form });
    const answer = await fetch(`${origin}/oauth2/token`, { method: 'POST', body });
    return { status: answer.status, body: (await answer.json()) as AgentTokens['body'] };
  };
  const agent: Agent = {
    begin(parameters = {}) {
      const verifier = randomBytes(32).toString('base64url');
      const query = new URLSearchParams({
        client_id: clientId,
        response_type: 'code',
        redirect_uri: agentRedirectUri,
        code_challenge: createHash('sha256').update(verifier).digest('base64url'),
        code_challenge_method: 'S256',
        ...parameters,
      });
      return { url: `${origin}/oauth2/auth?${query.toString()}`, verifier };
    },
    redeem: (code, { verifier }, more = {}) =>
      ask({
        grant_type: 'authorization_code',
        code,
        code_verifier: verifier,
        redirect_uri: agentRedirectUri,
        ...more,
      }),
    refresh: (refreshToken, more = {}) => ask({ grant_type: 'refresh_token', refresh_token: refreshToken, ...more }),
    async authorize(browser, parameters) {
      const request = agent.begin(parameters);
      const page = await browser.open(request.url);
      const back = page instanceof URL ? page : await browser.submit(page, 'Allow');
      const code = back instanceof URL ? back.searchParams.get('code') : null;
      if (code === null) throw new Error(`no code: ${describe(back)}`);
      const { status, body } = await agent.redeem(code, request);
      if (status !== 200) throw new Error(`no tokens: ${JSON.stringify(body)}`);
      return body;
    },
  };
  return agent;
}

function describe(page: ShownPage | URL): string {
  return page instanceof URL ? page.href : page.text;
}
