import { once } from 'node:events';
import { createServer, get as request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import type { Route } from '@sallyport/core';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { parseConfig } from '../config/parse-config.ts';
import { zone } from '../config/zone.ts';
import { send, startTestGateway, type PlainAnswer, type TestGateway } from '../test-support/test-gateway.ts';
import { originsOfZones } from './origins-of-zones.ts';
import { createSharedAssetsMount, type SharedAssetsParts } from './shared-assets-mount.ts';

const script = 'export const answer = 42;\n'.repeat(200);
const immutable = { 'cache-control': 'public, max-age=31536000, immutable' };
let servers: Server[] = [];
afterEach(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  servers = [];
});

type Answer = (response: ServerResponse) => void;

const sendFile: Answer = (response) =>
  response.writeHead(200, { 'content-type': 'application/javascript; charset=UTF-8', ...immutable }).end(script);

/** A zone that has some files, and what it was asked for. */
async function startZone(
  files: Readonly<Record<string, Answer>>,
): Promise<{ origin: string; asked: IncomingMessage[] }> {
  const asked: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    asked.push(request);
    const answer = files[request.url ?? ''];
    if (answer === undefined) response.writeHead(404, { 'content-type': 'text/plain' }).end('Not Found');
    else answer(response);
  });
  return { origin: await listen(server), asked };
}

async function listen(server: Server): Promise<string> {
  servers.push(server);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // It listens on a port.
}

function routesOf(...origins: readonly string[]): readonly Route[] {
  const policy = { permissions: {}, roles: { user: [] } };
  const routes = origins.flatMap((upstream, index) => [...zone(`zone-${index}`, { upstream, access: 'signed-in' })]);
  return parseConfig({ publicUrl: 'http://localhost:3000', policy, routes }, 'test').routes;
}

/** The mount alone, behind a server that answers refusals with their code. */
async function serve(
  routes: readonly Route[],
  parts: Partial<SharedAssetsParts> = {},
  from: { readonly address: string } = { address: '127.0.0.1' },
): Promise<string> {
  const mount = createSharedAssetsMount({ routes: () => routes, ...parts });
  return listen(
    createServer((request, response) => {
      const context = { requestId: 'test', clientAddress: from.address, caller: { kind: 'anonymous' } } as const;
      Promise.resolve(mount.handle(request, response, { ...context, noteRefusal: () => {} })).catch(
        (error: unknown) => {
          const { status = 500, code = '' } = error as { status?: number; code?: string }; // A SallyportError.
          response.writeHead(status, { 'x-code': code }).end();
        },
      );
    }),
  );
}

const get = (url: string, acceptEncoding = 'gzip, br', method = 'GET'): Promise<PlainAnswer> =>
  send(url, method, { 'accept-encoding': acceptEncoding });

