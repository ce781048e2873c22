import { afterAll, beforeAll, expect, it } from 'vitest';
import { createAgent } from './test-support/agent.ts';
import { startDocumentHost, type DocumentHost } from './test-support/document-host.ts';
import type { OAuthBrowser } from './test-support/oauth-browser.ts';
import { createOAuthPartners, requirePage, type OAuthPartners } from './test-support/oauth-partner.ts';
import { startTestGateway, type TestGateway } from './test-support/test-gateway.ts';

let host: DocumentHost;
let stranger: DocumentHost;
let test: TestGateway;
let partners: OAuthPartners;
let browser: OAuthBrowser;
beforeAll(async () => {
  [host, stranger] = [await startDocumentHost(), await startDocumentHost()];
  test = await startTestGateway({
    config: {
      oauthProvider: {
        clientsByMetadata: { hosts: [host.host] },
        privateHosts: [host.host, stranger.host],
        requests: [],
        authorizations: [],
      },
      routes: [
        {
          name: 'tools',
          prefix: '/mcp',
          audience: 'tools',
          upstream: 'http://127.0.0.1:9',
          access: 'signed-in',
          credentials: ['bearer'],
          permissions: ['product:read'],
          mcp: true,
        },
      ],
    },
  });
  partners = createOAuthPartners(test);
  browser = await partners.signedIn('user');
});
afterAll(async () => {
  await test.close();
  host.close();
  stranger.close();
});

let made = 0;
const freshPath = (): string => `/agents/${(made += 1)}.json`;
const ask = (clientId: string, parameters: Readonly<Record<string, string>> = {}) =>
  browser.open(
    createAgent(test.origin, clientId).begin({
      resource: `${test.origin}/mcp`,
      scope: 'product:read',
      ...parameters,
    }).url,
  );

it('the page of consent is about a host, and what the client calls itself is told as a claim', async () => {
  const id = host.serve(freshPath(), { client_name: 'Sallyport of your bank', logo_uri: 'https://bank.example/l.png' });
  const { text } = requirePage(await ask(id));
  expect(text).toContain(`An agent of <strong>${host.host}</strong>`);
  expect(text).toContain('It calls itself “Sallyport of your bank”, which is not verified');
  expect(text).toContain('It runs on this device (127.0.0.1:4999), where every program could pass itself off as it');
  expect(text).toMatch(new RegExp(`<h1[^>]*>Continue to ${host.host}\\?</h1>`));
  expect(text).not.toContain('bank.example');
});

it('the name that a client gives itself stays between its quotation marks', async () => {
  const id = host.serve(freshPath(), { client_name: 'Robot”, which is verified. It is no “robot' });
  const { text } = requirePage(await ask(id));
  expect(text).toContain('It calls itself “Robot’, which is verified. It is no ‘robot”, which is not verified');
});

it('a host that takes the connection over is refused as one that serves no document', async () => {
  const switching = 'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n';
  const id = host.answer(freshPath(), ({ socket }) => void socket.end(switching));
  const page = requirePage(await ask(id));
  expect([page.status, page.text]).toEqual([400, expect.stringContaining('did not answer with 200')]);
});

it.each([
  { name: 'says another client_id', change: { client_id: 'https://localhost/other.json' }, word: 'client_id' },
  { name: 'leads browsers elsewhere', change: { redirect_uris: ['https://evil.example/'] }, word: 'redirect_uris' },
  { name: 'holds a secret', change: { client_secret: 'hush-hush' }, word: 'client_secret' },
])('a document that $name is refused on a page that says why', async ({ change, word }) => {
  const page = requirePage(await ask(host.serve(freshPath(), change)));
  expect(page.status).toBe(400);
  expect(page.text).toContain(word);
  expect(page.text).not.toMatch(/hush-hush|evil\.example/);
});

