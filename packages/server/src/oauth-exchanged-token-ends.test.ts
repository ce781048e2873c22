import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OAuthBrowser } from './test-support/oauth-browser.ts';
import type { RegisteredClient } from './test-support/oauth-partner.ts';
import { bearer, startProviderGateway, type ProviderGateway } from './test-support/provider-gateway.ts';
import { agentUrl, createTokenExchanges, toolUrl, type TokenExchanges } from './test-support/token-exchanges.ts';

let gateway: ProviderGateway;
let test: ProviderGateway['test'];
let partners: ProviderGateway['partners'];
let exchanges: TokenExchanges;
beforeAll(async () => {
  gateway = await startProviderGateway();
  ({ test, partners } = gateway);
  exchanges = await createTokenExchanges(gateway);
});
afterAll(() => gateway.close());

/** An application of its own for a test, an agent, a tool, and what each of them presents. */
interface Chain {
  readonly browser: OAuthBrowser;
  readonly userId: string;
  readonly app: RegisteredClient;
  readonly agent: RegisteredClient;
  readonly tool: RegisteredClient;
  readonly subject: string;
  readonly ofApp: string;
  readonly ofAgent: string;
  readonly ofTool: string;
}

async function makeChain(browser: OAuthBrowser): Promise<Chain> {
  const app = await partners.register({ resources: [test.origin, agentUrl] });
  const agent = await exchanges.registerAgent({ resources: [test.origin, toolUrl], serves: [agentUrl] });
  const tool = await exchanges.registerAgent({ serves: [toolUrl] });
  const { tokens } = await partners.authorize(app, browser, { scope: 'openid product:read', resource: test.origin });
  const subject = await exchanges.handOver(browser, app);
  const ofAgent = await exchanges.exchange(subject, {}, agent);
  const forTool = await exchanges.exchange(subject, { resource: toolUrl }, agent);
  const ofTool = await exchanges.exchange(forTool, {}, tool);
  const ofApp = tokens.access_token;
  return { browser, userId: tokens.claims()?.sub ?? '', app, agent, tool, subject, ofApp, ofAgent, ofTool };
}

const isTaken = async (token: string, path = '/api/x'): Promise<boolean> =>
  (await test.get(path, bearer(token))).status === 200;
const takenOf = async ({ ofApp, ofAgent, ofTool }: Chain) => [
  await isTaken(ofApp),
  await isTaken(ofAgent),
  await isTaken(ofTool),
];
const withdraw = (browser: OAuthBrowser, handle: string): Promise<Response> =>
  fetch(`${test.origin}/auth/account/apps/${handle}`, {
    method: 'DELETE',
    headers: { origin: test.origin, cookie: browser.cookiesFor('/') },
  });
const disable = ({ id }: RegisteredClient, isDisabled = true): Promise<unknown> =>
  partners.operate('oauth-clients/set-disabled', { id, isDisabled });

