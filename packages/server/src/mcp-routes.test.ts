import { createRemoteKeySource, createTokenVerifier } from '@sallyport/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAgent, type Agent } from './test-support/agent.ts';
import { startDocumentHost, type DocumentHost } from './test-support/document-host.ts';
import type { OAuthBrowser } from './test-support/oauth-browser.ts';
import { createOAuthPartners, requirePage, type OAuthPartners } from './test-support/oauth-partner.ts';
import { startPlainUpstream, type PlainUpstream } from './test-support/plain-upstream.ts';
import { bearer } from './test-support/provider-gateway.ts';
import { send, startTestGateway, type TestGateway } from './test-support/test-gateway.ts';

let host: DocumentHost;
let upstream: PlainUpstream;
let test: TestGateway;
let partners: OAuthPartners;
let browser: OAuthBrowser;
let agent: Agent;
let agentId: string;
beforeAll(async () => {
  host = await startDocumentHost();
  upstream = await startPlainUpstream();
  const to = { upstream: upstream.origin };
  const mcp = { ...to, access: 'signed-in' as const, credentials: ['bearer' as const] };
  const cors = { origins: ['https://inspector.example'] };
  test = await startTestGateway({
    config: {
      brand: { name: 'Acme' },
      firstPartyTokens: {},
      oauthProvider: {
        clientsByMetadata: { hosts: [host.host] },
        privateHosts: [host.host],
        requests: [],
        authorizations: [],
      },
      routes: [
        { ...mcp, name: 'tools', prefix: '/mcp', audience: 'tools', permissions: ['product:*'], mcp: true, cors },
        { ...mcp, name: 'other', prefix: '/other/mcp', audience: 'other', permissions: ['product:read'], mcp: true },
        {
          ...mcp,
          name: 'editor',
          prefix: '/editor',
          audience: 'editor',
          permissions: ['product:*'],
          access: { permissions: ['product:create'] },
          mcp: { scopes: ['product:read'], name: 'Editor of products' },
        },
        {
          ...mcp,
          name: 'api',
          prefix: '/api',
          audience: 'api',
          permissions: ['product:*'],
          credentials: ['session', 'bearer'],
        },
      ],
    },
  });
  partners = createOAuthPartners(test);
  browser = await partners.signedIn('vendor');
  agentId = host.serve('/agents/robot.json');
  agent = createAgent(test.origin, agentId);
});
afterAll(async () => {
  await test.close();
  upstream.close();
  host.close();
});

const at = (path: string): string => test.origin + path;
const metadataOf = (path: string): string => at(`/.well-known/oauth-protected-resource${path}`);
const tokenFor = async (path: string, scope = 'product:read'): Promise<string> =>
  (await agent.authorize(browser, { resource: at(path), scope }))['access_token'] ?? '';

describe('the metadata of a route to an MCP server', () => {
  it('says where clients get tokens, and what they may ask for', async () => {
    const answer = await test.get('/.well-known/oauth-protected-resource/mcp');
    expect(answer.headers.get('content-type')).toBe('application/json');
    expect(await answer.json()).toEqual({
      resource: at('/mcp'),
      resource_name: 'Acme',
      authorization_servers: [test.origin],
      bearer_methods_supported: ['header'],
      dpop_signing_alg_values_supported: ['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519', 'PS256'],
      scopes_supported: ['product:read', 'product:create', 'product:update', 'product:delete'],
    });
  });

  it('has the name that the route says, and is at no other path', async () => {
    const answer = await test.get('/.well-known/oauth-protected-resource/editor');
    expect(await answer.json()).toMatchObject({ resource: at('/editor'), resource_name: 'Editor of products' });
    for (const path of ['', '/', '/mcp/', '/mcp?x=1', '/api'])
      expect((await test.get(`/.well-known/oauth-protected-resource${path}`)).status).toBe(404);
  });

  it('is read by scripts of the sites that the route lists, and of no others', async () => {
    const path = '/.well-known/oauth-protected-resource/mcp';
    const shared = await test.get(path, { origin: 'https://inspector.example' });
    expect(shared.headers.get('access-control-allow-origin')).toBe('https://inspector.example');
    const other = await test.get(path, { origin: 'https://evil.example' });
    expect(other.headers.get('access-control-allow-origin')).toBeNull();
  });

  it('is named by discovery beside clients by metadata document, and registration is not', async () => {
    const answer = await test.get('/.well-known/oauth-authorization-server');
    const metadata = (await answer.json()) as Readonly<Record<string, unknown>>;
    expect(metadata['client_id_metadata_document_supported']).toBe(true);
    expect(metadata).not.toHaveProperty('registration_endpoint');
    expect((await send(at('/oauth2/register'), 'POST', { 'content-type': 'application/json' }, '{}')).status).toBe(404);
  });
});

