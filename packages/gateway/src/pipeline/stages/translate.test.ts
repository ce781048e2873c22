import { SallyportError } from '@sallyport/core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { cookie, startTestGateway, type TestGateway } from '../../test-support/test-gateway.ts';
import { createTestKeyRing } from '../../test-support/test-key-ring.ts';

const start = Date.parse('2026-01-01T00:00:00Z');
let time = start;

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({
    now: () => new Date(time),
    moreRoutes: [
      { name: 'stripped', prefix: '/api/shop', stripPrefix: true, audience: 'shop', permissions: ['product:*'] },
      { name: 'shop-again', prefix: '/api/shop/again', audience: 'shop', permissions: ['product:*'] },
    ],
  });
});
afterAll(() => gateway.close());
beforeEach(() => gateway.upstream.reset());
afterEach(() => {
  time = start;
});

describe('a signed-in request', () => {
  it('reaches the upstream with a token for its audience instead of the cookie', async () => {
    const token = gateway.sessions.add();
    const answer = await gateway.send('GET', '/api/products?page=2', { Cookie: `a=1; __Host-sallyport=${token}; b=2` });
    expect(answer.status).toBe(200);
    const [seen] = gateway.upstream.seen;
    expect(seen).toMatchObject({ method: 'GET', target: '/api/products?page=2' });
    expect(seen?.headers['cookie']).toBe('a=1; b=2');
    expect(claimsOf(seen?.headers['authorization'])).toMatchObject({
      iss: 'https://app.test/internal',
      aud: 'api',
      sub: 'alice',
      scope: 'product:read',
      sid: gateway.sessions.sidOf(token),
      exp: start / 1000 + 60,
    });
    expect(answer.headers['cache-control']).toBe('private, no-store');
    expect(answer.headers['vary']).toBe('Cookie');
  });

  it('carries the profile only where the route asks for it', async () => {
    const token = gateway.sessions.add();
    await gateway.send('GET', '/page', cookie(token));
    await gateway.send('GET', '/api/x', cookie(token));
    const [page, api] = gateway.upstream.seen.map((seen) => claimsOf(seen.headers['authorization']));
    expect(page).toMatchObject({ name: 'Alice Example', email: 'alice@example.test' });
    expect(api).not.toHaveProperty('email');
  });

  it.each([
    ['/api/shop/products?a=1', '/products?a=1'],
    ['/api/shop', '/'],
    ['/api/shop?a=/b', '/?a=/b'],
    ['/%61pi/sho%70/x%20y', '/x%20y'],
    ['/api/shop/', '/'],
  ])('loses the prefix that its route strips: %s', async (target, expected) => {
    await gateway.send('GET', target, cookie(gateway.sessions.add()));
    expect(gateway.upstream.seen[0]?.target).toBe(expected);
    expect(gateway.upstream.seen[0]?.headers['x-forwarded-prefix']).toBe('/api/shop');
  });
});

