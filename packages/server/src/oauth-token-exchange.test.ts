import { decodeJwt } from 'jose';
import * as client from 'openid-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { redirectUri, requirePage, requireUrl, type RegisteredClient } from './test-support/oauth-partner.ts';
import {
  bearer,
  errorOf,
  offline,
  refusal,
  startProviderGateway,
  type ProviderGateway,
} from './test-support/provider-gateway.ts';
import { testAccounts } from './test-support/test-preset.ts';
import {
  accessTokenType,
  agentUrl,
  createTokenExchanges,
  exchangeForm,
  exchangeGrant,
  toolUrl,
  type TokenExchanges,
} from './test-support/token-exchanges.ts';

let gateway: ProviderGateway;
let test: ProviderGateway['test'];
let partners: ProviderGateway['partners'];
let agent: TokenExchanges['agent'];
let tool: TokenExchanges['tool'];
let app: TokenExchanges['app'];
let registerAgent: TokenExchanges['registerAgent'];
let handOver: TokenExchanges['handOver'];
let ask: TokenExchanges['ask'];
let exchange: TokenExchanges['exchange'];
beforeAll(async () => {
  gateway = await startProviderGateway();
  ({ test, partners } = gateway);
  ({ app, agent, tool, registerAgent, handOver, ask, exchange } = await createTokenExchanges(gateway));
});
afterAll(() => gateway.close());

const isTaken = async (token: string): Promise<boolean> => (await test.get('/api/x', bearer(token))).status === 200;