describe('a request to an MCP server', () => {
  it('without a token is answered 401 with the metadata and the scopes to ask for', async () => {
    const answer = await test.get('/mcp');
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toBe(
      `Bearer realm="sallyport", scope="product:read product:create product:update product:delete", resource_metadata="${metadataOf('/mcp')}"`,
    );
    const editor = await test.get('/editor');
    expect(editor.headers.get('www-authenticate')).toContain('scope="product:read"');
  });

  it('without a token at a route of another kind is told of no metadata', async () => {
    expect((await test.get('/api/x')).headers.get('www-authenticate')).toBe('Bearer realm="sallyport"');
  });

  it('with the cookie of a session is a request without a token', async () => {
    const answer = await test.get('/mcp', { cookie: browser.cookiesFor('/') });
    expect(answer.status).toBe(401);
  });

  it('reaches the server with a token of the gateway that says who acts for which user, never with the one that came', async () => {
    const token = await tokenFor('/mcp', 'product:read product:create');
    const answer = await test.get('/mcp', bearer(token));
    expect(answer.status).toBe(200);
    const given = upstream.seen.at(-1)?.authorization?.slice('Bearer '.length) ?? '';
    expect(given).not.toBe(token);
    const { verify } = createTokenVerifier({
      issuer: `${test.origin}/internal`,
      audience: 'tools',
      keys: createRemoteKeySource({
        url: `http://127.0.0.1:${test.gateway.internalPort}/internal/.well-known/jwks.json`,
      }),
    });
    expect(await verify(given)).toMatchObject({
      kind: 'user',
      clientId: agentId,
      actor: { id: agentId },
      permissions: ['product:read', 'product:create'],
      roles: [],
      credential: 'bearer',
    });
  });

  it('with too little scope is answered 403, with the scopes that are missing', async () => {
    const answer = await test.get('/editor', bearer(await tokenFor('/editor', 'product:read')));
    expect(answer.status).toBe(403);
    expect(answer.headers.get('www-authenticate')).toBe(
      `Bearer realm="sallyport", error="insufficient_scope", scope="product:create", resource_metadata="${metadataOf('/editor')}"`,
    );
    expect((await test.get('/editor', bearer(await tokenFor('/editor', 'product:create')))).status).toBe(200);
  });

  it.each([
    { name: 'another MCP server', path: '/other/mcp' },
    { name: 'the API', path: '/api/x' },
    { name: 'user information', path: '/oauth2/userinfo' },
    { name: 'devices', path: '/auth/sessions' },
  ])('with a token for the server is refused at $name', async ({ path }) => {
    const token = await tokenFor('/mcp');
    expect((await test.get('/mcp', bearer(token))).status).toBe(200);
    const answer = await test.get(path, bearer(token));
    expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([
      401,
      expect.stringContaining('invalid_token'),
    ]);
  });

  it('with a token of the gateway itself is refused, also to its own user', async () => {
    const partner = await partners.register();
    const { tokens } = await partners.authorize(partner, browser, {
      scope: 'openid product:read',
      resource: test.origin,
    });
    expect((await test.get('/api/x', bearer(tokens.access_token))).status).toBe(200);
    const answer = await test.get('/mcp', bearer(tokens.access_token));
    expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([
      401,
      expect.stringContaining(`error="invalid_token", scope=`),
    ]);
    expect(test.lines.at(-1)?.fields).toMatchObject({ reason: 'made-for-another-resource' });
  });

  it('with a first-party token is refused', async () => {
    const answer = await send(
      at('/auth/token'),
      'POST',
      { 'content-type': 'application/json' },
      JSON.stringify({ email: 'vendor@example.test', password: 'violet-kettle-marches-north-vendor' }),
    );
    const { access_token: token } = JSON.parse(answer.body) as { readonly access_token: string };
    expect((await test.get('/api/x', bearer(token))).status).toBe(200);
    expect((await test.get('/mcp', bearer(token))).status).toBe(401);
  });

  it.each(['https://evil.example', 'null', 'http://127.0.0.1:9'])(
    'from a page of %s is refused with every method, with and without a token (DNS rebinding)',
    async (origin) => {
      const token = await tokenFor('/mcp');
      const answers = await Promise.all(
        ['GET', 'POST', 'DELETE'].flatMap((method) => [
          send(at('/mcp'), method, { origin, ...bearer(token) }),
          send(at('/mcp'), method, { origin }),
        ]),
      );
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 403));
    },
  );

  it('for another Host is refused', async () => {
    const answer = await send(at('/mcp'), 'GET', { host: 'evil.example', ...bearer(await tokenFor('/mcp')) });
    expect(answer.status).toBe(421);
  });

  it('from a listed page passes with its token, and is asked for by a preflight with the headers of MCP', async () => {
    const origin = 'https://inspector.example';
    const preflight = await send(at('/mcp'), 'OPTIONS', {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,content-type,mcp-protocol-version',
    });
    expect([preflight.status, preflight.headers['access-control-allow-headers']]).toEqual([
      204,
      expect.stringContaining('mcp-protocol-version, mcp-session-id'),
    ]);
    const answer = await send(at('/mcp'), 'POST', { origin, ...bearer(await tokenFor('/mcp')) });
    expect([answer.status, answer.headers['access-control-expose-headers']]).toEqual([
      200,
      expect.stringContaining('mcp-session-id'),
    ]);
  });

  it('passes its session id on, which is no credential', async () => {
    const session = { 'mcp-session-id': 'abc' };
    expect((await test.get('/mcp', session)).status).toBe(401);
    await test.get('/mcp', { ...session, ...bearer(await tokenFor('/mcp')) });
    expect(upstream.seen.at(-1)?.['mcp-session-id']).toBe('abc');
  });
});