describe('translation', () => {
  it('signs once for a hundred requests at once, and reads the session once', async () => {
    const token = gateway.sessions.add();
    const { signatureCount } = gateway.keyRing;
    const { reads } = gateway.sessions;
    await Promise.all(Array.from({ length: 100 }, () => gateway.send('GET', '/api/x', cookie(token))));
    expect(new Set(gateway.upstream.seen.map((seen) => seen.headers['authorization'])).size).toBe(1);
    expect(gateway.keyRing.signatureCount - signatureCount).toBe(1);
    expect(gateway.sessions.reads - reads).toBe(1);
  });

  it('shares a token between routes of one audience that want the same of it', async () => {
    const token = gateway.sessions.add();
    await gateway.send('GET', '/api/shop/x', cookie(token));
    const { signatureCount } = gateway.keyRing;
    await gateway.send('GET', '/api/shop/again/x', cookie(token));
    expect(gateway.keyRing.signatureCount).toBe(signatureCount);
  });

  it('signs again after half of the life, so that clocks may differ by the other half', async () => {
    const token = gateway.sessions.add();
    await gateway.send('GET', '/api/x', cookie(token));
    time += 29_999;
    await gateway.send('GET', '/api/x', cookie(token));
    time += 1;
    await gateway.send('GET', '/api/x', cookie(token));
    const [first, second, third] = gateway.upstream.seen.map((seen) => seen.headers['authorization']);
    expect(second).toBe(first);
    expect(third).not.toBe(first);
  });

  it('signs again when the clock was put back: no service accepts a token of the future', async () => {
    const token = gateway.sessions.add();
    await gateway.send('GET', '/api/x', cookie(token));
    time -= 3_600_000;
    await gateway.send('GET', '/api/x', cookie(token));
    const [before, after] = gateway.upstream.seen.map((seen) => claimsOf(seen.headers['authorization']));
    expect(before).toMatchObject({ iat: Math.floor((time + 3_600_000) / 1000) });
    expect(after).toMatchObject({ iat: Math.floor(time / 1000) });
  });

  it('signs again when a generation grew', async () => {
    const token = gateway.sessions.add();
    await gateway.send('GET', '/api/x', cookie(token));
    const demoted = gateway.sessions.add({
      sid: gateway.sessions.sidOf(token),
      permissions: [],
      generation: { session: 1, user: 2, policy: 1 },
    });
    await gateway.bus.revoke('user', 'alice');
    await gateway.send('GET', '/api/x', cookie(demoted));
    expect(claimsOf(gateway.upstream.seen[1]?.headers['authorization'])).toMatchObject({ scope: '', gen: { u: 2 } });
  });

  it('signs again when a key was withdrawn', async () => {
    const token = gateway.sessions.add();
    await gateway.send('GET', '/api/x', cookie(token));
    const { signatureCount } = gateway.keyRing;
    await gateway.bus.revoke('key', 'k1');
    await gateway.send('GET', '/api/x', cookie(token));
    expect(gateway.keyRing.signatureCount).toBe(signatureCount + 1);
  });

  it('answers 503 and leaves the cookie alone when it may not sign', async () => {
    const keyRing = createTestKeyRing();
    const sign = (): never => {
      throw new SallyportError('SP_KEYS_UNAVAILABLE', { reason: 'key-ring-unconfirmed' });
    };
    const other = await startTestGateway({ keyRing: { ...keyRing, sign } });
    try {
      const answer = await other.send('GET', '/api/x', cookie(other.sessions.add()));
      expect(answer.status).toBe(503);
      expect(JSON.parse(answer.body)).toMatchObject({ code: 'SP_KEYS_UNAVAILABLE' });
      expect(answer.headers['retry-after']).toBeDefined();
      expect(answer.headers['set-cookie']).toBeUndefined();
      expect(other.upstream.seen).toEqual([]);
    } finally {
      await other.close();
    }
  });

  it('does not sign again because another key signs from now on: what the last one signed holds', async () => {
    const token = gateway.sessions.add();
    await gateway.send('GET', '/api/x', cookie(token));
    const { signatureCount } = gateway.keyRing;
    await gateway.bus.revoke('key', 'k2', 0);
    await gateway.send('GET', '/api/x', cookie(token));
    expect(gateway.keyRing.signatureCount).toBe(signatureCount);
  });

  it('does not sign again only because the session was read again', async () => {
    const token = gateway.sessions.add();
    await gateway.send('GET', '/api/x', cookie(token));
    const { signatureCount } = gateway.keyRing;
    await gateway.bus.revoke('user', 'alice');
    await gateway.send('GET', '/api/x', cookie(token));
    expect(gateway.keyRing.signatureCount).toBe(signatureCount);
  });

  it('signs again after a gap, in which a key may have been withdrawn', async () => {
    const token = gateway.sessions.add();
    await gateway.send('GET', '/api/x', cookie(token));
    const { signatureCount } = gateway.keyRing;
    gateway.bus.gap();
    await gateway.send('GET', '/api/x', cookie(token));
    expect(gateway.keyRing.signatureCount).toBe(signatureCount + 1);
  });
});

function claimsOf(authorization: string | string[] | undefined): unknown {
  const payload = String(authorization).split('.')[1] ?? '';
  return JSON.parse(Buffer.from(payload, 'base64url').toString());
}
