import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createForwarder } from './forwarder.ts';
import { shellCookiesFor } from './shell-cookies.ts';
import type { ShellSession } from './shell-session.ts';
import type { TokensOutcome } from './token-storage.ts';

const shellUrl = 'https://app.example.com';
const issuer = 'https://id.example.com';
const cookies = shellCookiesFor(shellUrl);
const seen: IncomingMessage[] = [];
let answer: (request: IncomingMessage, response: ServerResponse) => void;
let outcome: TokensOutcome;
let startedAt: number;
let forward: (request: Request) => Promise<Response>;

const gateway = createServer((request, response) => {
  seen.push(request);
  answer(request, response);
});
beforeAll(async () => {
  await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve));
  forward = createForwarder({
    shellUrl,
    issuer,
    gatewayUrl: `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`,
    prefixes: ['/account', '/api/shop'],
    anonymousPrefixes: ['/auth/assets'],
    cookies,
    findCaller: (cookies) =>
      cookies?.includes('session=alice') === true
        ? { session: { startedAt } as ShellSession, find: async () => outcome }
        : undefined,
  });
});
afterAll(() => gateway.close());
beforeEach(() => {
  seen.length = 0;
  answer = (request, response) => void request.resume().on('end', () => response.end('ok'));
  outcome = {
    kind: 'found',
    tokens: { accessToken: 'at.of.alice', accessTokenEndsAt: Date.now() + 600_000, idToken: 'id' },
    setCookies: [],
  };
  startedAt = Date.now() - 3_600_000;
});

const own = { cookie: 'session=alice', 'sec-fetch-site': 'same-origin', origin: shellUrl };
const request = (path: string, init: RequestInit = {}): Request =>
  new Request(`${shellUrl}${path}`, { ...init, headers: { ...own, ...(init.headers as Record<string, string>) } });
const headersSeen = (): IncomingMessage['headers'] => seen[0]?.headers ?? {};

describe('the forwarder sends to the gateway', () => {
  it('the token of the user, and the origin of the gateway for its own', async () => {
    await forward(request('/api/shop/products?page=2'));
    expect(seen[0]?.url).toBe('/api/shop/products?page=2');
    expect(headersSeen()).toMatchObject({ authorization: 'Bearer at.of.alice', origin: issuer });
  });

  it.each([
    'cookie',
    'x-api-key',
    'forwarded',
    'x-forwarded-for',
    'x-forwarded-host',
    'x_forwarded_host',
    'x-forwarded-uri',
    'x-sallyport-session',
    'x-middleware-subrequest',
    'x-original-url',
    'x-rewrite-url',
    'x-real-ip',
    'via',
    'proxy-authorization',
    'te',
    'keep-alive',
    'content-security-policy',
  ])('no header %s of a browser', async (name) => {
    await forward(request('/account', { headers: { [name]: name === 'cookie' ? 'session=alice; x=y' : 'smuggled' } }));
    expect(Object.values(headersSeen())).not.toContain('smuggled');
    expect(headersSeen().cookie).toBeUndefined();
  });

  it('no credential that a browser sends in its place', async () => {
    await forward(request('/account', { headers: { authorization: 'Bearer stolen' } }));
    expect(headersSeen().authorization).toBe('Bearer at.of.alice');
    await forward(new Request(`${shellUrl}/account`, { headers: { authorization: 'Bearer stolen' } }));
    expect(seen[1]?.headers.authorization).toBeUndefined();
  });

  it('no header that "Connection" takes for this one connection', async () => {
    const smuggled = request('/account');
    // fetch() refuses to set it, and a server hands it over.
    Object.defineProperty(smuggled, 'headers', {
      value: new Headers({ ...own, 'x-hop': 'smuggled' }),
    });
    const headers = smuggled.headers;
    const get = headers.get.bind(headers);
    headers.get = (name) => (name === 'connection' ? 'close, X-Hop' : get(name));
    await forward(smuggled);
    expect(headersSeen()['x-hop']).toBeUndefined();
  });

  it('what browsers say of the request, by which pages and calls of scripts are told apart', async () => {
    const said = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
    await forward(request('/account', { headers: { ...said, accept: 'text/html' } }));
    expect(headersSeen()).toMatchObject({ ...said, 'sec-fetch-site': 'same-origin', accept: 'text/html' });
  });

  it('its own host, whatever host a request says', async () => {
    await forward(new Request('https://169.254.169.254/account', { headers: { ...own, host: 'evil.example' } }));
    expect(headersSeen().host).toMatch(/^127\.0\.0\.1:/);
  });

  it('files of everybody without the token', async () => {
    await forward(request('/auth/assets/brand/brand.css'));
    expect(headersSeen().authorization).toBeUndefined();
  });

  it('a body as it comes, piece by piece', async () => {
    let first: string | undefined;
    answer = (incoming, response) => {
      incoming.once('data', (chunk: Buffer) => {
        first = chunk.toString();
        incoming.resume().on('end', () => response.end('done'));
        void more?.write('second').then(() => more?.close());
      });
    };
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    const encoder = new TextEncoder();
    const more = {
      write: (text: string) => writer.write(encoder.encode(text)),
      close: () => writer.close(),
    };
    const init = { method: 'POST', body: readable, duplex: 'half' } as RequestInit;
    const answered = forward(request('/api/shop/products', init));
    await more.write('first');
    expect(await (await answered).text()).toBe('done');
    expect(first).toBe('first');
  });
});

