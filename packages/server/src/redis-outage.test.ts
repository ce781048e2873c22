import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createServer as createPortProbe, type AddressInfo } from 'node:net';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@sallyport/core';
import { startChaosProxy, type ChaosBehaviour, type ChaosProxy } from '@sallyport/testing/faults';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { startGateway, type Gateway } from './compose.ts';
import { readEnvironment } from './config/environment.ts';
import { parseConfig } from './config/parse-config.ts';
import { createTestPreset, testAccounts, testPolicy } from './test-support/test-preset.ts';

const redisUrl = process.env['TEST_REDIS_URL'];
const patience = { timeout: 15_000, interval: 20 };

describe.skipIf(redisUrl === undefined)('the gateway while Redis is away [redis]', () => {
  let upstream: Server;
  let proxy: ChaosProxy;
  let gateway: Gateway;
  let origin: string;
  let dataDir: string;
  let account: { readonly email: string; readonly password: string };
  beforeAll(async () => {
    upstream = createServer((request, response) => response.end(request.headers.authorization ?? 'anonymous'));
    await once(upstream.listen(0, '127.0.0.1'), 'listening');
    const target = new URL(redisUrl ?? '');
    proxy = await startChaosProxy({ targetHost: target.hostname, targetPort: Number(target.port) });
    dataDir = mkdtempSync(join(tmpdir(), 'sallyport-gateway-'));
    const port = await freePort();
    origin = `http://localhost:${port}`;
    const to = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
    const config = parseConfig(
      {
        publicUrl: origin,
        listen: { port },
        dataDir,
        policy: testPolicy,
        redis: { prefix: `test-${randomBytes(9).toString('hex')}:` },
        log: { access: false },
        routes: [
          { name: 'open', prefix: '/open', upstream: to, audience: 'open', access: 'public' },
          { name: 'api', prefix: '/api', upstream: to, audience: 'api', access: 'signed-in' },
        ],
      },
      'test',
    );
    const environment = readEnvironment({ REDIS_URL: `redis://127.0.0.1:${proxy.port}` });
    gateway = await startGateway({ config, preset: createTestPreset(), environment, logger: silentLogger });
    const [{ email, password }] = testAccounts as [(typeof testAccounts)[number]]; // There are three.
    account = { email, password };
    await untilReady();
  });
  afterEach(async () => {
    await proxy.behave({ kind: 'pass' });
    await untilReady();
  });
  afterAll(async () => {
    await gateway.close();
    await proxy.close();
    upstream.close();
    rmSync(dataDir, { recursive: true });
  });

  const untilReady = (): Promise<void> =>
    vi.waitFor(async () => {
      if (!(await get('/readyz')).ok) throw new Error('the gateway is not ready');
    }, patience);
  const get = (path: string, cookie?: string): Promise<Response> =>
    fetch(origin + path, { headers: cookie === undefined ? {} : { cookie } });
  const post = (path: string, body?: object, cookie?: string): Promise<Response> =>
    fetch(origin + path, {
      method: 'POST',
      headers: {
        origin,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(cookie === undefined ? {} : { cookie }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const signIn = async (): Promise<string> => {
    const answer = await post('/auth/sign-in/email', account);
    expect(answer.status).toBe(200);
    return answer.headers.getSetCookie()[0]?.split(';')[0] ?? '';
  };

  const expectOutage = async (answer: Response): Promise<void> => {
    expect(answer.status).toBe(503);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(answer.headers.getSetCookie()).toEqual([]);
    expect(await answer.json()).toMatchObject({ code: 'SP_STORE_UNAVAILABLE' });
  };

  it.each<ChaosBehaviour>([{ kind: 'refuse' }, { kind: 'blackhole' }])(
    'is an outage and no sign-out, and everybody is signed in again when it is back ($kind)',
    async (behaviour) => {
      const cookie = await signIn();
      expect((await get('/api/a', cookie)).status).toBe(200);
      await proxy.behave(behaviour);
      // What was remembered is believed for as long as a heartbeat may be late, and no longer.
      await vi.waitFor(async () => expect((await get('/api/a', cookie)).status).toBe(503), patience);

      await expectOutage(await get('/api/a', cookie));
      await expectOutage(await get('/auth/session', cookie));
      await expectOutage(await post('/auth/sign-out', undefined, cookie));
      await expectOutage(await post('/auth/sessions/revoke-all', undefined, cookie));
      await expectOutage(await post('/auth/sign-in/email', account));
      expect((await get('/readyz')).status).toBe(503);
      expect((await get('/healthz')).status).toBe(200);
      expect(await (await get('/open/a')).text()).toBe('anonymous');
      expect(await (await get('/open/a', cookie)).text()).toBe('anonymous');
      expect((await get('/internal/.well-known/jwks.json')).status).toBe(200);

      await proxy.behave({ kind: 'pass' });
      await vi.waitFor(async () => expect((await get('/api/a', cookie)).status).toBe(200), patience);
      expect((await post('/auth/sign-out', undefined, cookie)).status).toBe(204);
      expect((await get('/api/a', cookie)).status).toBe(401);
    },
  );

  it('never says that a sign-out worked when the store did not hear it', async () => {
    const cookie = await signIn();
    expect((await get('/api/a', cookie)).status).toBe(200);
    await proxy.behave({ kind: 'refuse' });
    // At once, while the session is still remembered.
    await expectOutage(await post('/auth/sign-out', undefined, cookie));
    await proxy.behave({ kind: 'pass' });
    await vi.waitFor(async () => expect((await post('/auth/sign-out', undefined, cookie)).status).toBe(204), patience);
    expect((await get('/api/a', cookie)).status).toBe(401);
  });
});

async function freePort(): Promise<number> {
  const server = createPortProbe();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