describe('a token that was exchanged by an agent', () => {
  it('lets it act for the user with what both may do, and says at the service who acts for the user', async () => {
    const configuration = await partners.discover(agent);
    const answer = await client.genericGrantRequest(configuration, exchangeGrant, {
      subject_token: await handOver(),
      subject_token_type: accessTokenType,
      requested_token_type: accessTokenType,
      resource: test.origin,
    });
    expect(answer).toMatchObject({ issued_token_type: accessTokenType, scope: 'product:read' });
    expect([answer.token_type, answer.refresh_token, answer.id_token]).toEqual(['bearer', undefined, undefined]);
    expect((await test.get('/api/x', bearer(answer.access_token))).status).toBe(200);
    expect(await gateway.verifyGiven()).toMatchObject({
      kind: 'user',
      credential: 'bearer',
      clientId: agent.id,
      actor: { id: agent.id },
      roles: [],
      permissions: ['product:read'],
    });
    expect((await test.get('/create/x', bearer(answer.access_token))).status).toBe(403);
    expect((await test.get('/vendors/x', bearer(answer.access_token))).status).toBe(403);
  });

  it('names everyone that it went through, up to a bound', async () => {
    const forTool = await exchange(await handOver(), { resource: toolUrl });
    expect(decodeJwt(forTool)).toMatchObject({ aud: toolUrl, client_id: agent.id, act: { sub: agent.id } });
    const last = await exchange(forTool, {}, tool);
    expect((await test.get('/api/x', bearer(last))).status).toBe(200);
    expect(await gateway.verifyGiven()).toMatchObject({
      clientId: tool.id,
      actor: { id: tool.id, actor: { id: agent.id } },
    });
    const third = await registerAgent({ resources: [toolUrl], serves: ['https://third.example/'] });
    const fourth = await registerAgent({ serves: ['https://fourth.example/'] });
    await partners.operate('oauth-clients/update', {
      id: tool.id,
      change: { resources: [test.origin, 'https://third.example/'] },
    });
    await partners.operate('oauth-clients/update', {
      id: third.id,
      change: { resources: ['https://fourth.example/'] },
    });
    const forThird = await exchange(forTool, { resource: 'https://third.example/' }, tool);
    const forFourth = await exchange(forThird, { resource: 'https://fourth.example/' }, third);
    expect(await errorOf(await ask(forFourth, {}, fourth))).toEqual([400, 'invalid_request']);
  });

  it('is one of the client itself that has less, and names it once', async () => {
    const own = await partners.register({
      kind: 'agent',
      grantTypes: ['authorization_code', 'token_exchange'],
      scopes: ['openid', 'product:read', 'product:create'],
    });
    const { tokens } = await partners.authorize(own, gateway.browser, {
      scope: 'openid product:read product:create',
      resource: test.origin,
    });
    const less = await exchange(tokens.access_token, { scope: 'product:read' }, own);
    expect(decodeJwt(less)).toMatchObject({ scope: 'product:read', act: { sub: own.id } });
    const again = await exchange(less, {}, own);
    expect(decodeJwt(again)['act']).toEqual({ sub: own.id });
    expect(await errorOf(await ask(less, { scope: 'product:create' }, own))).toEqual([400, 'invalid_scope']);
    expect((await test.get('/create/x', bearer(tokens.access_token))).status).toBe(200);
    expect((await test.get('/create/x', bearer(less))).status).toBe(403);
  });

  it('stays at the resource that a client asked its user for, and leaves the gateway for another one', async () => {
    const own = await registerAgent({
      grantTypes: ['authorization_code', 'token_exchange'],
      redirectUris: [redirectUri],
      scopes: ['openid', 'product:read'],
      resources: [test.origin, toolUrl, agentUrl],
    });
    const tokenFor = async (resource: string) =>
      (await partners.authorize(own, gateway.browser, { scope: 'openid product:read', resource })).tokens.access_token;
    const forTool = await tokenFor(toolUrl);
    expect(decodeJwt(await exchange(forTool, {}, own)).aud).toBe(toolUrl);
    for (const resource of [test.origin, agentUrl])
      expect(await errorOf(await ask(forTool, { resource }, own))).toEqual([400, 'invalid_target']);
    expect(decodeJwt(await exchange(await tokenFor(test.origin), { resource: toolUrl }, own)).aud).toBe(toolUrl);
  });

  it('lives no longer than the one that it was made from, and says nothing of the sign-in elsewhere', async () => {
    const subject = await handOver();
    const { exp, sign_in: sealed, ...rest } = decodeJwt(subject);
    expect(sealed).toBeTypeOf('string');
    expect([rest['sid'], rest['grant']]).toEqual([undefined, undefined]);
    const forTool = decodeJwt(await exchange(subject, { resource: toolUrl }));
    expect(forTool.exp).toBeLessThanOrEqual(exp ?? 0);
    expect(forTool['sign_in']).not.toBe(sealed);
    expect([forTool['sid'], forTool['grant']]).toEqual([undefined, undefined]);
  });

  it('is exchanged at the resource that is named as an audience, too', async () => {
    const token = await exchange(await handOver(), { audience: toolUrl });
    expect(decodeJwt(token).aud).toBe(toolUrl);
    expect(await isTaken(token)).toBe(false);
  });

  it('takes an actor token of the client itself, and no other', async () => {
    const own = await registerAgent({ grantTypes: ['token_exchange', 'client_credentials'], serves: [agentUrl] });
    const other = await partners.register({
      grantTypes: ['client_credentials'],
      redirectUris: [],
      scopes: ['product:read'],
    });
    const credentialsOf = async (by: RegisteredClient): Promise<string> => {
      const answer = await gateway.token({ grant_type: 'client_credentials', scope: 'product:read' }, by);
      return ((await answer.json()) as { readonly access_token: string }).access_token;
    };
    const subject = await handOver();
    const actor = (token: string) => ({ actor_token: token, actor_token_type: accessTokenType });
    expect((await ask(subject, actor(await credentialsOf(own)), own)).status).toBe(200);
    for (const token of [await credentialsOf(other), subject, 'none'])
      expect(await errorOf(await ask(subject, actor(token), own))).toEqual([400, 'invalid_request']);
    expect(await errorOf(await ask(subject, { actor_token_type: accessTokenType }, own))).toEqual([
      400,
      'invalid_request',
    ]);
    expect(await errorOf(await ask(subject, { actor_token: subject }, own))).toEqual([400, 'invalid_request']);
  });
});

