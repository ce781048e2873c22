import { get as request, type ServerResponse } from 'node:http';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  closeServers,
  get,
  immutable,
  routesOf,
  sendFile,
  serve,
  startZone,
  type Answer,
} from './shared-assets.test-support.ts';

afterEach(closeServers);

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
    gone.close();
    expect(await get(`${await serve(routesOf(gone.origin, one.origin))}${path}`)).toMatchObject({
      status: 502,
      headers: { 'x-code': 'SP_UPSTREAM_UNAVAILABLE' },
    });
  });
});

/** A URL would take the steps up out of a path. */
async function statusOf(origin: string, path: string): Promise<number | undefined> {
  const { hostname, port } = new URL(origin);
  return new Promise((resolve, reject) => {
    request({ hostname, port, path }, (response) => resolve(response.resume().statusCode)).once('error', reject);
  });
}
