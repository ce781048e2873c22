import { once } from 'node:events';
import type { IncomingMessage, Server } from 'node:http';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { createTestIssuer } from '@sallyport/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { SallyportWsAdapter } from './sallyport-ws-adapter.ts';
import {
  defineGateways,
  forge,
  forgetReached,
  lines,
  patience,
  reached,
  startSocketService,
  type SocketService,
} from './socket-service.test-support.ts';

let service: SocketService;
const clients: WebSocket[] = [];

beforeAll(async () => {
  service = await startSocketService(
    defineGateways((name) => ({ path: `/${name}` })),
    (app) => app.useWebSocketAdapter(new SallyportWsAdapter(app, { maxConnectionsPerCaller: 60 })),
  );
});
afterAll(() => service.close());
beforeEach(() => {
  forgetReached();
  lines.length = 0;
});
afterEach(async () => {
  const open = clients.splice(0).filter(({ readyState }) => readyState !== WebSocket.CLOSED);
  await Promise.all(open.map((client) => (client.terminate(), once(client, 'close'))));
});

/** What a handshake came to. */
interface Attempt {
  readonly status: number;
  readonly code?: string;
  readonly headers?: IncomingMessage['headers'];
  readonly client: WebSocket;
}

function attempt(path: string, token?: string, headers: Readonly<Record<string, string>> = {}): Promise<Attempt> {
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const client = new WebSocket(`ws://127.0.0.1:${service.port}${path}`, { headers: { ...authorization, ...headers } });
  client.on('error', () => {});
  return new Promise((resolve) => {
    client.once('open', () => {
      clients.push(client);
      resolve({ status: 101, client });
    });
    client.once('unexpected-response', (_request, response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const { code } = JSON.parse(Buffer.concat(chunks).toString()) as { readonly code: string };
        resolve({ status: response.statusCode ?? 0, code, headers: response.headers, client });
      });
    });
  });
}

async function open(token: string, path = '/live'): Promise<WebSocket> {
  const { status, client } = await attempt(path, token);
  expect(status).toBe(101);
  return client;
}

const say = (client: WebSocket, event: string, data?: unknown): void => client.send(JSON.stringify({ event, data }));

async function hear(client: WebSocket): Promise<unknown> {
  const [data] = (await once(client, 'message')) as [Buffer];
  return JSON.parse(data.toString());
}

async function closed(client: WebSocket): Promise<string> {
  const [code, reason] = (await once(client, 'close')) as [number, Buffer];
  return `${code} ${reason.toString()}`;
}

const vendor = (claims: object = {}): string => service.issuer.tokenFor('vendor', { ...claims });

describe('a connection with a token that holds', () => {
  it('is open, and its caller is known to handleConnection and to every handler', async () => {
    const client = await open(vendor());
    say(client, 'me');
    expect(await hear(client)).toEqual({ event: 'me', data: { id: 'vendor-1', isSame: true } });
    say(client, 'write', { name: 'tea' });
    expect(await hear(client)).toEqual({ event: 'written', data: { name: 'tea' } });
    expect(reached.connected).toEqual(['vendor-1']);
  });

  it('gets no handler whose permission its caller does not hold', async () => {
    const client = await open(service.issuer.tokenFor('user'));
    say(client, 'write', {});
    expect(await hear(client)).toEqual({
      event: 'exception',
      data: { status: 'error', code: 'SP_FORBIDDEN', message: 'A role or permission is missing' },
    });
    expect(lines.at(-1)).toMatchObject({
      event: 'request-refused',
      subject: 'user-1',
      requiredPermissions: 'product:create',
    });
    expect(reached.handled).toEqual([]);
    expect(client.readyState).toBe(WebSocket.OPEN);
  });

  it('is one of 50 at the same time, each with its own caller', async () => {
    const ids = Array.from({ length: 50 }, (_, index) => `vendor-${index}`);
    const answers = await Promise.all(
      ids.map(async (sub) => {
        const client = await open(vendor({ sub }));
        say(client, 'me');
        return hear(client);
      }),
    );
    expect(answers).toEqual(ids.map((id) => ({ event: 'me', data: { id, isSame: true } })));
  });
});

interface Refusal {
  readonly name: string;
  readonly path?: string;
  readonly token: () => string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  readonly status: number;
  readonly code: string;
}