describe('a token that is bound to a key', () => {
  const withKey = async (configuration: client.Configuration) => ({
    DPoP: client.getDPoPHandle(configuration, await client.randomDPoPKeyPair('ES256')),
  });
  const ofAccessToken = { subject_token_type: accessTokenType };

  it('is exchanged with a proof of that key alone, for one that is bound to it', async () => {
    const own = await registerAgent({
      grantTypes: ['authorization_code', 'token_exchange'],
      redirectUris: [redirectUri],
      scopes: ['openid', 'product:read'],
    });
    const configuration = await partners.discover(own);
    const key = await withKey(configuration);
    const { url, checks } = await partners.begin(configuration, {
      scope: 'openid product:read',
      resource: test.origin,
    });
    const back = requireUrl(await gateway.browser.submit(requirePage(await gateway.browser.open(url.href)), 'Allow'));
    const tokens = await client.authorizationCodeGrant(configuration, back, checks, undefined, key);
    const ask = (more?: client.DPoPOptions) =>
      client.genericGrantRequest(
        configuration,
        exchangeGrant,
        { subject_token: tokens.access_token, ...ofAccessToken },
        more,
      );
    expect(await refusal(ask())).toBe('invalid_request');
    expect(await refusal(ask(await withKey(configuration)))).toBe('invalid_request');
    const answer = await ask(key);
    expect([answer.token_type, decodeJwt(answer.access_token)['cnf']]).toEqual([
      'dpop',
      decodeJwt(tokens.access_token)['cnf'],
    ]);
    expect(await isTaken(answer.access_token)).toBe(false);
    const resource = await client.fetchProtectedResource(
      configuration,
      answer.access_token,
      new URL('/api/x', test.origin),
      'GET',
      undefined,
      undefined,
      key,
    );
    expect(resource.status).toBe(200);
  });

  it('is what a client gets that is registered for one, and nothing without a proof', async () => {
    const bound = await registerAgent({ dpop: 'required', serves: [agentUrl] });
    const configuration = await partners.discover(bound);
    const subject = await handOver();
    expect(await errorOf(await ask(subject, {}, bound))).toEqual([400, 'invalid_request']);
    const key = await withKey(configuration);
    const parameters = { subject_token: subject, ...ofAccessToken };
    const answer = await client.genericGrantRequest(configuration, exchangeGrant, parameters, key);
    expect(decodeJwt(answer.access_token)['cnf']).toMatchObject({ jkt: expect.any(String) as string });
    expect(await isTaken(answer.access_token)).toBe(false);
  });
});

