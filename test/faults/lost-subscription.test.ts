import { silentLogger } from '@sallyport/core';
import { openRedis, type Redis } from '@sallyport/stores';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startRedis } from '../../tools/test-servers/redis.ts';
import type { TestServer } from '../../tools/test-servers/test-server.ts';
import { hasServers, startSmallSystem, type SmallSystem } from './small-system.ts';

const patience = { timeout: 30_000, interval: 50 };
const email = 'ada@example.test';

describe.skipIf(!hasServers)('a subscription to Redis that is cut again and again [postgres + redis]', () => {
  let server: TestServer;
  let redis: Redis;
  let system: SmallSystem;

  beforeAll(async () => {
    // One of its own: others would lose their subscriptions as well.
    server = await startRedis();
    if (server.kind === 'absent') throw new Error(server.reason);
    redis = openRedis({ url: server.url, prefix: 'test:', logger: silentLogger });
    await redis.ready(10_000);
    const stores = { databaseUrl: process.env['TEST_POSTGRES_URL'] ?? '', redisUrl: server.url };
    const environment = { TEST_ROTATION_SECONDS: '3600' };
    system = await startSmallSystem({ gateways: 2, services: ['shop'], stores, environment });
  });
  afterAll(async () => {
    await system.close();
    redis.close();
    if (server.kind === 'running') await server.stop();
  });

  const ask = async (gateway: number, cookie: string): Promise<number> => {
    const answer = await fetch(`${system.gateways[gateway]?.origin}/api/shop/me`, { headers: { cookie } });
    await answer.arrayBuffer();
    return answer.status;
  };

  it('lets no gateway believe what it remembers: who signs out at one is refused by the other', async () => {
    const cookies: string[] = [];
    // One after the other: a gateway on a busy machine sheds sign-ins that come at once.
    while (cookies.length < 6) cookies.push(await system.signIn(email));
    for (const cookie of cookies) for (const gateway of [0, 1]) expect(await ask(gateway, cookie)).toBe(200);
    let isOver = false;
    const cutting = (async () => {
      while (!isOver) {
        await redis.command('test:none', ['CLIENT', 'KILL', 'TYPE', 'pubsub']);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    })();
    try {
      for (const [index, cookie] of cookies.entries()) {
        const [here, there] = index % 2 === 0 ? [0, 1] : [1, 0];
        const origin = system.gateways[0]?.origin ?? '';
        const url = `${system.gateways[here]?.origin}/auth/sign-out`;
        const answer = await fetch(url, { method: 'POST', headers: { cookie, origin } });
        expect(answer.status).toBe(204);
        for (let times = 0; times < 5; times += 1) expect(await ask(there, cookie)).toBe(401);
      }
    } finally {
      isOver = true;
      await cutting;
    }
    // And all is well when it is over: sessions are remembered again, and end again.
    const cookie = await system.signIn(email);
    await expect.poll(async () => (await fetch(`${system.gateways[1]?.origin}/readyz`)).status, patience).toBe(200);
    expect(await ask(1, cookie)).toBe(200);
    for (const old of cookies) expect(await ask(1, old)).toBe(401);
  }, 120_000);
});