describe('the shared assets refuse', () => {
  it.each([
    { name: 'a path that climbs', path: '/_next/static/../server/app.js' },
    { name: 'a path that climbs in disguise', path: '/_next/static/%2e%2e/server/app.js' },
    { name: 'a path outside of static files', path: '/_next/data/build/secret.json' },
    { name: 'the folder itself', path: '/_next/static/' },
    { name: 'an empty segment', path: '/_next/static//a.js' },
    { name: 'an encoded slash', path: '/_next/static/a%2fb.js' },
    { name: 'a null byte', path: '/_next/static/a%00.js' },
    { name: 'another host in the path', path: '/_next/static/@evil.example/a.js?/../..' },
    { name: 'a path in front of it', path: '/x/_next/static/a.js' },
  ])('$name, and ask no zone for it', async ({ name, path }) => {
    const zoneServer = await startZone({});
    const origin = await serve(routesOf(zoneServer.origin));

    expect(await statusOf(origin, `/_zones/shared${path}`)).toBe(404);
    if (name !== 'another host in the path') expect(zoneServer.asked).toEqual([]);
  });

  it.each(['POST', 'PUT', 'DELETE', 'OPTIONS'])('%s', async (method) => {
    const origin = await serve([]);

    expect(await get(`${origin}/_zones/shared/_next/static/a.js`, '', method)).toMatchObject({ status: 405 });
  });

  it.each<{ name: string; answer: Answer; status: number }>([
    {
      name: 'a file that may change',
      answer: (response) => response.writeHead(200, { 'content-type': 'text/javascript' }).end('1'),
      status: 404,
    },
    {
      name: 'a page',
      answer: (response) => response.writeHead(200, { 'content-type': 'text/html', ...immutable }).end('<p>'),
      status: 404,
    },
    {
      name: 'a redirect',
      answer: (response) => response.writeHead(302, { location: 'http://127.0.0.1:9/', ...immutable }).end(),
      status: 404,
    },
    {
      name: 'a file without end',
      answer: (response) => {
        response.writeHead(200, { 'content-type': 'text/javascript', ...immutable });
        const more = (): void => void response.write(Buffer.alloc(65_536), () => void setImmediate(more));
        response.once('close', () => void response.removeAllListeners());
        more();
      },
      status: 502,
    },
    {
      name: 'half a file',
      answer: (response) => void response.writeHead(200, { 'content-length': 9, ...immutable }).destroy(),
      status: 502,
    },
    { name: 'a failure', answer: (response) => response.writeHead(500).end(), status: 502 },
  ])('$name', async ({ answer, status }) => {
    const zoneServer = await startZone({ '/_next/static/a.js': answer });
    const origin = await serve(routesOf(zoneServer.origin));

    expect((await get(`${origin}/_zones/shared/_next/static/a.js`)).status).toBe(status);
  });

  it('more files at the same time than they may fetch', async () => {
    const held: ServerResponse[] = [];
    const hold: Answer = (response) => void held.push(response);
    const zoneServer = await startZone({ '/_next/static/a.js': hold, '/_next/static/b.js': hold });
    const origin = await serve(routesOf(zoneServer.origin), { maxFetches: 1 });
    const first = get(`${origin}/_zones/shared/_next/static/a.js`);
    await vi.waitFor(() => expect(held).toHaveLength(1));

    expect(await get(`${origin}/_zones/shared/_next/static/b.js`)).toMatchObject({ status: 503 });
    const [response] = held;
    if (response !== undefined) sendFile(response);
    expect(await first).toMatchObject({ status: 200 });
  });

  it('more files of one address at the same time than it may ask for, and serve others meanwhile', async () => {
    const held: ServerResponse[] = [];
    const hold: Answer = (response) => void held.push(response);
    const files = { '/_next/static/a.js': hold, '/_next/static/b.js': hold, '/_next/static/c.js': sendFile };
    const zoneServer = await startZone(files);
    const addresses = { address: '198.51.100.7' };
    const origin = await serve(routesOf(zoneServer.origin), { maxFetchesPerAddress: 1 }, addresses);
    const first = get(`${origin}/_zones/shared/_next/static/a.js`);
    await vi.waitFor(() => expect(held).toHaveLength(1));
    expect(await get(`${origin}/_zones/shared/_next/static/b.js`)).toMatchObject({ status: 503 });
    addresses.address = '198.51.100.8';
    expect(await get(`${origin}/_zones/shared/_next/static/c.js`)).toMatchObject({ status: 200 });
    addresses.address = '198.51.100.7';
    for (const response of held) sendFile(response);
    expect(await first).toMatchObject({ status: 200 });
    expect(await get(`${origin}/_zones/shared/_next/static/c.js`)).toMatchObject({ status: 200 });
  });

  it('what no zone has without asking each of them again, until a while has passed', async () => {
    const files: Record<string, Answer> = {};
    const [one, two] = [await startZone(files), await startZone({})];
    let time = 0;
    const origin = await serve(routesOf(one.origin, two.origin), { now: () => time });
    const ask = () => get(`${origin}/_zones/shared/_next/static/a.js`);
    for (let asked = 0; asked < 5; asked += 1) expect(await ask()).toMatchObject({ status: 404 });
    expect([one.asked.length, two.asked.length]).toEqual([1, 1]);
    files['/_next/static/a.js'] = sendFile;
    time = 9_999;
    expect(await ask()).toMatchObject({ status: 404 });
    time = 10_000;
    expect(await ask()).toMatchObject({ status: 200 });
  });

  it('what no zone has, and says so only when all of them answered', async () => {
    const [one, gone] = [await startZone({}), await startZone({})];
    const path = '/_zones/shared/_next/static/a.js';

    expect(await get(`${await serve(routesOf(one.origin))}${path}`)).toMatchObject({
      status: 404,
      headers: { 'x-code': 'SP_NOT_FOUND' },
    });
    servers.find((server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}` === gone.origin)?.close();
    expect(await get(`${await serve(routesOf(gone.origin, one.origin))}${path}`)).toMatchObject({
      status: 502,
      headers: { 'x-code': 'SP_UPSTREAM_UNAVAILABLE' },
    });
  });
});

describe('the shared assets', () => {
  const path = '/_zones/shared/_next/static/chunks/main-1.js';
  const files = { '/_next/static/chunks/main-1.js': sendFile };

  it('come from whichever zone has them, once, however many ask for them at the same time', async () => {
    const [shell, portal] = [await startZone({}), await startZone(files)];
    const origin = await serve(routesOf(shell.origin, portal.origin));

    const answers = await Promise.all(Array.from({ length: 20 }, () => get(`${origin}${path}`)));
    answers.push(await get(`${origin}${path}?dpl=portal-7`));

    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect([shell.asked.length, portal.asked.length]).toEqual([1, 1]);
  });

  it('are there while the first zone is not', async () => {
    const [gone, portal] = [await startZone({}), await startZone(files)];
    servers[0]?.close();
    const origin = await serve(routesOf(gone.origin, portal.origin));

    expect(await get(`${origin}${path}`)).toMatchObject({ status: 200 });
  });

  it('are there while the first zone hangs, and the slow zone is given its time where it alone has them', async () => {
    const held: ServerResponse[] = [];
    const [slow, portal] = [
      await startZone({ '/_next/static/a.js': (response) => void held.push(response) }),
      await startZone(files),
    ];
    const origin = await serve(routesOf(slow.origin, portal.origin));
    const mute = await listen(createServer(() => {}));
    expect(await get(`${await serve(routesOf(mute, portal.origin))}${path}`)).toMatchObject({ status: 200 });

    const late = get(`${origin}/_zones/shared/_next/static/a.js`);
    // The other zone was asked meanwhile, and does not have it.
    await vi.waitFor(() => expect(portal.asked.map(({ url }) => url)).toContain('/_next/static/a.js'), {
      timeout: 15_000,
    });
    const [response] = held;
    if (response !== undefined) sendFile(response);
    expect(await late).toMatchObject({ status: 200 });
  });

  it('are for a browser to keep, and of the type that they were built with', async () => {
    const portal = await startZone(files);
    const { headers } = await get(`${await serve(routesOf(portal.origin))}${path}`);

    expect(headers).toMatchObject({
      'content-type': 'application/javascript; charset=UTF-8',
      'cache-control': 'public, max-age=31536000, immutable',
      'cross-origin-resource-policy': 'same-origin',
      vary: 'accept-encoding',
    });
  });

  it('tell a zone nothing of the request', async () => {
    const portal = await startZone(files);
    const origin = await serve(routesOf(portal.origin));
    await send(`${origin}${path}`, 'GET', { cookie: 'a=canary', authorization: 'canary', 'x-forwarded-for': 'canary' });

    expect(JSON.stringify(portal.asked[0]?.rawHeaders)).not.toContain('canary');
    expect(portal.asked[0]?.headers['accept-encoding']).toBe('identity');
  });

  it('are sent as the client takes them', async () => {
    const portal = await startZone(files);
    const url = `${await serve(routesOf(portal.origin))}${path}`;

    expect(await rawBodyOf(url, 'identity')).toEqual({ coding: undefined, body: Buffer.from(script) });
    expect(await get(url, 'br;q=0, gzip;q=0')).toMatchObject({ status: 200, body: script });
    expect((await get(url, 'gzip')).headers).toMatchObject({ 'content-encoding': 'gzip' });
    await vi.waitFor(async () => expect((await get(url)).headers).toMatchObject({ 'content-encoding': 'br' }));
    expect((await get(url, 'deflate, gzip')).headers).toMatchObject({ 'content-encoding': 'gzip' });
    expect(await get(url, 'br', 'HEAD')).toMatchObject({
      status: 200,
      body: '',
      headers: { 'content-encoding': 'br' },
    });
  });

  it('hold the same bytes in every form, for any content and type', async () => {
    const contents = new Map<string, { type: string; content: Buffer }>();
    const server = createServer(({ url = '' }, response) => {
      const found = contents.get(url);
      response.writeHead(200, { 'content-type': found?.type, ...immutable }).end(found?.content);
    });
    const origin = await serve(routesOf(await listen(server)));
    const types = fc.constantFrom('text/css', 'application/javascript', 'font/woff2', 'image/svg+xml', 'image/png');
    let count = 0;

    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 3000 }), types, fc.boolean(), async (bytes, type, isRepetitive) => {
        count += 1;
        const content = Buffer.concat(Array.from({ length: isRepetitive ? 8 : 1 }, () => bytes));
        contents.set(`/_next/static/media/${count}.bin`, { type, content });
        const url = `${origin}/_zones/shared/_next/static/media/${count}.bin`;

        const plain = await rawBodyOf(url, 'identity');
        const zipped = await rawBodyOf(url, 'gzip');
        const best = await rawBodyOf(url, 'gzip, br');
        for (const { coding, body } of [plain, zipped, best]) expect(decode(coding, body)).toEqual(content);
        expect(best.body.byteLength).toBeLessThanOrEqual(content.byteLength);
      }),
      { numRuns: 30 },
    );
  });

  it('take no more memory than they may: what was unused for longest is fetched again', async () => {
    const big: Answer = (response) =>
      response.writeHead(200, { 'content-type': 'font/woff2', ...immutable }).end(Buffer.alloc(1000));
    const portal = await startZone(Object.fromEntries(['a', 'b', 'c'].map((name) => [`/_next/static/${name}`, big])));
    const origin = await serve(routesOf(portal.origin), { maxBytes: 2500 });
    const open = (name: string) => get(`${origin}/_zones/shared/_next/static/${name}`);

    for (const name of ['a', 'b', 'a', 'c', 'a', 'b']) await open(name);

    expect(portal.asked.map(({ url }) => url?.at(-1))).toEqual(['a', 'b', 'c', 'b']);
  });

  it('are asked of no zone that has hosts of its own, and of no route that is not public', () => {
    const [one, two] = routesOf('http://one:3000').map((route) => ({
      ...route,
      upstream: ['http://one:1', 'http://one:2'],
    }));
    const [, assets] = routesOf('http://two:3000');
    if (one === undefined || two === undefined || assets === undefined) throw new Error('a zone has two routes');

    expect(originsOfZones([one, two, assets])).toEqual(['http://one:1', 'http://two:3000', 'http://one:2']);
    expect(originsOfZones([{ ...two, hosts: ['admin.example.com'] }])).toEqual([]);
    expect(originsOfZones([{ ...two, access: 'optional' }])).toEqual([]);
  });
});

describe('a gateway', () => {
  let portal: Server;
  let gateway: TestGateway;
  beforeAll(async () => {
    portal = createServer(({ url }, response) => {
      if (url === '/_next/static/chunks/main-1.js') sendFile(response);
      else response.writeHead(404).end();
    });
    await once(portal.listen(0, '127.0.0.1'), 'listening');
    const upstream = `http://127.0.0.1:${(portal.address() as AddressInfo).port}`; // It listens on a port.
    gateway = await startTestGateway({ config: { routes: [...zone('portal', { upstream, access: 'signed-in' })] } });
  });
  afterAll(async () => {
    await gateway.close();
    portal.close();
  });

  it('serves the shared assets of its zones to strangers', async () => {
    const answer = await gateway.get('/_zones/shared/_next/static/chunks/main-1.js');

    expect([answer.status, await answer.text()]).toEqual([200, script]);
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  });

  it.each([
    { path: '/_zones/shared/_next/static/none.js', status: 404 },
    { path: '/_zones/shared', status: 404 },
    { path: '/portal', status: 401 },
  ])('answers $path with $status', async ({ path, status }) => {
    expect((await gateway.get(path)).status).toBe(status);
  });
});

/** A URL would take the steps up out of a path. */
async function statusOf(origin: string, path: string): Promise<number | undefined> {
  const { hostname, port } = new URL(origin);
  return new Promise((resolve, reject) => {
    request({ hostname, port, path }, (response) => resolve(response.resume().statusCode)).once('error', reject);
  });
}

/** What was sent, not what fetch makes of it. */
async function rawBodyOf(url: string, acceptEncoding: string): Promise<{ coding: string | undefined; body: Buffer }> {
  return new Promise((resolve, reject) => {
    request(url, { headers: { 'accept-encoding': acceptEncoding } }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.once('end', () => resolve({ coding: response.headers['content-encoding'], body: Buffer.concat(parts) }));
    }).once('error', reject);
  });
}

function decode(coding: string | undefined, body: Buffer): Buffer {
  if (coding === 'br') return brotliDecompressSync(body);
  return coding === 'gzip' ? gunzipSync(body) : body;
}
