import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OAuthBrowser } from './test-support/oauth-browser.ts';
import { createOAuthPartners, type RegisteredClient } from './test-support/oauth-partner.ts';
import { startTestGateway, type TestGateway } from './test-support/test-gateway.ts';
import { agentUrl, createTokenExchanges, exchangeForm, type TokenExchanges } from './test-support/token-exchanges.ts';

let upstream: Server;
let test: TestGateway;
let browser: OAuthBrowser;
let exchanges: TokenExchanges;
const seen: IncomingHttpHeaders[] = [];

beforeAll(async () => {
  upstream = createServer((request, response) => {
    seen.push(request.headers);
    if (!request.url?.startsWith('/api/events')) return response.end('served');
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n');
  });
  await once(upstream.listen(0, '127.0.0.1'), 'listening');
  const to = { upstream: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}` };
  const credentials = ['session' as const, 'opaque' as const];
  const api = { ...to, access: 'signed-in' as const, credentials, permissions: ['product:*'] };
  test = await startTestGateway({
    config: {
      oauthProvider: { accessTokens: 'opaque', requests: [], authorizations: [] },
      routes: [
        { ...api, name: 'api', prefix: '/api', audience: 'api', streaming: true },
        { ...api, name: 'stock', prefix: '/stock', audience: 'stock', callers: ['api'] },
        { ...api, name: 'closed', prefix: '/closed', audience: 'closed', access: { permissions: ['user:manage'] } },
        { ...to, name: 'shell', prefix: '/', audience: 'shell', access: 'optional' },
      ],
    },
  });
  const partners = createOAuthPartners(test);
  browser = await partners.signedIn();
  exchanges = await createTokenExchanges({ test, partners, browser, token });
});
afterAll(async () => {
  await test.close();
  upstream.closeAllConnections();
  upstream.close();
});

const post = (path: string, { id, secret }: RegisteredClient, form: Readonly<Record<string, string>>) =>
  fetch(test.origin + path, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` },
    body: new URLSearchParams(form),
  });
const token = (form: Readonly<Record<string, string>>, by?: RegisteredClient) =>
  post('/oauth2/token', by ?? exchanges.agent, form);
const introspect = async (by: RegisteredClient, text: string): Promise<unknown> =>
  (await post('/oauth2/introspect', by, { token: text })).json();
const bearer = (text: string) => ({ authorization: `Bearer ${text}` });
const statusOf = async (text: string, path = '/api/x'): Promise<number> => (await test.get(path, bearer(text))).status;
const givenToken = (): string => seen.at(-1)?.authorization?.slice('Bearer '.length) ?? '';

describe('an opaque token that was exchanged', () => {
  it('opens the routes that take it, and is known to the client that has it, with who acts', async () => {
    const { agent, app, handOver, exchange } = exchanges;
    const made = await exchange(await handOver());
    expect(made).toMatch(/^sp_at_/);
    expect(await statusOf(made)).toBe(200);
    expect(decodeJwt(givenToken())).toMatchObject({
      client_id: agent.id,
      act: { sub: agent.id },
      scope: 'product:read',
    });
    expect(await introspect(agent, made)).toMatchObject({ active: true, client_id: agent.id, act: { sub: agent.id } });
    expect(await introspect(app, made)).toEqual({ active: false });
  });

  it('ends alone when its client gives it up, without the access of the app', async () => {
    const { agent, app, handOver, exchange } = exchanges;
    const subject = await handOver();
    const made = await exchange(subject);
    expect(await statusOf(made)).toBe(200);
    expect((await post('/oauth2/revoke', app, { token: made })).status).toBe(400);
    expect(await statusOf(made)).toBe(200);
    expect((await post('/oauth2/revoke', agent, { token: made })).status).toBe(200);
    expect(await statusOf(made)).toBe(401);
    expect(await introspect(agent, made)).toEqual({ active: false });
    // Twice within a second: what is exchanged afterwards is good, and nothing of before.
    const second = await exchange(subject);
    expect(await statusOf(second)).toBe(200);
    expect((await post('/oauth2/revoke', agent, { token: second })).status).toBe(200);
    const third = await exchange(subject);
    expect([await statusOf(made), await statusOf(second), await statusOf(third)]).toEqual([401, 401, 200]);
  });

  it('is closed with its streams when its user ends the agent', async () => {
    const { agent, handOver, exchange } = exchanges;
    const made = await exchange(await handOver());
    const stream = await fetch(`${test.origin}/api/events`, { headers: bearer(made) });
    expect(stream.status).toBe(200);
    const reading = stream.text().catch(() => 'cut');
    const answer = await fetch(`${test.origin}/auth/account/apps/${agent.id}`, {
      method: 'DELETE',
      headers: { origin: test.origin, cookie: browser.cookiesFor('/') },
    });
    const ended = performance.now();
    expect(answer.status).toBe(204);
    await reading;
    expect(performance.now() - ended).toBeLessThan(5000);
    expect(await statusOf(made)).toBe(401);
    expect(await introspect(agent, made)).toEqual({ active: false });
  });
});

describe('a token exchange that is refused', () => {
  it('says why in the log, and the same to every client', async () => {
    const { agent, tool, handOver } = exchanges;
    const partners = createOAuthPartners(test);
    const app = await partners.register({ name: 'Short-lived', resources: [agentUrl] });
    const other = await partners.register({ name: 'Short-lived, too', resources: [agentUrl] });
    const subject = await handOver(await partners.signedIn(), app);
    const ofDisabled = await handOver(await partners.signedIn(), other);
    const before = test.lines.length;
    const refusals: string[] = [];
    const refuse = async (by: RegisteredClient, given = subject): Promise<void> => {
      const answer = await token(exchangeForm(given), by);
      expect(answer.status).toBe(400);
      refusals.push(await answer.text());
    };
    await refuse(tool);
    await fetch(`${test.origin}/auth/account/apps/${app.id}`, {
      method: 'DELETE',
      headers: { origin: test.origin, cookie: browser.cookiesFor('/') },
    });
    await refuse(agent);
    await partners.operate('oauth-clients/set-disabled', { id: other.id, isDisabled: true });
    await refuse(agent, ofDisabled);
    expect(new Set(refusals).size).toBe(1);
    const reasons = test.lines.slice(before).map(({ fields }) => fields['reason']);
    expect(reasons).toEqual(
      expect.arrayContaining(['oauth-token-of-another-client', 'oauth-grant-ended', 'oauth-client-disabled']),
    );
    expect(JSON.stringify(test.lines)).not.toContain(subject);
  });
});

describe('a service that an agent called', () => {
  it('calls on for the user, and the next one is told of both, with no more than the agent had', async () => {
    const { handOver, exchange, registerAgent } = exchanges;
    const agent = await registerAgent({ serves: ['https://agent.example/api'] });
    const made = await exchange(await handOver(), {}, agent);
    expect(await statusOf(made)).toBe(200);
    const answer = await fetch(`http://127.0.0.1:${test.gateway.internalPort}/stock/x`, {
      headers: bearer(givenToken()),
    });
    expect(answer.status).toBe(200);
    expect(decodeJwt(givenToken())).toMatchObject({
      aud: 'stock',
      client_id: agent.id,
      scope: 'product:read',
      act: { sub: 'api', act: { sub: agent.id } },
    });
    expect(await statusOf(made, '/closed/x')).toBe(403);
    const refused = test.lines.find(({ fields }) => fields['route'] === 'closed');
    expect(refused?.fields).toMatchObject({ reason: 'permission-missing', actor: agent.id });
    expect(JSON.stringify(test.lines)).not.toContain(made);
  });
});