it.each([
  { name: 'redirects', head: [302, { location: 'https://localhost/x.json' }] as const, word: 'redirects' },
  { name: 'is missing', head: [404, { 'content-type': 'application/json' }] as const, word: 'did not answer with 200' },
  { name: 'is a page', head: [200, { 'content-type': 'text/html' }] as const, word: 'application/json' },
  {
    name: 'announces a gigabyte',
    head: [200, { 'content-type': 'application/json', 'content-length': '1000000000' }] as const,
    word: 'too large',
  },
])('a document that $name is not read, and browsers are led nowhere', async ({ head, word }) => {
  const [status, headers] = head;
  const id = host.answer(freshPath(), (_request, response) => void response.writeHead(status, headers).end('{}'));
  const page = requirePage(await ask(id));
  expect([page.status, page.text]).toEqual([400, expect.stringContaining(word)]);
});

/** Answers with JSON without an end, and counts how often it wrote eight kilobytes of it. */
function withoutEnd(counted: { written: number }): Parameters<DocumentHost['answer']>[1] {
  return (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    const more = (): void => {
      counted.written += 1;
      if (response.destroyed) return;
      if (response.write(' '.repeat(8192))) setImmediate(more);
      else response.once('drain', more);
    };
    more();
  };
}

it('a document without an end is read up to its bound', async () => {
  const counted = { written: 0 };
  const page = requirePage(await ask(host.answer(freshPath(), withoutEnd(counted))));
  expect([page.status, page.text]).toEqual([400, expect.stringContaining('too large')]);
  expect(counted.written).toBeLessThan(5000);
});

it('a set of keys without an end is read up to its bound', async () => {
  const counted = { written: 0 };
  const keys = host.answer(freshPath(), withoutEnd(counted));
  const id = host.serve(freshPath(), { token_endpoint_auth_method: 'private_key_jwt', jwks_uri: keys });
  const claims = { iss: id, sub: id, aud: test.origin, jti: 'one', exp: Math.floor(Date.now() / 1000) + 60 };
  const parts = [{ alg: 'ES256', kid: 'one' }, claims].map((part) =>
    Buffer.from(JSON.stringify(part)).toString('base64url'),
  );
  const answer = await fetch(`${test.origin}/oauth2/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      code: 'none',
      client_id: id,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: `${parts.join('.')}.AAAA`,
    }),
  });
  expect([400, 401]).toContain(answer.status);
  expect(counted.written).toBeGreaterThan(0);
  expect(counted.written).toBeLessThan(2000);
});

it('a host that fails is an outage, and a page of 503', async () => {
  const id = host.answer(freshPath(), (_request, response) => void response.writeHead(500).end());
  expect(requirePage(await ask(id)).status).toBe(503);
});

it('a host that is not listed is never called', async () => {
  const id = stranger.serve(freshPath());
  const page = requirePage(await ask(id));
  expect([page.status, stranger.asked]).toEqual([400, []]);
});

it('a redirect URI that the document does not have is refused', async () => {
  const page = requirePage(await ask(host.serve(freshPath()), { redirect_uri: `https://${host.host}/elsewhere` }));
  expect(page.status).toBe(400);
});

it('a program on the device may use any port of loopback, and is asked for each time', async () => {
  const id = host.serve(freshPath());
  const moved = requirePage(await ask(id, { redirect_uri: 'http://127.0.0.1:5123/callback' }));
  expect(moved.text).toContain('127.0.0.1:5123');
  const agent = createAgent(test.origin, id);
  await agent.authorize(browser, { resource: `${test.origin}/mcp`, scope: 'product:read' });
  expect(requirePage(await ask(id)).text).toContain('asks for access');
});

it('a client that says it can prove itself must, at the token endpoint', async () => {
  const key = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' };
  const id = host.serve(freshPath(), { token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [key] } });
  const agent = createAgent(test.origin, id);
  await expect(agent.authorize(browser, { resource: `${test.origin}/mcp`, scope: 'product:read' })).rejects.toThrow(
    /invalid_client/,
  );
});

it('a document is read once for a whole sign-in', async () => {
  const path = freshPath();
  const agent = createAgent(test.origin, host.serve(path));
  await agent.authorize(browser, { resource: `${test.origin}/mcp`, scope: 'product:read' });
  expect(host.asked.filter((one) => one === path)).toHaveLength(1);
});