describe('a handshake is refused before anything is opened', () => {
  it.each<Refusal>([
    { name: 'without a token', token: () => undefined, status: 401, code: 'SP_UNAUTHENTICATED' },
    { name: 'with a text', token: () => 'x', status: 401, code: 'SP_TOKEN_INVALID' },
    { name: 'with a forged signature', token: () => forge(vendor()), status: 401, code: 'SP_TOKEN_INVALID' },
    {
      name: 'with the token of another issuer',
      token: () => createTestIssuer({ issuer: 'https://app.test/internal' }).sign(),
      status: 401,
      code: 'SP_TOKEN_INVALID',
    },
    {
      name: 'with a token for another service',
      token: () => vendor({ aud: 'billing' }),
      status: 401,
      code: 'SP_TOKEN_INVALID',
    },
    {
      name: 'with a token of another type',
      token: () => service.issuer.sign({}, { typ: 'JWT' }),
      status: 401,
      code: 'SP_TOKEN_INVALID',
    },
    { name: 'with a token that is over', token: () => vendor({ exp: 1 }), status: 401, code: 'SP_TOKEN_EXPIRED' },
    { name: 'at a gateway for others', path: '/admin', token: () => vendor(), status: 403, code: 'SP_FORBIDDEN' },
    {
      name: 'from a page of another site',
      token: () => vendor(),
      headers: { origin: 'https://evil.test' },
      status: 403,
      code: 'SP_CROSS_SITE_REQUEST',
    },
    {
      name: 'from a page of another site where strangers may connect',
      path: '/open',
      token: () => undefined,
      headers: { origin: 'https://evil.test' },
      status: 403,
      code: 'SP_CROSS_SITE_REQUEST',
    },
    {
      name: 'with a forged token where strangers may connect',
      path: '/open',
      token: () => forge(vendor()),
      status: 401,
      code: 'SP_TOKEN_INVALID',
    },
    { name: 'at no gateway', path: '/elsewhere', token: () => vendor(), status: 404, code: 'SP_NOT_FOUND' },
  ])('$name', async ({ path = '/live', token, headers, status, code }) => {
    const refused = await attempt(path, token(), headers);
    expect(refused).toMatchObject({ status, code });
    expect(refused.headers?.['content-type']).toBe('application/problem+json');
    expect(refused.headers?.['www-authenticate'] === undefined).toBe(status !== 401);
    expect(reached).toEqual({ handled: [], connected: [] });
    expect(lines.at(-1)).toMatchObject({ event: 'handshake-refused', status, code });
    expect(JSON.stringify(lines)).not.toMatch(/eyJ/);
  });

  it('20 times of 20, although a message follows in the same packet (S17)', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const socket = connect(service.port, '127.0.0.1');
        socket.write(Buffer.concat([Buffer.from(handshake('/live', forge(vendor()))), maskedText('{"event":"me"}')]));
        const chunks: Buffer[] = [];
        socket.on('data', (chunk: Buffer) => chunks.push(chunk));
        await once(socket, 'close');
        return Buffer.concat(chunks).toString().slice(0, 12);
      }),
    );
    expect(answers).toEqual(Array.from({ length: 20 }, () => 'HTTP/1.1 401'));
    expect(reached).toEqual({ handled: [], connected: [] });
  });
});

it('a message that comes with the handshake is handled once its caller is verified', async () => {
  const socket = connect(service.port, '127.0.0.1');
  socket.write(Buffer.concat([Buffer.from(handshake('/live', vendor())), maskedText('{"event":"me"}')]));
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  await expect.poll(() => Buffer.concat(chunks).toString('latin1'), patience).toContain('vendor-1');
  expect(reached).toEqual({ handled: ['me'], connected: ['vendor-1'] });
  socket.destroy();
});

describe('an open gateway', () => {
  it('serves strangers, and its guarded handlers to none of them', async () => {
    const { client } = await attempt('/open', undefined, { origin: 'https://app.test' });
    say(client, 'look');
    expect(await hear(client)).toEqual({ event: 'looked', data: 'anonymous' });
    say(client, 'closed');
    expect(await hear(client)).toMatchObject({ event: 'exception' });
    expect(reached.handled).toEqual(['look']);
  });

  it('tells a client what Nest tells it, and nothing of an error that was not foreseen', async () => {
    const { client } = await attempt('/open');
    say(client, 'sold-out', 'tea');
    const cause = { pattern: 'sold-out', data: 'tea' };
    expect(await hear(client)).toEqual({ event: 'exception', data: { status: 'error', message: 'sold out', cause } });
    say(client, 'broken');
    const answer = await hear(client);
    expect(answer).toMatchObject({ event: 'exception', data: { status: 'error', message: 'Internal server error' } });
    expect(JSON.stringify(answer)).not.toMatch(/canary/);
  });

  it('knows a caller who presents a token', async () => {
    const client = await open(vendor(), '/open');
    say(client, 'look');
    expect(await hear(client)).toEqual({ event: 'looked', data: 'user' });
  });
});

