import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createClient, type Client } from './client.ts';
import {
  password,
  startFakeGateway,
  startOtherOrigin,
  type FakeGateway,
  patience,
} from './fake-gateway.test-support.ts';

let gateway: FakeGateway;
let other: Awaited<ReturnType<typeof startOtherOrigin>>;
let client: Client;
beforeEach(async () => {
  other = await startOtherOrigin();
  gateway = await startFakeGateway(other.origin);
  client = createClient({ gateway: gateway.origin });
  await client.signIn({ email: 'ada@example.test', password });
});
afterEach(async () => {
  other.close();
  await gateway.close();
});

const streamOf = (text: string): ReadableStream<Uint8Array> => new Blob([text]).stream();

describe('a call', () => {
  it('is repeated once after 401, with another token and the same body', async () => {
    gateway.refuseAccessTokens();
    const answer = await client.fetch('/api/echo', { method: 'POST', body: 'hello' });
    expect([answer.status, await answer.json()]).toEqual([200, { path: '/api/echo', body: 'hello' }]);
    expect(gateway.count('/api/echo')).toBe(2);
    expect(new Set(gateway.seen.map(({ headers }) => headers.authorization).filter(Boolean)).size).toBe(2);
  });

  it.each<readonly [string, () => BodyInit]>([
    ['text', () => 'hello'],
    ['bytes', () => new TextEncoder().encode('hello')],
    ['a buffer', () => new TextEncoder().encode('hello').buffer],
    ['a file', () => new Blob(['hello'])],
  ])('is repeated with %s as its body', async (_name, body) => {
    gateway.refuseAccessTokens();
    const answer = await client.fetch('/api/echo', { method: 'POST', body: body() });
    expect(await answer.json()).toMatchObject({ body: 'hello' });
  });

  it.each([
    { name: 'text', make: (url: string) => new Request(url, { method: 'POST', body: 'hello' }) },
    {
      name: 'a stream',
      make: (url: string) =>
        new Request(url, { method: 'POST', body: streamOf('hello'), duplex: 'half' } as RequestInit),
    },
  ])('is repeated with a request whose body is $name', async ({ make }) => {
    gateway.refuseAccessTokens();
    const answer = await client.fetch(make(`${gateway.origin}/api/echo`));
    expect([answer.status, await answer.json()]).toEqual([200, { path: '/api/echo', body: 'hello' }]);
  });

  it('with a stream as its body is sent once, and its error says what to do; the next call has the new token', async () => {
    gateway.refuseAccessTokens();
    const init = { method: 'POST', body: streamOf('hello'), duplex: 'half' } as RequestInit;
    await expect(client.fetch('/api/echo', init)).rejects.toMatchObject({ code: 'SP_CLIENT_BODY_SPENT', status: 401 });
    expect(gateway.count('/api/echo')).toBe(1);
    const again = { method: 'POST', body: streamOf('hello'), duplex: 'half' } as RequestInit;
    expect((await client.fetch('/api/echo', again)).status).toBe(200);
    expect(gateway.rotations).toBe(1);
  });

  it('is answered with the second 401, and not sent a third time', async () => {
    const refused = { status: 401, headers: { 'www-authenticate': 'Bearer error="invalid_token"' } };
    gateway.fail('/api/echo', refused, refused, refused);
    expect((await client.fetch('/api/echo')).status).toBe(401);
    expect([gateway.count('/api/echo'), gateway.rotations]).toEqual([2, 1]);
  });

  it('costs no refresh where the route takes no token, however often', async () => {
    const closed = { status: 401, headers: { 'www-authenticate': 'Bearer realm="sallyport"' } };
    gateway.fail('/api/echo', closed, closed, closed);
    for (let turn = 0; turn < 3; turn++) expect((await client.fetch('/api/echo')).status).toBe(401);
    expect(gateway.rotations).toBe(0);
  });

  it.each([403, 404, 409, 429, 500, 503])('is answered with %d as it came, and signs no one out', async (status) => {
    gateway.fail('/api/echo', { status, body: 'as it is' });
    const answer = await client.fetch('/api/echo');
    expect([answer.status, await answer.text(), client.status]).toEqual([status, 'as it is', 'signed-in']);
    expect([gateway.count('/api/echo'), gateway.rotations]).toEqual([1, 0]);
  });

  it('fails as fetch does when there is no answer, once, and signs no one out', async () => {
    gateway.fail('/api/echo', 'lost-reply');
    await expect(client.fetch('/api/echo')).rejects.toThrow(TypeError);
    expect([gateway.count('/api/echo'), client.status]).toEqual([1, 'signed-in']);
  });

  it('has our token, whatever the caller writes, and the other headers of the caller', async () => {
    const headers = { authorization: 'Basic x', 'x-trace': '1' };
    await client.fetch(new Request(`${gateway.origin}/api/echo`, { headers }));
    await client.fetch('/api/echo', { headers });
    for (const seen of gateway.seen.slice(-2)) {
      expect(seen.headers).toMatchObject({
        'x-trace': '1',
        authorization: expect.stringMatching(/^Bearer at-/) as string,
      });
    }
  });
});