describe('the forwarder refuses', () => {
  it.each(['POST', 'PUT', 'PATCH', 'DELETE'])('a %s that another site makes a browser send', async (method) => {
    for (const headers of [
      { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
      { origin: 'https://sibling.example.com', 'sec-fetch-site': 'same-site' },
      { origin: 'null', 'sec-fetch-site': 'cross-site' },
      // A browser says both or one of them; where they contradict each other it is no page of ours.
      { origin: 'https://evil.example', 'sec-fetch-site': 'same-origin' },
    ])
      await expect(forward(request('/api/shop/products', { method, headers }))).rejects.toMatchObject({
        code: 'SP_CROSS_SITE_REQUEST',
      });
    expect(seen).toEqual([]);
  });

  it('a change that says nothing of where it comes from, with a session', async () => {
    const silent = new Request(`${shellUrl}/account`, { method: 'POST', headers: { cookie: 'session=alice' } });
    await expect(forward(silent)).rejects.toMatchObject({ code: 'SP_CROSS_SITE_REQUEST' });
  });

  it('every path that is not below a configured prefix', async () => {
    for (const path of ['/', '/oauth2/token', '/auth/sessions', '/admin', '/account%2f..%2fadmin'])
      await expect(forward(request(path))).rejects.toThrow(/SP_(?:NOT_FOUND|REQUEST_AMBIGUOUS)/);
    expect(seen).toEqual([]);
  });
});

describe('the session of a browser', () => {
  it.each([
    { name: 'a script of another site', headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' } },
    { name: 'a sibling of the site', headers: { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'cors' } },
    { name: 'a frame', headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', origin: 'null' } },
  ])('does not count for what $name reads', async ({ headers }) => {
    const incoming = new Request(`${shellUrl}/account`, { headers: { cookie: own.cookie, ...headers } });
    await forward(incoming);
    expect(headersSeen().authorization).toBeUndefined();
  });

  it('counts for a link that a user follows from another site', async () => {
    const headers = { cookie: own.cookie, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' };
    await forward(new Request(`${shellUrl}/account`, { headers }));
    expect(headersSeen().authorization).toBe('Bearer at.of.alice');
  });
});

describe('the forwarder gives back', () => {
  it('no cookie and no header of the connection of the gateway', async () => {
    answer = (_request, response) => {
      response.writeHead(200, {
        'set-cookie': ['__Host-sallyport=x; Path=/', 'theme=dark'],
        'x-middleware-set-cookie': 'y',
        'alt-svc': 'h3=":443"',
        connection: 'close, x-hop',
        'x-hop': '1',
        'x-kept': '1',
      });
      response.end();
    };
    const { headers } = await forward(request('/account'));
    expect(headers.getSetCookie()).toEqual([]);
    for (const name of ['x-middleware-set-cookie', 'alt-svc', 'x-hop', 'connection'])
      expect(headers.get(name)).toBe(null);
    expect([headers.get('x-kept'), headers.get('vary')]).toEqual(['1', 'Cookie']);
  });

  it('the cookies of a refresh', async () => {
    outcome = { ...outcome, setCookies: ['tokens.0=new; Path=/', 'tokens.1=more; Path=/'] } as TokensOutcome;
    expect((await forward(request('/account'))).headers.getSetCookie()).toHaveLength(2);
  });

  it.each([
    [`${issuer}/account/x?y=1#z`, '/account/x?y=1#z'],
    ['/auth/sign-in?returnTo=/account', '/auth/sign-in?returnTo=/account'],
    ['https://elsewhere.example/x', 'https://elsewhere.example/x'],
  ])('the address %s of a redirect as %s, without following it', async (location, expected) => {
    answer = (_request, response) => void response.writeHead(302, { location }).end();
    const { status, headers } = await forward(request('/account'));
    expect([status, headers.get('location'), seen.length]).toEqual([302, expected, 1]);
  });

  it('a stream as it comes', async () => {
    let end = (): void => {};
    answer = (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: 1\n\n');
      end = () => response.end('data: 2\n\n');
    };
    const { body } = await forward(request('/api/shop/stream'));
    const reader = body?.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader?.read())?.value).toBe('data: 1\n\n');
    end();
    expect((await reader?.read())?.value).toBe('data: 2\n\n');
  });

  it('no compressed body: none is asked for, and Next.js would send it on as if it were none', async () => {
    await forward(request('/account', { headers: { 'accept-encoding': 'br, gzip' } }));
    expect(headersSeen()['accept-encoding']).toBe('identity');
    answer = (_request, response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end('coded');
    await expect(forward(request('/account'))).rejects.toMatchObject({ reason: 'coded-answer' });
  });

  it('an answer over a connection that the gateway closed while it was idle', async () => {
    await (await forward(request('/account'))).text();
    gateway.closeIdleConnections();
    expect((await forward(request('/account'))).status).toBe(200);
  });

  it('an answer without a body, and the status as it is', async () => {
    for (const status of [204, 304, 401, 403, 503]) {
      answer = (_request, response) => void response.writeHead(status).end();
      expect((await forward(request('/account'))).status).toBe(status);
    }
    expect(await (await forward(request('/account', { method: 'HEAD' }))).text()).toBe('');
  });

  it('502 when the gateway does not answer', async () => {
    answer = (incoming) => void incoming.socket.destroy();
    await expect(forward(request('/account'))).rejects.toMatchObject({ code: 'SP_UPSTREAM_UNAVAILABLE' });
  });

  it('nothing more when the browser has gone', async () => {
    const left = new AbortController();
    let closed: Promise<unknown[]> | undefined;
    answer = (_request, response) => {
      response.writeHead(200).write('first');
      closed = once(response, 'close');
    };
    await forward(request('/account', { signal: left.signal }));
    left.abort();
    await closed;
    expect(closed).toBeDefined();
  });
});

describe('a request of the router of Next.js', () => {
  const flight = { rsc: '1', 'sec-fetch-mode': 'cors' };

  it('is asked for once more where the zone computes another digest of its headers', async () => {
    answer = ({ url }, response) =>
      url?.endsWith('_rsc=with') === true
        ? void response.writeHead(307, { location: '/account/security?_rsc=without' }).end()
        : void response.end('flight');
    const answered = await forward(request('/account/security?_rsc=with', { headers: flight }));
    expect([answered.status, await answered.text(), seen.map(({ url }) => url)]).toEqual([
      200,
      'flight',
      ['/account/security?_rsc=with', '/account/security?_rsc=without'],
    ]);
  });

  it('gives back the second redirect as it is', async () => {
    let count = 0;
    answer = (_request, response) => void response.writeHead(307, { location: `/account?_rsc=${count++}` }).end();
    const { status, headers } = await forward(request('/account?_rsc=first', { headers: flight }));
    expect([status, headers.get('location'), seen.length]).toEqual([307, '/account?_rsc=1', 2]);
  });
});
