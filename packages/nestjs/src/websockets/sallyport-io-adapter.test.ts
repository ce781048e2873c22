import { io, type Socket } from 'socket.io-client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SallyportIoAdapter } from './sallyport-io-adapter.ts';
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
const clients: Socket[] = [];

/** Two namespaces of one server, and one of a server whose strangers are served. */
const placeOf = (name: 'live' | 'admin' | 'open'): object =>
  name === 'open' ? { path: '/open.io' } : { namespace: name };

beforeAll(async () => {
  service = await startSocketService(defineGateways(placeOf), (app) =>
    app.useWebSocketAdapter(new SallyportIoAdapter(app)),
  );
});
afterAll(() => service.close());
beforeEach(() => {
  forgetReached();
  lines.length = 0;
});
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

type TransportName = 'polling' | 'websocket';

interface Presented {
  readonly token?: string | undefined;
  readonly namespace?: string;
  readonly path?: string;
  readonly transports?: TransportName[];
  readonly headers?: Readonly<Record<string, string>>;
}

function start({ token, namespace = '/live', path, transports, headers = {} }: Presented): Socket {
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const client = io(`http://127.0.0.1:${service.port}${namespace}`, {
    transports: transports ?? ['websocket'],
    forceNew: true,
    reconnection: false,
    extraHeaders: { ...authorization, ...headers },
    ...(path === undefined ? {} : { path }),
  });
  clients.push(client);
  return client;
}

/** Resolves to `open`, or to what the client was told. */
function outcomeOf(client: Socket): Promise<string> {
  return new Promise((resolve) => {
    client.once('connect', () => resolve('open'));
    client.once('connect_error', (error: Error & { readonly description?: unknown; readonly data?: unknown }) =>
      resolve(error.data === undefined ? 'refused' : JSON.stringify(error.data)),
    );
  });
}

async function open(presented: Presented): Promise<Socket> {
  const client = start(presented);
  expect(await outcomeOf(client)).toBe('open');
  return client;
}

const vendor = (claims: object = {}): string => service.issuer.tokenFor('vendor', { ...claims });

async function hear(client: Socket, event: string): Promise<unknown> {
  return new Promise((resolve) => {
    client.once(event, resolve);
  });
}

/** The first request of long polling, whose answer can be read. */
async function poll(token?: string, headers: Readonly<Record<string, string>> = {}, query = ''): Promise<Response> {
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return fetch(`http://127.0.0.1:${service.port}/socket.io/?EIO=4&transport=polling${query}`, {
    headers: { ...authorization, ...headers },
  });
}

describe.each<{ readonly name: string; readonly transports: TransportName[] }>([
  { name: 'WebSocket', transports: ['websocket'] },
  { name: 'long polling', transports: ['polling'] },
  { name: 'long polling that becomes WebSocket', transports: ['polling', 'websocket'] },
])('a connection by $name', ({ transports }) => {
  it('is open with a token that holds, and its caller is known everywhere', async () => {
    const client = await open({ token: vendor(), transports });
    const answer = hear(client, 'me');
    client.emit('me');
    expect(await answer).toEqual({ id: 'vendor-1', isSame: true });
    expect(reached.connected).toEqual(['vendor-1']);
    if (transports.length > 1) {
      await expect.poll(() => client.io.engine.transport.name, patience).toBe('websocket');
      const again = hear(client, 'me');
      client.emit('me');
      expect(await again).toMatchObject({ id: 'vendor-1' });
    }
  });

  it.each([
    { name: 'none', token: () => undefined },
    { name: 'one with a forged signature', token: () => forge(vendor()) },
    { name: 'one for another service', token: () => vendor({ aud: 'billing' }) },
    { name: 'one that is over', token: () => vendor({ exp: 1 }) },
  ])('is refused with a token such as $name', async ({ token }) => {
    expect(await outcomeOf(start({ token: token(), transports }))).toBe('refused');
    expect(reached).toEqual({ handled: [], connected: [] });
  });

  it('ends when its session does, and no message after that is handled', async () => {
    const sid = `session-of-${transports.join('-')}`;
    const client = await open({ token: vendor({ sid }), transports });
    if (transports.length > 1) await expect.poll(() => client.io.engine.transport.name, patience).toBe('websocket');
    const told = hear(client, 'exception');
    const gone = hear(client, 'disconnect');
    service.revoke('session', sid);
    // Long polling that asks at this moment is answered 401, and no more is heard.
    if (transports.includes('websocket'))
      expect(await told).toEqual({ status: 'error', message: 'session ended', closeCode: 4401 });
    await gone;
    client.emit('me');
    expect(await outcomeOf(start({ token: vendor({ sid }), transports }))).toBe('refused');
    expect(reached.handled).toEqual([]);
  });
});

