import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { findFreePorts } from '../../tools/launch/free-ports.ts';
import { startQuickGateway } from '../faults/quick-gateway.ts';
import { cookieAt } from '../processes/sign-in.ts';
import type { GatewayProcess } from '../processes/gateway-process.ts';

/** Where a gateway keeps everything: its data folder alone, or PostgreSQL besides. */
export interface StoredGatewayOptions {
  readonly dataDir: string;
  readonly secret: string;
  readonly databaseUrl?: string | undefined;
  readonly smtpUrl?: string;
  /** How far the clock of the gateway is ahead. */
  readonly clockShiftMilliseconds?: number;
}

export interface Answer {
  readonly status: number;
  /** Name and value of every cookie that was set. */
  readonly cookies: readonly string[];
  readonly body: Readonly<Record<string, unknown>>;
}

/** A gateway process on stored data, with one service that answers with the token that it was sent. */
export interface StoredGateway {
  ask(
    path: string,
    request?: {
      readonly cookie?: string;
      readonly headers?: Readonly<Record<string, string>>;
      readonly json?: object;
      /** Sent instead of JSON. */
      readonly form?: Readonly<Record<string, string>>;
    },
  ): Promise<Answer>;
  /** The published keys. */
  keys(): Promise<{ keys: object[] }>;
  stop(): Promise<void>;
}

const day = 86_400;

/** With what the sender of webhooks signs, then and now. */
const webhookSecret = 'whsec_3sxDVp3PKoH5FKPq//TltLmzWscMbGTacPIQlfHOXyA=';

/** The part of the configuration that has to stay the same: roles are stored by name. */
export function configurationOf(dataDir: string, ports: readonly number[], upstream: string): object {
  const [port = 0, internalPort = 0] = ports;
  return {
    publicUrl: `http://localhost:${port}`,
    listen: { host: '127.0.0.1', port },
    internal: { host: '127.0.0.1', port: internalPort },
    dataDir,
    mail: { from: 'Sallyport <no-reply@localhost>' },
    log: { access: false },
    passwords: { answerFloorMilliseconds: 100 },
    firstPartyTokens: {},
    apiKeys: {},
    oauthProvider: {},
    policy: {
      permissions: {
        'product:read': 'List and read products',
        'product:create': 'Create products',
        'product:archive': 'Look at products of former years',
        'organization:manage': 'Rename and delete an organization',
        'member:manage': 'Invite and remove members',
      },
      roles: { user: ['product:read'], vendor: ['product:read', 'product:create'] },
      organizationRoles: { owner: ['organization:manage', 'member:manage', 'product:archive'] },
    },
    routes: [
      {
        name: 'echo',
        prefix: '/api/echo',
        upstream,
        audience: 'echo',
        access: 'signed-in',
        permissions: ['product:*'],
        credentials: ['session', 'bearer', 'api-key'],
      },
      {
        name: 'hook',
        prefix: '/hook',
        upstream,
        audience: 'echo',
        access: 'service',
        webhook: { secret: 'hook' },
      },
    ],
  };
}

export function environmentOf({
  secret,
  databaseUrl,
  smtpUrl = 'smtp://127.0.0.1:9',
  clockShiftMilliseconds = 0,
}: Omit<StoredGatewayOptions, 'dataDir'>): Readonly<Record<string, string>> {
  return {
    SALLYPORT_SECRET: secret,
    SMTP_URL: smtpUrl,
    SALLYPORT_WEBHOOK_SECRETS: `hook=${webhookSecret}`,
    // Keys of the fixture live for as long as those of an installation.
    TEST_ROTATION_SECONDS: String(30 * day),
    NODE_OPTIONS: `--import=${new URL('../faults/shift-clock.mjs', import.meta.url).href}`,
    CLOCK_SHIFT_MILLISECONDS: String(clockShiftMilliseconds),
    ...(databaseUrl === undefined ? {} : { DATABASE_URL: databaseUrl }),
  };
}

export async function startStoredGateway(options: StoredGatewayOptions): Promise<StoredGateway> {
  const service = createServer((request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ token: request.headers.authorization?.replace(/^Bearer /, '') }));
  });
  service.listen(0, '127.0.0.1');
  await once(service, 'listening');
  // A listening TCP server has such an address.
  const upstream = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
  const stopService = () => {
    service.closeAllConnections();
    service.close();
  };
  let gateway: GatewayProcess;
  try {
    const ports = await findFreePorts(2);
    gateway = await startQuickGateway(configurationOf(options.dataDir, ports, upstream), environmentOf(options));
  } catch (error) {
    stopService();
    throw error;
  }
  return {
    async ask(path, { cookie, headers = {}, json, form } = {}) {
      const response = await fetch(gateway.origin + path, {
        method: json === undefined && form === undefined ? 'GET' : 'POST',
        headers: {
          origin: gateway.origin,
          ...headers,
          ...(cookie === undefined ? {} : { cookie: cookieAt(gateway.origin, cookie) }),
          ...(json === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(json === undefined ? {} : { body: JSON.stringify(json) }),
        ...(form === undefined ? {} : { body: new URLSearchParams(form) }),
      });
      const text = await response.text();
      return {
        status: response.status,
        cookies: response.headers.getSetCookie().map((one) => one.split(';')[0] ?? ''),
        body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
      };
    },
    async keys() {
      const response = await fetch(`${gateway.internalOrigin}/internal/.well-known/jwks.json`);
      return (await response.json()) as { keys: object[] };
    },
    async stop() {
      await gateway.stop();
      stopService();
    },
  };
}

/** The code of an authenticator app (RFC 6238) at a time. */
export function totpCode(secret: string, at: number): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const bits = [...secret].map((letter) => alphabet.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(at / 30_000)));
  const mac = createHmac('sha1', key).update(counter).digest();
  const offset = (mac.at(-1) ?? 0) & 15;
  return String((mac.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

/** The headers of a webhook (Standard Webhooks) that is sent at a time, in milliseconds. */
export function signWebhook(id: string, body: object, at: number): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(at / 1000));
  const key = Buffer.from(webhookSecret.slice('whsec_'.length), 'base64');
  const signature = createHmac('sha256', key)
    .update(`${id}.${timestamp}.${JSON.stringify(body)}`)
    .digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` };
}
