import {
  createAgent,
  createOAuthBrowser,
  send,
  startDocumentHost,
  startPlainUpstream,
  startTestGateway,
  type Agent,
  type DocumentHost,
  type OAuthBrowser,
  type PlainUpstream,
  type TestGateway,
} from '@sallyport/server/test-support';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

let host: DocumentHost;
let upstream: PlainUpstream;
let test: TestGateway;
let browser: OAuthBrowser;
let agent: Agent;
beforeAll(async () => {
  [host, upstream] = [await startDocumentHost(), await startPlainUpstream()];
  const mcp = {
    upstream: upstream.origin,
    access: 'signed-in' as const,
    credentials: ['bearer' as const],
    permissions: ['product:read'],
    mcp: true as const,
  };
  test = await startTestGateway({
    config: {
      oauthProvider: {
        clientsByMetadata: { hosts: [host.host] },
        privateHosts: [host.host],
        requests: [],
        authorizations: [],
      },
      routes: [
        { ...mcp, name: 'one', prefix: '/one/mcp', audience: 'one' },
        { ...mcp, name: 'two', prefix: '/two/mcp', audience: 'two' },
      ],
    },
  });
  browser = createOAuthBrowser(test.origin);
  browser.setCookie(await test.signIn('user'));
  agent = createAgent(test.origin, host.serve('/client.json'));
});
afterAll(async () => {
  await test.close();
  upstream.close();
  host.close();
});

const resource = (): string => `${test.origin}/one/mcp`;
const metadata = '/.well-known/oauth-protected-resource/one/mcp';

describe('protected resource metadata (RFC 9728)', () => {
  it('RFC9728-3.1-1: is where the well-known string stands between the host and the path of the resource', async () => {
    expect((await test.get(metadata)).status).toBe(200);
    expect((await test.get('/one/mcp/.well-known/oauth-protected-resource')).status).toBe(401);
  });

  it('RFC9728-3.3-1: says the identifier that its address was made of, whatever the request says', async () => {
    const forwarded = { 'x-forwarded-host': 'evil.example', forwarded: 'host=evil.example' };
    const answer = await send(test.origin + metadata, 'GET', forwarded);
    expect(JSON.parse(answer.body)).toMatchObject({ resource: resource(), authorization_servers: [test.origin] });
  });

  it('RFC9728-5.1-1: is named by the challenge of every 401', async () => {
    for (const authorization of ['Bearer x', 'Bearer a.b.c', `Bearer sp_at_${'a'.repeat(49)}`]) {
      const answer = await test.get('/one/mcp', { authorization });
      expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([
        401,
        expect.stringContaining(`resource_metadata="${test.origin}${metadata}"`),
      ]);
    }
  });
});

describe('resource indicators (RFC 8707)', () => {
  const asked = { scope: 'product:read offline_access', prompt: 'consent' };

  it('RFC8707-2-1: restrict a token to the resource that was asked for', async () => {
    const tokens = await agent.authorize(browser, { ...asked, resource: resource() });
    const authorization = `Bearer ${tokens['access_token'] ?? ''}`;
    expect((await test.get('/one/mcp', { authorization })).status).toBe(200);
    expect((await test.get('/two/mcp', { authorization })).status).toBe(401);
  });

  it('RFC8707-2-2: are refused as invalid_target where there is no such resource', async () => {
    for (const other of [`${test.origin}/three`, `${resource()}/x`, `${resource()}#x`, 'mcp']) {
      const back = await browser.open(agent.begin({ ...asked, resource: other }).url);
      expect(back instanceof URL ? back.searchParams.get('error') : back.text).toBe('invalid_target');
    }
  });

  it('RFC8707-2.2-1: give no token for a resource that was not granted', async () => {
    const request = agent.begin({ ...asked, resource: resource() });
    const page = await browser.open(request.url);
    const back = page instanceof URL ? page : await browser.submit(page, 'Allow');
    const code = back instanceof URL ? (back.searchParams.get('code') ?? '') : '';
    const { status, body } = await agent.redeem(code, request, { resource: `${test.origin}/two/mcp` });
    expect([status, body['error']]).toEqual([400, 'invalid_target']);
  });

  it('RFC8707-3-1: are exact, so that a token of a similar address is good nowhere', async () => {
    const back = await browser.open(agent.begin({ ...asked, resource: `${resource()}/` }).url);
    expect(back instanceof URL ? back.searchParams.get('error') : back.text).toBe('invalid_target');
  });
});
