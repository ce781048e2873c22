import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { cookie, startTestGateway, type TestGateway } from '../test-support/test-gateway.ts';

let gateway: TestGateway;
let token: string;
beforeAll(async () => {
  gateway = await startTestGateway({
    moreRoutes: [{ name: 'pictures', prefix: '/pictures', access: 'signed-in', cache: 'private' }],
  });
  token = gateway.sessions.add();
});
afterAll(() => gateway.close());
beforeEach(() => gateway.upstream.reset());

const ask = async (path: string, headers: Readonly<Record<string, string>>, status = 200) => {
  gateway.upstream.answer = (_, response) => void response.writeHead(status, headers).end();
  return gateway.send('GET', path, cookie(token));
};

describe('a route with cache: "private"', () => {
  it.each(['private', 'private, max-age=600', 'max-age=60,private', 'Private, must-revalidate', 'private, immutable'])(
    'lets %s of its service through, by cookie',
    async (value) => {
      const answer = await ask('/pictures/x', { 'cache-control': value, etag: '"a"' });
      expect(answer.headers).toMatchObject({ 'cache-control': value, etag: '"a"', vary: 'Cookie' });
    },
  );

  it.each([
    ['an ETag alone', { etag: '"a"' }],
    ['an ETag and public', { etag: '"a"', 'cache-control': 'public, max-age=600' }],
    ['an ETag and an age for proxies', { etag: '"a"', 'cache-control': 'private, s-maxage=600' }],
    ['a date', { 'last-modified': 'Sun, 29 Nov 2026 20:00:00 GMT' }],
    ['an ETag and private for one header', { etag: '"a"', 'cache-control': 'private="set-cookie"' }],
  ])('lets browsers keep what they ask for again: %s', async (_what, headers) => {
    expect((await ask('/pictures/x', headers)).headers['cache-control']).toBe('private, no-cache');
  });

  it.each([
    ['nothing', {}],
    ['public', { 'cache-control': 'public, max-age=600' }],
    ['an age alone', { 'cache-control': 'max-age=600' }],
    ['no-store', { 'cache-control': 'private, no-store', etag: '"a"' }],
  ])('lets browsers keep nothing where its service says %s', async (_what, headers) => {
    expect((await ask('/pictures/x', headers)).headers['cache-control']).toBe('private, no-store');
  });

  it('hands the question on whether a copy is still good, and the answer back', async () => {
    gateway.upstream.answer = (request, response) =>
      void response.writeHead(request.headers['if-none-match'] === '"a"' ? 304 : 200, { etag: '"a"' }).end();
    const answer = await gateway.send('GET', '/pictures/x', { ...cookie(token), 'If-None-Match': '"a"' });
    expect(answer).toMatchObject({ status: 304, headers: { etag: '"a"', 'cache-control': 'private, no-cache' } });
  });

  it('never lets a cache that several people share keep an answer, whatever its service says', async () => {
    const directive = fc.constantFrom(
      'public',
      'private',
      'max-age=9',
      's-maxage=9',
      'no-cache',
      'private="x"',
      'PUBLIC',
      'x',
    );
    const headers = fc.record({
      'cache-control': fc.array(directive).map((list) => list.join(', ')),
      'cdn-cache-control': fc.constant('public, max-age=600'),
      'surrogate-control': fc.constant('max-age=600'),
      expires: fc.constant('Sun, 29 Nov 2099 20:00:00 GMT'),
      etag: fc.constant('"a"'),
    });
    await fc.assert(
      fc.asyncProperty(headers, async (written) => {
        const answer = await ask('/pictures/x', written);
        expect(answer.headers['cache-control']).toMatch(/(?:^|[\s,])private(?:[\s,]|$)/i);
        expect(answer.headers['cache-control']).not.toMatch(/public|s-maxage/i);
        expect(answer.headers).not.toHaveProperty('cdn-cache-control');
        expect(answer.headers).not.toHaveProperty('surrogate-control');
        expect(answer.headers).not.toHaveProperty('expires');
      }),
      { numRuns: 40 },
    );
  });

  it('is shown by explain', async () => {
    const { stages } = await gateway.gateway.explain({
      method: 'GET',
      target: '/pictures/x',
      headers: ['Cookie', cookie(token).Cookie],
    });
    expect(stages.at(-1)?.facts).toContainEqual({ name: 'cache', value: 'private' });
  });

  it('is refused at the start where it never knows its caller', async () => {
    const started = startTestGateway({
      moreRoutes: [{ name: 'open', prefix: '/open', access: 'public', cache: 'private' }],
    });
    await expect(started).rejects.toThrow(/"open" has cache "private", but never knows its caller/);
  });
});

describe('without it', () => {
  it('nothing is kept, whatever header says otherwise', async () => {
    const answer = await ask('/api/x', {
      'cache-control': 'private, max-age=600',
      'cdn-cache-control': 'max-age=600',
      'surrogate-control': 'max-age=600',
      etag: '"a"',
    });
    expect(answer.headers['cache-control']).toBe('private, no-store');
    expect(answer.headers).not.toHaveProperty('cdn-cache-control');
    expect(answer.headers).not.toHaveProperty('surrogate-control');
  });
});