describe('what was exchanged', () => {
  it.each([
    {
      name: 'its user signs out',
      end: ({ browser }) => gateway.post('/auth/sign-out', browser),
      left: [false, false, false],
    },
    {
      name: 'its user is banned',
      end: ({ userId }) => partners.operate('accounts/set-banned', { userId, isBanned: true }),
      left: [false, false, false],
    },
    {
      name: 'its user takes back the consent of the application',
      end: ({ browser, app }) => withdraw(browser, app.id),
      left: [false, false, false],
    },
    { name: 'the application is disabled', end: ({ app }) => disable(app), left: [false, false, false] },
    {
      name: 'the application is deleted',
      end: ({ app: { id } }) => partners.operate('oauth-clients/delete', { id }),
      left: [false, false, false],
    },
    {
      name: 'its user ends the agent',
      end: ({ browser, agent }) => withdraw(browser, agent.id),
      left: [true, false, false],
    },
    { name: 'the agent is disabled', end: ({ agent }) => disable(agent), left: [true, false, false] },
    {
      name: 'the agent is deleted',
      end: ({ agent: { id } }) => partners.operate('oauth-clients/delete', { id }),
      left: [true, false, false],
    },
    {
      name: 'the agent gives its token up',
      end: ({ agent, ofAgent }) => gateway.revoke(agent, ofAgent),
      left: [true, false, false],
    },
    {
      name: 'its user ends the tool',
      end: ({ browser, tool }) => withdraw(browser, tool.id),
      left: [true, true, false],
    },
    { name: 'the tool is disabled', end: ({ tool }) => disable(tool), left: [true, true, false] },
    {
      name: 'the tool gives its token up',
      end: ({ tool, ofTool }) => gateway.revoke(tool, ofTool),
      left: [true, true, false],
    },
  ] satisfies readonly { name: string; end: (chain: Chain) => Promise<unknown>; left: readonly boolean[] }[])(
    'ends when $name, with what was made of it',
    async ({ end, left }) => {
      const chain = await makeChain(await partners.signedIn('user'));
      expect(await takenOf(chain)).toEqual([true, true, true]);
      await end(chain);
      expect(await takenOf(chain)).toEqual(left);
      await partners.operate('accounts/set-banned', { userId: chain.userId, isBanned: false });
    },
  );

  it('stays ended after its application or its agent was enabled again, and the subject token with the first', async () => {
    for (const who of ['app', 'agent'] as const) {
      const chain = await makeChain(gateway.browser);
      await disable(chain[who]);
      await disable(chain[who], false);
      expect([await isTaken(chain.ofAgent), await isTaken(chain.ofTool)]).toEqual([false, false]);
      if (who === 'app') expect((await exchanges.ask(chain.subject, {}, chain.agent)).status).toBe(400);
    }
  });

  it('is not exchanged again under the sign-in in which its user ended the agent, whatever token it is handed', async () => {
    const chain = await makeChain(gateway.browser);
    await withdraw(gateway.browser, chain.agent.id);
    expect((await exchanges.ask(chain.subject, {}, chain.agent)).status).toBe(400);
    const later = await exchanges.handOver(gateway.browser, chain.app);
    expect((await exchanges.ask(later, {}, chain.agent)).status).toBe(400);
    expect((await withdraw(gateway.browser, chain.agent.id)).status).toBe(404);
    const elsewhere = await exchanges.handOver(await partners.signedIn('vendor'), chain.app);
    expect((await exchanges.ask(elsewhere, {}, chain.agent)).status).toBe(200);
  });

  it.each(['app', 'agent', 'tool'] as const)('loses what is taken from the registration of its %s', async (who) => {
    const chain = await makeChain(gateway.browser);
    const change = { scopes: who === 'app' ? ['openid', 'profile', 'email', 'offline_access'] : [] };
    await partners.operate('oauth-clients/update', { id: chain[who].id, change });
    expect((await test.get('/api/x', bearer(chain.ofTool))).status).toBe(200);
    expect(await gateway.verifyGiven()).toMatchObject({ permissions: [] });
  });

  it('follows the roles of its user', async () => {
    const chain = await makeChain(await partners.signedIn('vendor'));
    await partners.operate('accounts/set-roles', { userId: chain.userId, roles: [] });
    expect(await takenOf(chain)).not.toContain(undefined);
    const given =
      (await test.get('/api/x', bearer(chain.ofTool))).status === 200 ? await gateway.verifyGiven() : undefined;
    expect(given?.permissions ?? []).toEqual([]);
    await partners.operate('accounts/set-roles', { userId: chain.userId, roles: ['vendor'] });
  });

  it('is answered to the client that has it as what it is, and to no other', async () => {
    const { agent, tool, ofTool } = await makeChain(gateway.browser);
    const introspect = async ({ id, secret }: RegisteredClient): Promise<unknown> => {
      const answer = await fetch(`${test.origin}/oauth2/introspect`, {
        method: 'POST',
        headers: { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` },
        body: new URLSearchParams({ token: ofTool }),
      });
      return answer.json();
    };
    expect(await introspect(tool)).toMatchObject({
      active: true,
      client_id: tool.id,
      act: { sub: tool.id, act: { sub: agent.id } },
    });
    expect(await introspect(agent)).toEqual({ active: false });
    await withdraw(gateway.browser, agent.id);
    expect(await introspect(tool)).toEqual({ active: false });
  });
});
