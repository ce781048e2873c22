import { once } from 'node:events';
import { createServer, get as request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { zone } from '../config/zone.ts';
import { send, startTestGateway, type TestGateway } from '../test-support/test-gateway.ts';
import { originsOfZones } from './origins-of-zones.ts';
import {
  closeServers,
  get,
  immutable,
  listen,
  routesOf,
  script,
  sendFile,
  serve,
  startZone,
  type Answer,
} from './shared-assets.test-support.ts';

afterEach(closeServers);

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
    gone.close();
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
