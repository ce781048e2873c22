import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startTestGateway } from '@sallyport/gateway/test-support';
import { findFreePorts } from '../../tools/launch/free-ports.ts';
import { createTestAuthority } from '../../tools/launch/test-authority.ts';
import { waitUntilReady } from '../../tools/launch/wait-until-ready.ts';
import type { Between } from './front-rows.ts';
import { startGatewayBehind } from './gateway-behind.ts';
import type { ProxyInFront } from './proxy-in-front.ts';
import { readDeployed, startCaddy, startEnvoy, startNginx, type RunningProxy } from './start-proxy.ts';

/** A kind of proxy that asks the gateway, and what its file in `deploy/` must say otherwise in a test. */
export interface AskingKind {
  readonly file: string;
  /** How its file writes an address of this machine. @default with a colon before the port */
  readonly addressOf?: (port: number) => string;
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

/** Envoy, where its program is. */
export function askingEnvoy(program: string): AskingKind {
  return {
    file: 'envoy/forward-auth.yaml',
    addressOf: (port) => `{ address: 127.0.0.1, port_value: ${port} }`,
    changes: ({ port, certFile, keyFile }) => ({
      'address: 0.0.0.0, port_value: 443': `address: 127.0.0.1, port_value: ${port}`,
      "'app.example.com', 'app.example.com:443'": `'app.test', 'app.test:${port}'`,
      '/etc/ssl/sallyport/fullchain.pem': certFile,
      '/etc/ssl/sallyport/privkey.pem': keyFile,
    }),
    start: (folder, config) => startEnvoy(program, folder, config),
  };
}

/** Where a proxy that asks finds what it needs. */
export interface AskedPorts {
  readonly gateway: number;
  readonly forwardAuth: number;
  readonly service: number;
}

/** A proxy that asks, in a folder of its own. */
export interface AskingProxy {
  readonly port: number;
  readonly ca: string;
  readonly stop: () => Promise<void>;
}

/** Starts a proxy that asks the gateway about each request and forwards to a service, and waits until it serves. */
export async function startAsking(
  kind: AskingKind,
  port: number,
  ports: AskedPorts,
  probe: { readonly path: string; readonly host: string },
): Promise<AskingProxy> {
  const { addressOf = (at: number) => `127.0.0.1:${at}` } = kind;
  const folder = await mkdtemp(path.join(tmpdir(), 'forward-auth-'));
  const { caFile, certFile, keyFile } = await createTestAuthority(folder);
  const ca = await readFile(caFile, 'utf8');
  const config = await readDeployed(kind.file, {
    [addressOf(3000)]: addressOf(ports.gateway),
    [addressOf(9500)]: addressOf(ports.forwardAuth),
    [addressOf(4000)]: addressOf(ports.service),
    ...kind.changes({ port, certFile, keyFile }),
  });
  const running = await kind.start(folder, config);
  const { path: target, host } = probe;
  await waitUntilReady({ url: `https://app.test:${port}${target}`, host, authority: ca }, AbortSignal.timeout(30_000));
  return {
    port,
    ca,
    stop: async () => {
      await running.stop();
      await rm(folder, { recursive: true });
    },
  };
}

/** Starts a proxy that asks, in front of an echo. */
export async function startAskingProxy(kind: AskingKind): Promise<ProxyInFront> {
  const [port = 0] = await findFreePorts(1);
  const gateway = await startTestGateway({
    publicUrl: `https://app.test:${port}`,
    hosts: [],
    forwardAuth: { proxies: ['127.0.0.1'] },
  });
  const { port: forwardAuth } = await gateway.gateway.listenForwardAuth({ host: '127.0.0.1', port: 0 });
  const ports = { gateway: gateway.port, forwardAuth, service: Number(new URL(gateway.upstream.origin).port) };
  const { ca, stop } = await startAsking(kind, port, ports, { path: '/public/ready', host: `app.test:${port}` });
  return {
    gateway,
    port,
    ca,
    close: async () => {
      await stop();
      await gateway.close();
    },
  };
}

/** Starts a proxy that asks a whole gateway, with which people can sign in. */
export async function startAskingVisitors(kind: AskingKind): Promise<Between & { close(): Promise<void> }> {
  const [port = 0, askPort = 0] = await findFreePorts(2);
  const behind = await startGatewayBehind({ forwardAuth: { port: askPort, proxies: ['127.0.0.1'] } });
  const ports = { gateway: behind.port, forwardAuth: askPort, service: Number(new URL(behind.upstream.origin).port) };
  const { ca, stop } = await startAsking(kind, port, ports, { path: '/open/ready', host: 'app.test' });
  return {
    behind,
    port,
    ca,
    close: async () => {
      await stop();
      await behind.close();
    },
  };
}
