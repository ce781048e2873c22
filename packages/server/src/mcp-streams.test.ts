import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { routeSchema } from '@sallyport/core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createAgent, type Agent } from './test-support/agent.ts';
import { startDocumentHost, type DocumentHost } from './test-support/document-host.ts';
import { createOAuthBrowser, type OAuthBrowser } from './test-support/oauth-browser.ts';
import { send, startTestGateway, type TestGateway } from './test-support/test-gateway.ts';

let host: DocumentHost;
let upstream: Server;
let test: TestGateway;
let agent: Agent;
let browser: OAuthBrowser;
const open = new Set<ServerResponse>();
beforeAll(async () => {
  host = await startDocumentHost();
  upstream = createServer((request, response) => {
    request.resume();
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: {}\n\n');
    open.add(response);
    response.on('close', () => open.delete(response));
  });
  await once(upstream.listen(0, '127.0.0.1'), 'listening');
  test = await startTestGateway({
    config: {
      oauthProvider: {
        accessTokens: 'opaque',
        clientsByMetadata: { hosts: [host.host] },
        privateHosts: [host.host],
        requests: [],
        authorizations: [],
      },
      routes: [routeAt('tools', '/mcp')],
    },
  });
  browser = createOAuthBrowser(test.origin);
  browser.setCookie(await test.signIn('user'));
  agent = createAgent(test.origin, host.serve('/client.json'));
});
afterAll(async () => {
  await test.close();
  upstream.closeAllConnections();
  upstream.close();
  host.close();
});

function routeAt(name: string, prefix: string) {
  return {
    name,
    prefix,
    audience: name,
    upstream: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`,
    access: 'signed-in' as const,
    credentials: ['opaque' as const],
    permissions: ['product:read'],
    mcp: true as const,
  };
}

async function openStream(path: string) {
  const tokens = await agent.authorize(browser, { resource: test.origin + path, scope: 'product:read' });
  const abort = new AbortController();
  const headers = { authorization: `Bearer ${tokens['access_token'] ?? ''}`, accept: 'text/event-stream' };
  const answer = await fetch(test.origin + path, { method: 'POST', headers, signal: abort.signal });
  const reader = answer.body?.getReader();
  if (answer.status !== 200 || reader === undefined) throw new Error(`no stream: ${answer.status}`);
  await reader.read();
  const readToEnd = async (): Promise<void> => {
    while (!(await reader.read()).done);
  };
  return { abort, readToEnd };
}

it('a stream of an MCP server ends when its user takes back what the agent was allowed', async () => {
  const stream = await openStream('/mcp');
  const headers = { origin: test.origin, cookie: browser.cookiesFor('/') };
  const listed = (await (await test.get('/auth/account/apps', headers)).json()) as {
    readonly apps: readonly { readonly clientId: string }[];
  };
  const withdrawn = await send(`${test.origin}/auth/account/apps/${listed.apps[0]?.clientId ?? ''}`, 'DELETE', headers);
  expect(withdrawn.status).toBe(204);
  await stream.readToEnd();
  await expect.poll(() => open.size).toBe(0);
});

it('a stream that its client leaves is left at the server too', async () => {
  const stream = await openStream('/mcp');
  expect(open.size).toBe(1);
  stream.abort.abort();
  await expect.poll(() => open.size).toBe(0);
});

it('a route that a reload adds is a resource at once, and one that it takes away none', async () => {
  const before = test.gateway.config;
  await test.gateway.apply({ ...before, routes: [routeSchema.parse(routeAt('more', '/more/mcp'))] });
  const stream = await openStream('/more/mcp');
  stream.abort.abort();
  expect((await test.get('/.well-known/oauth-protected-resource/more/mcp')).status).toBe(200);
  expect((await test.get('/.well-known/oauth-protected-resource/mcp')).status).toBe(404);
  const gone = await browser.open(agent.begin({ resource: `${test.origin}/mcp`, scope: 'product:read' }).url);
  expect(gone instanceof URL ? gone.searchParams.get('error') : gone.text).toBe('invalid_target');
  await test.gateway.apply(before);
});