describe('the token', () => {
  it.each([
    ['another host', () => 'https://evil.test/api'],
    ['a host without a scheme', () => '//evil.test/api'],
    ['a host behind backslashes', () => String.raw`\\evil.test/api`],
    ['another port', () => `${other.origin}/api`],
    ['another name of the same machine', () => gateway.origin.replace('127.0.0.1', 'localhost')],
    ['another scheme', () => gateway.origin.replace('http:', 'https:')],
    ['a host that begins like it', () => gateway.origin.replace(/:\d+$/, '.evil.test')],
    ['a user that looks like it', () => `${gateway.origin}@evil.test/`],
    ['a blob of the same origin', () => `blob:${gateway.origin}/1`],
    ['data', () => 'data:text/plain,x'],
  ])('goes to no %s', async (_name, address) => {
    await expect(client.fetch(address())).rejects.toMatchObject({ code: 'SP_CLIENT_ORIGIN_REFUSED' });
    await expect(client.fetch(new URL(address(), gateway.origin))).rejects.toMatchObject({
      code: 'SP_CLIENT_ORIGIN_REFUSED',
    });
    expect(other.seen).toEqual([]);
  });

  it('goes to an origin that is listed', async () => {
    const listing = createClient({ gateway: gateway.origin, origins: [other.origin] });
    await listing.signIn({ email: 'ada@example.test', password });
    await listing.fetch(`${other.origin}/api`);
    expect(other.seen[0]?.headers.authorization).toMatch(/^Bearer at-/);
  });

  it.each([undefined, 'follow', 'error'] as const)('goes along with no redirect (%s)', async (redirect) => {
    const init = redirect === undefined ? {} : { redirect };
    await expect(client.fetch('/api/redirect', init)).rejects.toThrow();
    await expect(client.fetch(new Request(`${gateway.origin}/api/redirect`, init))).rejects.toThrow();
    expect(other.seen).toEqual([]);
  });

  it('goes along with no redirect, whose answer a caller may ask for', async () => {
    await expect(client.fetch('/api/redirect')).rejects.toMatchObject({ code: 'SP_CLIENT_REDIRECTED', status: 307 });
    const answer = await client.fetch('/api/redirect', { redirect: 'manual' });
    expect([answer.status, answer.headers.get('location')]).toEqual([307, `${other.origin}/taken`]);
    expect(other.seen).toEqual([]);
  });
});

describe('an abort', () => {
  it('ends one call, and not the refresh for which others wait', async () => {
    gateway.refuseAccessTokens();
    const release = gateway.holdRefreshes();
    const leaving = new AbortController();
    const first = client.fetch('/api/echo', { signal: leaving.signal });
    const second = client.fetch('/api/echo');
    await expect.poll(() => gateway.count('/auth/token/refresh'), patience).toBe(1);
    const reason = new Error('left the page');
    leaving.abort(reason);
    await expect(first).rejects.toBe(reason);
    release();
    expect((await second).status).toBe(200);
    expect(gateway.rotations).toBe(1);
  });

  it('from before sends nothing', async () => {
    const signal = AbortSignal.abort(new Error('left'));
    await expect(client.fetch('/api/echo', { signal })).rejects.toThrow('left');
    await expect(client.fetch(new Request(`${gateway.origin}/api/echo`, { signal }))).rejects.toThrow('left');
    await expect(client.accessToken({ signal })).rejects.toThrow('left');
    expect(gateway.count('/api/echo')).toBe(0);
  });

  it('ends a call that is under way', async () => {
    gateway.fail('/api/echo', 'hangs');
    const leaving = new AbortController();
    const call = client.fetch('/api/echo', { signal: leaving.signal });
    await expect.poll(() => gateway.count('/api/echo'), patience).toBe(1);
    leaving.abort();
    await expect(call).rejects.toMatchObject({ name: 'AbortError' });
  });
});