describe('a first request is answered by plain HTTP', () => {
  it.each([
    { name: 'without a token', token: () => undefined, status: 401, code: 'SP_UNAUTHENTICATED' },
    { name: 'with a forged signature', token: () => forge(vendor()), status: 401, code: 'SP_TOKEN_INVALID' },
    { name: 'with a token that is over', token: () => vendor({ exp: 1 }), status: 401, code: 'SP_TOKEN_EXPIRED' },
    {
      name: 'from a page of another site',
      token: () => vendor(),
      headers: { origin: 'https://evil.test' },
      status: 403,
      code: 'SP_CROSS_SITE_REQUEST',
    },
  ])('$name', async ({ token, headers, status, code }) => {
    const answer = await poll(token(), headers);
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([status, code]);
    expect(lines.at(-1)).toMatchObject({ event: 'handshake-refused', status, code });
  });
});

it('a connection is not taken over by another caller who knows its id', async () => {
  const first = await poll(vendor());
  const { sid } = JSON.parse((await first.text()).slice(1)) as { readonly sid: string };
  for (const token of [vendor({ sub: 'thief' }), undefined, forge(vendor())]) {
    const answer = await poll(token, {}, `&sid=${sid}`);
    expect([401, 403]).toContain(answer.status);
  }
});

describe('a namespace', () => {
  it('that asks for more is closed to others on the same connection', async () => {
    const client = await open({ token: vendor() });
    const admin = client.io.socket('/admin', {});
    admin.connect();
    expect(await outcomeOf(admin)).toBe(JSON.stringify({ code: 'SP_FORBIDDEN', status: 403 }));
    expect(reached.connected).toEqual(['vendor-1']);
  });

  it('lets in the callers that it asks for', async () => {
    const client = await open({ token: service.issuer.tokenFor('admin'), namespace: '/admin' });
    const ruled = hear(client, 'ruled');
    client.emit('rule');
    await ruled;
    expect(reached).toEqual({ handled: ['rule'], connected: ['admin-1'] });
  });

  it('whose class is open serves strangers, and its guarded handlers to none of them', async () => {
    const client = await open({ namespace: '/', path: '/open.io' });
    const looked = hear(client, 'looked');
    client.emit('look');
    expect(await looked).toBe('anonymous');
    const refused = hear(client, 'exception');
    client.emit('closed');
    await refused;
    expect(reached.handled).toEqual(['look']);
  });
});

it('no handler runs whose permission the caller does not hold', async () => {
  const client = await open({ token: service.issuer.tokenFor('user') });
  const refused = hear(client, 'exception');
  client.emit('write', {});
  await refused;
  expect(reached.handled).toEqual([]);
});

it('a token in `auth` is none', async () => {
  const client = io(`http://127.0.0.1:${service.port}/live`, {
    transports: ['websocket'],
    forceNew: true,
    reconnection: false,
    auth: { token: vendor() },
  });
  clients.push(client);
  expect(await outcomeOf(client)).toBe('refused');
});

it('a connection ends when its token expires, and the client may connect again', async () => {
  const exp = Math.floor(Date.now() / 1000) + 2;
  const client = await open({ token: vendor({ exp }) });
  const told = hear(client, 'exception');
  const gone = hear(client, 'disconnect');
  expect(await told).toEqual({ status: 'error', message: 'token expired', closeCode: 4401 });
  // Not "io server disconnect", after which a client stays away.
  expect(await gone).toBe('transport close');
});

it('a connection ends when its client sends too many messages', async () => {
  const client = await open({ token: vendor() });
  const told = hear(client, 'exception');
  for (let index = 0; index < 200; index += 1) client.emit('nothing');
  expect(await told).toMatchObject({ closeCode: 1008 });
});

it('a service holds 50 connections at the same time, each with its own caller', async () => {
  const ids = Array.from({ length: 50 }, (_, index) => `vendor-${index}`);
  const answers = await Promise.all(
    ids.map(async (sub) => {
      const client = await open({ token: vendor({ sub }) });
      const answer = hear(client, 'me');
      client.emit('me');
      return answer;
    }),
  );
  expect(answers).toEqual(ids.map((id) => ({ id, isSame: true })));
});
