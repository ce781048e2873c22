import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { silentLogger } from '@sallyport/core';
import {
  startEchoUpstream,
  startWebSocketUpstream,
  type EchoUpstream,
  type WebSocketUpstream,
} from '@sallyport/gateway/test-support';
import {
  createClosing,
  openIdentity,
  openStores,
  parseConfig,
  readEnvironment,
  startGateway,
  type ConfigInput,
} from '@sallyport/server';

/** Who can sign in. */
export const ada = { email: 'ada@example.com', password: 'violet-kettle-marches-north-7' };

/** A whole gateway on embedded stores, without TLS: what proxies on the same machine stand in front of. */
export interface GatewayBehind {
  readonly port: number;
  readonly upstream: EchoUpstream;
  readonly webSockets: WebSocketUpstream;
  close(): Promise<void>;
}

/** Starts a gateway that is reached as https://app.test, and with which Ada can sign in. */
export async function startGatewayBehind(change: Partial<ConfigInput> = {}): Promise<GatewayBehind> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'behind-proxies-'));
  const upstream = await startEchoUpstream();
  const webSockets = await startWebSocketUpstream();
  const to = { upstream: upstream.origin, audience: 'shop' };
  const input: ConfigInput = {
    publicUrl: 'https://app.test',
    listen: { port: 0 },
    trustedProxies: ['127.0.0.1'],
    dataDir,
    mail: { from: 'Test <no-reply@app.test>' },
    passwords: { answerFloorMilliseconds: 100 },
    policy: { permissions: { 'product:read': 'List and read products' }, roles: { user: ['product:read'], admin: [] } },
    routes: [
      { name: 'open', prefix: '/open', access: 'public', ...to },
      { name: 'open-calls', prefix: '/api/open', access: 'public', ...to },
      { name: 'assets', prefix: '/assets', access: 'public', ...to },
      { name: 'portal-assets', prefix: '/_zones/portal', access: 'public', ...to },
      { name: 'page', prefix: '/page', access: 'optional', ...to },
      { name: 'shop', prefix: '/api', access: 'signed-in', limits: { bodyBytes: 16_777_216 }, ...to },
      { name: 'events', prefix: '/events', access: 'signed-in', streaming: true, ...to },
      { name: 'ws', prefix: '/ws', access: 'signed-in', ...to, upstream: webSockets.origin },
    ],
    ...change,
  };
  const config = parseConfig(input, 'test');
  const environment = readEnvironment({
    SALLYPORT_SECRET: 'kL9x2Qm7Vw4Rt8Zp1Bn6Yc3Hd5Jf0GsA',
    SMTP_URL: 'smtp://127.0.0.1:9',
  });
  const mailer = { send: () => Promise.resolve() };
  const stores = { config, environment, mailer, logger: silentLogger };
  await makeAccount(stores);
  const gateway = await startGateway(stores);
  return {
    port: gateway.port,
    upstream,
    webSockets,
    close: async () => {
      await gateway.close();
      await webSockets.close();
      await upstream.close();
      await rm(dataDir, { recursive: true });
    },
  };
}

async function makeAccount(stores: Parameters<typeof startGateway>[0]): Promise<void> {
  const closing = createClosing();
  const opened = await openStores({ ...stores, closing });
  const identity = await openIdentity({ ...stores, mailer: { send: () => Promise.resolve() }, stores: opened });
  await identity.accounts.createUser({ name: 'Ada', ...ada, roles: ['user'], emailVerified: true });
  await identity.close();
  await closing.close();
}