describe('tokens of an agent', () => {
  const withdraw = async (own: OAuthBrowser): Promise<number> => {
    const headers = { origin: test.origin, cookie: own.cookiesFor('/') };
    const listed = (await (await test.get('/auth/account/apps', headers)).json()) as {
      readonly apps: readonly { readonly clientId: string; readonly document?: object; readonly name: string }[];
    };
    const app = listed.apps.find(({ document }) => document !== undefined);
    expect(app).toMatchObject({ name: host.host, document: { url: agentId, host: host.host } });
    return (await send(at(`/auth/account/apps/${app?.clientId ?? ''}`), 'DELETE', headers)).status;
  };

  it('end when its user takes back what it was allowed, as the list of apps has it', async () => {
    const own = await partners.signedIn('user');
    const parameters = { resource: at('/mcp'), scope: 'product:read offline_access', prompt: 'consent' };
    const tokens = await agent.authorize(own, parameters);
    const access = bearer(tokens['access_token'] ?? '');
    expect((await test.get('/mcp', access)).status).toBe(200);
    expect(await withdraw(own)).toBe(204);
    expect((await test.get('/mcp', access)).status).toBe(401);
    expect((await agent.refresh(tokens['refresh_token'] ?? '')).status).toBe(400);
  });

  it('are refreshed for the same server, and for no other', async () => {
    const parameters = { resource: at('/mcp'), scope: 'product:read offline_access', prompt: 'consent' };
    const tokens = await agent.authorize(browser, parameters);
    const other = await agent.refresh(tokens['refresh_token'] ?? '', { resource: at('/other/mcp') });
    expect([other.status, other.body['error']]).toEqual([400, 'invalid_target']);
    const refreshed = await agent.refresh(tokens['refresh_token'] ?? '', { resource: at('/mcp') });
    expect((await test.get('/mcp', bearer(refreshed.body['access_token'] ?? ''))).status).toBe(200);
  });

  it('are not to be had for the gateway, another resource, or more than the route opens', async () => {
    for (const resource of [test.origin, at('/api'), 'https://elsewhere.example/mcp']) {
      const back = await browser.open(agent.begin({ resource, scope: 'product:read' }).url);
      expect(back instanceof URL ? back.searchParams.get('error') : back.text).toBe('invalid_target');
    }
    const scope = 'product:read product:create';
    const asked = requirePage(await browser.open(agent.begin({ resource: at('/other/mcp'), scope }).url));
    expect(asked.text).toContain('List and read products');
    expect(asked.text).not.toContain('Create products');
  });
});
