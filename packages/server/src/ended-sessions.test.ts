import { randomBytes } from 'node:crypto';
import { silentLogger } from '@sallyport/core';
import { openRedis, type Redis } from '@sallyport/stores';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestGateway, type TestGateway } from './test-support/test-gateway.ts';

/* Asked for by a service that remembers nothing of sessions: what it serves, the gateway let pass. */
const guarded = '/api/shop/anything';

const redisUrl = process.env['TEST_REDIS_URL'] ?? '';

let test: TestGateway;

async function signInSeen(): Promise<string> {
  const cookie = await test.signIn();
  // The gateway remembers the session from here on.
  expect((await test.get(guarded, { cookie })).status).toBe(200);
  return cookie;
}

function send(method: string, path: string, cookie: string): Promise<Response> {
  return fetch(test.origin + path, { method, headers: { origin: test.origin, cookie } });
}

async function sidOf(cookie: string): Promise<string> {
  const answer = await test.get('/auth/session', { cookie });
  return ((await answer.json()) as { readonly session: { readonly sid: string } }).session.sid;
}

async function expectEnded(cookie: string): Promise<void> {
  const answer = await test.get(guarded, { cookie });
  expect(answer.status).toBe(401);
  expect(await answer.json()).toMatchObject({ code: 'SP_UNAUTHENTICATED' });
}

describe('a session that the gateway remembers', () => {
  beforeAll(async () => {
    test = await startTestGateway();
  });
  afterAll(() => test.close());

  it('is refused from the next request on after it signed out', async () => {
    const cookie = await signInSeen();
    expect((await send('POST', '/auth/sign-out', cookie)).status).toBe(204);
    await expectEnded(cookie);
  });

  it('is refused after another session of the person ended it, and that other one is served', async () => {
    const [cookie, other] = [await signInSeen(), await signInSeen()];
    expect((await send('DELETE', `/auth/sessions/${await sidOf(cookie)}`, other)).ok).toBe(true);
    await expectEnded(cookie);
    expect((await test.get(guarded, { cookie: other })).status).toBe(200);
  });

  it('is refused after another session ended all others, or all there are', async () => {
    const [cookie, other] = [await signInSeen(), await signInSeen()];
    expect((await send('POST', '/auth/sessions/revoke-others', other)).ok).toBe(true);
    await expectEnded(cookie);
    expect((await test.get(guarded, { cookie: other })).status).toBe(200);
    expect((await send('POST', '/auth/sessions/revoke-all', other)).ok).toBe(true);
    await expectEnded(other);
  });
});

describe.skipIf(redisUrl === '')('a session that ended before an older state of Redis was put back [redis]', () => {
  const prefix = `test-${randomBytes(9).toString('hex')}:`;
  const copies = `copies-of-${prefix}`;
  let redis: Redis;
  beforeAll(async () => {
    redis = openRedis({ url: redisUrl, prefix, logger: silentLogger });
    await redis.ready(10_000);
    test = await startTestGateway({ config: { redis: { prefix } }, environment: { REDIS_URL: redisUrl } });
  });
  afterAll(async () => {
    await test.close();
    await removeKeys(prefix);
    await removeKeys(copies);
    redis.close();
  });

  const keysOf = async (start: string): Promise<readonly string[]> =>
    (await redis.command(start, ['KEYS', `${start}*`])) as readonly string[];
  const removeKeys = async (start: string): Promise<void> => {
    for (const key of await keysOf(start)) await redis.command(key, ['DEL', key]);
  };
  const copyKeys = async (from: string, to: string): Promise<void> => {
    for (const key of await keysOf(from))
      await redis.command(key, ['COPY', key, to + key.slice(from.length), 'REPLACE']);
  };

  it('stays ended, alone or with all others of its person, and what lives is served', async () => {
    const [staying, alone] = [await signInSeen(), await signInSeen()];
    const vendor = await test.signIn('vendor');
    expect((await test.get(guarded, { cookie: vendor })).status).toBe(200);
    await copyKeys(prefix, copies);
    expect((await send('POST', '/auth/sign-out', alone)).status).toBe(204);
    expect((await send('POST', '/auth/sessions/revoke-all', vendor)).ok).toBe(true);
    await removeKeys(prefix);
    await copyKeys(copies, prefix);

    await expectEnded(alone);
    await expectEnded(vendor);
    expect((await test.get(guarded, { cookie: staying })).status).toBe(200);
  });
});
