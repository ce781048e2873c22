import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createGatewayFolder, type GatewayFolder } from '../processes/gateway-folder.ts';
import { makeAccount } from '../processes/make-account.ts';
import { useVisitors } from './browser.ts';
import { callApi } from './call-api.ts';

const visitors = useVisitors();
const account = { email: 'ada@example.com', password: 'violet-harbor-lantern-42' };

const servers: Server[] = [];
/** What came to the service behind the gateway. */
const seen: { readonly method: string | undefined; readonly headers: IncomingHttpHeaders }[] = [];
let folder: GatewayFolder;
/** Pages on the same machine: for a browser another site, the same site on another port, and one that is not listed. */
let spa: string;
let sibling: string;
let stranger: string;

beforeAll(async () => {
  const service = await open('127.0.0.1', ({ method, headers }) => {
    seen.push({ method, headers });
    return { type: 'application/json', body: '{"products":[]}' };
  });
  const page = (): Answer => ({ type: 'text/html', body: '<!doctype html><title>A page</title>' });
  spa = await open('127.0.0.1', page);
  sibling = await open('localhost', page);
  stranger = await open('127.0.0.1', page);
  const listed = [spa, sibling];
  folder = await createGatewayFolder({
    config: {
      firstPartyTokens: {},
      cors: { tokenOrigins: listed },
      routes: [
        {
          name: 'shop',
          prefix: '/api/shop',
          upstream: service,
          audience: 'shop',
          access: 'signed-in',
          credentials: ['session', 'bearer'],
          cors: { origins: listed },
        },
      ],
    },
  });
  await makeAccount(folder, {}, account);
  await folder.start();
}, 120_000);
afterAll(() => {
  folder?.remove();
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});
beforeEach(() => void seen.splice(0));

describe('a page of another origin', () => {
  it('signs in, calls, refreshes and signs out with tokens', async () => {
    const page = await openAt(spa);
    const { access_token, refresh_token, ...rest } = await signIn(page);
    expect(rest).toEqual({ token_type: 'Bearer', expires_in: 600 });
    expect(await call(page, { token: access_token })).toMatchObject({ status: 200, body: { products: [] } });
    expect((await call(page, { token: access_token, method: 'POST' })).status).toBe(200);
    expect(seen.map(({ method }) => method)).toEqual(['GET', 'POST']);

    const refreshed = await call(page, { path: '/auth/token/refresh', json: { refresh_token } });
    expect(refreshed.status).toBe(200);
    const next = refreshed.body as unknown as Tokens;
    expect((await call(page, { token: next.access_token })).status).toBe(200);
    expect((await call(page, { path: '/auth/token/revoke', json: { refresh_token: next.refresh_token } })).status).toBe(
      200,
    );
    expect(await call(page, { token: next.access_token })).toMatchObject({ status: 401 });
    expect(await page.context().cookies()).toEqual([]);
  });

  it('reads why it was refused, and by which id it is asked after', async () => {
    const page = await openAt(spa);
    const unknown = await call(page, { token: 'a.b.c' });
    expect(unknown).toMatchObject({ status: 401, body: { code: 'SP_TOKEN_INVALID' } });
    expect(unknown.requestId).toMatch(/^[0-9a-f]{32}$/);
    expect(unknown.challenge).toContain('invalid_token');
    const wrong = await call(page, { path: '/auth/token', json: { ...account, password: 'wrong' } });
    expect(wrong).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
    expect(seen).toEqual([]);
  });

  it('does not come in with the session of its visitor, also on the same site', async () => {
    const page = await openAt(`${folder.origin}/auth/sign-in`);
    const { email, password } = account;
    const signedIn = await callApi(page, '/auth/sign-in/email', { method: 'POST', json: { email, password } });
    expect(signedIn.status).toBe(200);
    expect((await callApi(page, '/api/shop/x')).status).toBe(200);
    seen.splice(0);
    for (const origin of [sibling, spa]) {
      await page.goto(origin);
      for (const method of ['GET', 'POST']) {
        expect(await call(page, { method, credentials: 'include' })).toEqual({ status: 0 });
        expect(await call(page, { method, token: 'a.b.c', credentials: 'include' })).toEqual({ status: 0 });
      }
    }
    expect(seen).toEqual([]);
    // The same page with a token of its own, and without the cookie.
    const { access_token } = await signIn(page);
    expect((await call(page, { token: access_token })).status).toBe(200);
  });
});

describe('a page that is not listed', () => {
  it('reads nothing, and what it needs a preflight for is not sent', async () => {
    const tokens = await signIn(await openAt(spa));
    const page = await openAt(stranger);
    const { access_token: token, refresh_token } = tokens;
    expect(await call(page, { path: '/auth/token', json: account })).toEqual({ status: 0 });
    expect(await call(page, { path: '/auth/token/refresh', json: { refresh_token } })).toEqual({ status: 0 });
    expect(await call(page, { token })).toEqual({ status: 0 });
    expect(await call(page, { token, method: 'DELETE' })).toEqual({ status: 0 });
    expect(seen).toEqual([]);
    // It was not used up.
    const listed = await openAt(spa);
    expect((await call(listed, { path: '/auth/token/refresh', json: { refresh_token } })).status).toBe(200);
  });
});

interface Answer {
  readonly type: string;
  readonly body: string;
}

/** Serves on a free port of loopback, and resolves to the origin. */
async function open(
  host: string,
  answer: (request: { readonly method: string | undefined; readonly headers: IncomingHttpHeaders }) => Answer,
): Promise<string> {
  const server = createServer((request, response) => {
    request.resume();
    const { type, body } = answer({ method: request.method, headers: request.headers });
    response.writeHead(200, { 'content-type': type }).end(body);
  });
  servers.push(server);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return `http://${host}:${(server.address() as AddressInfo).port}`;
}

async function openAt(origin: string): Promise<Page> {
  const page = await visitors.openPage();
  await page.goto(origin);
  return page;
}

interface Tokens {
  readonly access_token: string;
  readonly refresh_token: string;
}

async function signIn(page: Page): Promise<Tokens> {
  const answer = await call(page, { path: '/auth/token', json: account });
  expect(answer.status).toBe(200);
  return answer.body as unknown as Tokens;
}

interface Call {
  readonly path?: string;
  readonly method?: string;
  readonly token?: string;
  readonly json?: object;
  readonly credentials?: 'omit' | 'include';
}

interface Told {
  /** 0 stands for an answer that the browser kept from the script. */
  readonly status: number;
  readonly body?: Readonly<Record<string, unknown>>;
  readonly requestId?: string;
  readonly challenge?: string;
}

/** What a script on the page is told. */
function call(page: Page, { path = '/api/shop/x', method, token, json, credentials = 'omit' }: Call): Promise<Told> {
  return page.evaluate(
    async ({ url, method, token, json, credentials }) => {
      try {
        const answer = await fetch(url, {
          method,
          credentials,
          headers: {
            ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
            ...(json === undefined ? {} : { 'content-type': 'application/json' }),
          },
          ...(json === undefined ? {} : { body: JSON.stringify(json) }),
        });
        const text = await answer.text();
        return {
          status: answer.status,
          body: (text === '' ? {} : JSON.parse(text)) as Readonly<Record<string, unknown>>,
          requestId: String(answer.headers.get('x-request-id')),
          challenge: String(answer.headers.get('www-authenticate')),
        };
      } catch {
        return { status: 0 };
      }
    },
    { url: folder.origin + path, method: method ?? (json === undefined ? 'GET' : 'POST'), token, json, credentials },
  );
}
