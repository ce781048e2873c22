import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startTestGateway } from '@sallyport/gateway/test-support';
import { findFreePorts } from '../../tools/launch/free-ports.ts';
import { createTestAuthority } from '../../tools/launch/test-authority.ts';
import { waitUntilReady } from '../../tools/launch/wait-until-ready.ts';
import type { ProxyInFront } from './proxy-in-front.ts';
import { readDeployed, startCaddy, startNginx, type RunningProxy } from './start-proxy.ts';

/** A kind of proxy that asks the gateway, and what its file in `deploy/` must say otherwise in a test. */
export interface AskingKind {
  readonly file: string;
  changes(at: { readonly port: number; readonly certFile: string; readonly keyFile: string }): Record<string, string>;
  start(folder: string, config: string): Promise<RunningProxy>;
}

export const askingNginx: AskingKind = {
  file: 'nginx/forward-auth.conf',
  changes: ({ port, certFile, keyFile }) => ({
    'listen 443 ssl http2': `listen 127.0.0.1:${port} ssl http2`,
    'app.example.com': 'app.test',
    '/etc/ssl/sallyport/fullchain.pem': certFile,
    '/etc/ssl/sallyport/privkey.pem': keyFile,
  }),
  start: startNginx,
};

export const askingCaddy: AskingKind = {
  file: 'caddy/forward-auth.Caddyfile',
  changes: ({ port, certFile, keyFile }) => ({
    'app.example.com {': `https://app.test:${port} {\n\tbind 127.0.0.1\n\ttls ${certFile} ${keyFile}`,
  }),
  start: startCaddy,
};

/** Starts a proxy that asks the gateway about each request and forwards to the echo, and waits until it serves. */
export async function startAskingProxy(kind: AskingKind): Promise<ProxyInFront> {
  const folder = await mkdtemp(path.join(tmpdir(), 'forward-auth-'));
  const [port = 0] = await findFreePorts(1);
  const { caFile, certFile, keyFile } = await createTestAuthority(folder);
  const ca = await readFile(caFile, 'utf8');
  const gateway = await startTestGateway({
    publicUrl: `https://app.test:${port}`,
    hosts: [],
    forwardAuth: { proxies: ['127.0.0.1'] },
  });
  const { port: askPort } = await gateway.gateway.listenForwardAuth({ host: '127.0.0.1', port: 0 });
  const config = await readDeployed(kind.file, {
    '127.0.0.1:3000': `127.0.0.1:${gateway.port}`,
    '127.0.0.1:9500': `127.0.0.1:${askPort}`,
    '127.0.0.1:4000': gateway.upstream.origin.slice('http://'.length),
    ...kind.changes({ port, certFile, keyFile }),
  });
  const running = await kind.start(folder, config);
  const probe = { url: `https://app.test:${port}/public/ready`, authority: ca };
  await waitUntilReady(probe, AbortSignal.timeout(30_000));
  return {
    gateway,
    port,
    ca,
    close: async () => {
      await running.stop();
      await gateway.close();
      await rm(folder, { recursive: true });
    },
  };
}
