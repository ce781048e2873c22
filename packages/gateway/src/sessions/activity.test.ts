import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { cookie, startTestGateway, type TestGateway } from '../test-support/test-gateway.ts';

const start = Date.parse('2026-01-01T00:00:00Z');
let time = start;

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({
    now: () => new Date(time),
    moreRoutes: [
      { name: 'still', prefix: '/still', slide: false },
      { name: 'fresh', prefix: '/fresh', fresh: true },
    ],
    mounts: [
      {
        name: 'auth',
        prefix: '/auth',
        access: 'optional',
        slide: false,
        handle: (_request, response) => void response.end(),
      },
    ],
  });
});
afterAll(() => gateway.close());
beforeEach(() => gateway.upstream.reset());
afterEach(() => {
  time = start;
});

describe('activity', () => {
  it('is written once in ten seconds, and moves the remembered idle expiry with it', async () => {
    const token = gateway.sessions.add({}, { idleSeconds: 60, idleExpiresAt: new Date(start + 60_000) });
    const sid = gateway.sessions.sidOf(token);
    const written = (): number[] =>
      gateway.sessions.activity.filter((one) => one.sid === sid).map((one) => one.at.getTime() - start);
    for (const second of [0, 5, 10, 15, 19, 25, 49]) {
      time = start + second * 1000;
      expect((await gateway.send('GET', '/api/x', cookie(token))).status).toBe(200);
    }
    expect(written()).toEqual([10_000, 25_000, 49_000]);
  });

  it.each([1, 2, 4, 12, 39])(
    'keeps a session of %d idle seconds alive that is used twice in them',
    async (idleSeconds) => {
      const idleExpiresAt = new Date(start + idleSeconds * 1000);
      const token = gateway.sessions.add({}, { idleSeconds, idleExpiresAt });
      for (let use = 1; use <= 20; use++) {
        time = start + use * idleSeconds * 490;
        expect((await gateway.send('GET', '/api/x', cookie(token))).status).toBe(200);
      }
      const sid = gateway.sessions.sidOf(token);
      expect(gateway.sessions.activity.filter((one) => one.sid === sid)).toHaveLength(20);
    },
  );

  it.each([
    ['a route that does not slide', '/still', {}],
    ['a prefetch', '/api/x', { 'Sec-Purpose': 'prefetch' }],
    ['a prefetch of the Next.js router', '/page', { 'Next-Router-Prefetch': '1' }],
    ['a mount', '/auth/session', {}],
  ])('is not what %s is', async (_name, target, headers) => {
    const token = gateway.sessions.add();
    time += 20_000;
    await gateway.send('GET', target, { ...headers, ...cookie(token) });
    expect(gateway.sessions.activity.filter((one) => one.sid === gateway.sessions.sidOf(token))).toEqual([]);
  });

  it('reads the store every time where the route wants it fresh', async () => {
    const token = gateway.sessions.add();
    const { reads } = gateway.sessions;
    await gateway.send('GET', '/fresh', cookie(token));
    await gateway.send('GET', '/fresh', cookie(token));
    expect(gateway.sessions.reads - reads).toBe(2);
  });
});