describe('a connection ends', () => {
  it('with 4401 when its token expires, also when it is silent', async () => {
    const exp = Math.floor(Date.now() / 1000) + 2;
    const client = await open(vendor({ exp }));
    expect(await closed(client)).toBe('4401 token expired');
    expect(Date.now() / 1000).toBeGreaterThanOrEqual(exp);
    expect(Date.now() / 1000).toBeLessThan(exp + 2);
  });

  it.each([
    { kind: 'session', id: 'session-of-test', claims: { sid: 'session-of-test' } },
    { kind: 'user', id: 'user-of-test', claims: { sub: 'user-of-test' } },
  ] as const)('with 4401 when its $kind loses authority, and no message after that is handled', async (row) => {
    const { kind, id, claims } = row;
    const client = await open(vendor(claims));
    const other = await open(vendor({ sub: 'other', sid: 'other' }));
    say(client, 'me');
    await hear(client);
    const begun = performance.now();
    service.revoke(kind, id);
    const end = closed(client);
    expect(await end).toBe('4401 session ended');
    // Generous: the machine is shared. The bound is 50 ms.
    expect(performance.now() - begun).toBeLessThan(1000);
    expect((await attempt('/live', vendor(claims))).status).toBe(401);
    expect(reached.handled).toEqual(['me']);
    say(other, 'me');
    expect(await hear(other)).toMatchObject({ event: 'me' });
  });

  it('with 1008 when its client sends too many messages', async () => {
    const client = await open(vendor());
    for (let index = 0; index < 200; index += 1) say(client, 'nothing');
    expect(await closed(client)).toBe('1008 too many messages');
  });

  it('with 1009 when a message is too large', async () => {
    const client = await open(vendor());
    say(client, 'write', 'x'.repeat(70_000));
    expect(await closed(client)).toMatch(/^1009 /);
    expect(reached.handled).toEqual([]);
  });
});

it('a caller has so many connections and no more, and gets a place back', async () => {
  const sub = 'collector';
  const all = await Promise.all(Array.from({ length: 60 }, () => attempt('/live', vendor({ sub }))));
  expect(all.every(({ status }) => status === 101)).toBe(true);
  expect(await attempt('/live', vendor({ sub }))).toMatchObject({ status: 429, code: 'SP_TOO_MANY_STREAMS' });
  expect((await attempt('/live', vendor({ sub: 'another' }))).status).toBe(101);
  all[0]?.client.close();
  await expect.poll(async () => (await attempt('/live', vendor({ sub }))).status, patience).toBe(101);
});

it('a handshake that is none takes no place', async () => {
  const sub = 'broken';
  for (let round = 0; round < 70; round += 1) {
    const socket = connect(service.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.end(handshake('/live', vendor({ sub })).replace('Sec-WebSocket-Version: 13', 'Sec-WebSocket-Version: 12'));
    socket.resume();
    await once(socket, 'close');
  }
  expect((await attempt('/live', vendor({ sub }))).status).toBe(101);
});

it('an upgrade of another path is left to the other listeners of the server', async () => {
  const server = service.app.getHttpServer() as Server;
  const foreign = (request: IncomingMessage, socket: Duplex): void => {
    if (request.url === '/graphql') socket.end('HTTP/1.1 418 Elsewhere\r\nConnection: close\r\n\r\n');
  };
  server.on('upgrade', foreign);
  const socket = connect(service.port, '127.0.0.1');
  socket.write(handshake('/graphql', 'x'));
  const [answer] = (await once(socket, 'data')) as [Buffer];
  server.off('upgrade', foreign);
  expect(answer.toString()).toMatch(/^HTTP\/1\.1 418 /);
});

function handshake(path: string, token: string): string {
  return [
    `GET ${path} HTTP/1.1`,
    'Host: service.test',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version: 13',
    `Authorization: Bearer ${token}`,
    '',
    '',
  ].join('\r\n');
}

/** A text frame of a client whose mask is zero (RFC 6455, section 5.2); of up to 125 bytes. */
function maskedText(text: string): Buffer {
  return Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), Buffer.from(text)]);
}