describe('a token exchange is refused', () => {
  const foreignSubjects: readonly { readonly name: string; readonly subject: () => Promise<string> }[] = [
    { name: 'a text that is no token', subject: async () => 'eyJhbGciOiJub25lIn0.e30.' },
    {
      name: 'a token that was made for the gateway, of another client',
      subject: async () => (await tokensOf(offline(test.origin))).access_token,
    },
    {
      name: 'a token for another resource than the one that the client is',
      subject: async () => {
        const other = await partners.register({ resources: [toolUrl] });
        const parameters = { scope: 'openid product:read', resource: toolUrl };
        return (await partners.authorize(other, gateway.browser, parameters)).tokens.access_token;
      },
    },
    { name: 'a refresh token', subject: async () => (await tokensOf(offline(test.origin))).refresh_token ?? '' },
    { name: 'an ID token', subject: async () => (await tokensOf({ scope: 'openid' })).id_token ?? '' },
    { name: 'a token for userinfo alone', subject: async () => (await tokensOf({ scope: 'openid' })).access_token },
    { name: 'an internal token', subject: internalToken },
    { name: 'a first-party token', subject: firstPartyToken },
    {
      name: 'a token whose signature was changed',
      subject: async () => (await handOver()).replace(/.{4}$/, 'AAAA'),
    },
  ];
  const tokensOf = async (parameters: Record<string, string>) =>
    (await partners.authorize(app, gateway.browser, parameters)).tokens;
  async function internalToken(): Promise<string> {
    await test.get('/api/x', { cookie: gateway.browser.cookiesFor('/') });
    return gateway.upstream.seen.at(-1)?.authorization?.replace('Bearer ', '') ?? '';
  }
  async function firstPartyToken(): Promise<string> {
    const account = testAccounts.find(({ role }) => role === 'vendor');
    const answer = await gateway.post('/auth/token', gateway.browser, {
      email: account?.email,
      password: account?.password,
    });
    return ((await answer.json()) as { readonly access_token: string }).access_token;
  }

  it.each(foreignSubjects)('for $name', async ({ subject }) => {
    expect(await errorOf(await ask(await subject()))).toEqual([400, 'invalid_request']);
  });

  it.each([
    { name: 'no subject token', change: { subject_token: '' }, error: 'invalid_request' },
    { name: 'no type of the subject token', change: { subject_token_type: '' }, error: 'invalid_request' },
    {
      name: 'a subject token that is called a refresh token',
      change: { subject_token_type: 'urn:ietf:params:oauth:token-type:refresh_token' },
      error: 'invalid_request',
    },
    {
      name: 'an ID token that is asked for',
      change: { requested_token_type: 'urn:ietf:params:oauth:token-type:id_token' },
      error: 'invalid_request',
    },
    {
      name: 'a refresh token that is asked for',
      change: { requested_token_type: 'urn:ietf:params:oauth:token-type:refresh_token' },
      error: 'invalid_request',
    },
    {
      name: 'a resource that it is not registered for',
      change: { resource: 'https://else.example/' },
      error: 'invalid_target',
    },
    { name: 'an audience that it is not registered for', change: { audience: 'billing' }, error: 'invalid_target' },
    {
      name: 'two resources',
      change: { resource: toolUrl, audience: 'https://else.example/' },
      error: 'invalid_target',
    },
    { name: 'a scope that the client does not have', change: { scope: 'product:create' }, error: 'invalid_scope' },
    { name: 'a scope that the token does not have', change: { scope: 'product:delete' }, error: 'invalid_scope' },
    { name: 'a scope of OpenID Connect', change: { scope: 'openid' }, error: 'invalid_scope' },
    { name: 'a refresh token by its scope', change: { scope: 'offline_access product:read' }, error: 'invalid_scope' },
  ])('with $name', async ({ change, error }) => {
    expect(await errorOf(await ask(await handOver(), change as Record<string, string>))).toEqual([400, error]);
  });

  it('of clients that are not registered for it, that prove nothing, and that are public', async () => {
    const subject = await handOver();
    const without = await partners.register({ resources: [agentUrl] });
    expect(await errorOf(await ask(subject, {}, without))).toEqual([400, 'invalid_request']);
    expect(await errorOf(await ask(subject, {}, { ...agent, secret: tool.secret }))).toEqual([401, 'invalid_client']);
    const spa = await partners.register({
      authentication: 'none',
      grantTypes: ['authorization_code'],
      scopes: ['openid'],
    });
    const answer = await fetch(`${test.origin}/oauth2/token`, {
      method: 'POST',
      body: new URLSearchParams({ ...exchangeForm(subject), client_id: spa.id }),
    });
    expect(await errorOf(answer)).toEqual([400, 'invalid_request']);
    await expect(
      partners.register({ authentication: 'none', grantTypes: ['token_exchange'], redirectUris: [], scopes: [] }),
    ).rejects.toMatchObject({ code: 'SP_VALIDATION_FAILED' });
  });

  it('for what it serves where the client serves an address of the gateway, or exchanges nothing', async () => {
    for (const change of [
      { serves: [test.origin] },
      { serves: [`${test.origin}/mcp`] },
      { serves: [agentUrl], grantTypes: ['client_credentials'] },
    ])
      await expect(registerAgent(change)).rejects.toMatchObject({ code: 'SP_VALIDATION_FAILED' });
  });
});
