import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { askAsProxy } from '../processes/ask-as-proxy.ts';
import { sourcesOf, startGatewayProcess, type GatewayProcess } from '../processes/gateway-process.ts';
import { makePostgresSchema } from '../processes/postgres-schema.ts';
import { checkOutPreviousVersion } from './previous-version.ts';
import type { Answer } from './stored-gateway.ts';

/** `before` is the previous version, `today` the sources of this work tree. */
export const versions = ['before', 'today'] as const;
export type Version = (typeof versions)[number];

/** Every account of the two has this password. */
export const password = 'five-unusual-kettles-marching';

/** Gateways of two versions on one PostgreSQL and one Redis, as behind one load balancer. */
export interface TwoVersions {
  /** Makes an administrator by the command line of a version. */
  createAdmin(version: Version, email: string): Promise<void>;
  start(version: Version): Promise<void>;
  /** Asks a gateway as the load balancer does it for a browser: both have one public address, and so one cookie. */
  ask(version: Version, to: string, question?: { readonly cookie?: string; readonly json?: object }): Promise<Answer>;
  /** The published keys. */
  keysAt(version: Version): Promise<unknown>;
  close(): Promise<void>;
}

const publicHost = 'app.example.test';

/** Makes what both share. Neither is started yet, and the stores are empty. */
export async function makeTwoVersions(redisUrl: string): Promise<TwoVersions> {
  const folder = mkdtempSync(path.join(tmpdir(), 'sallyport-side-by-side-'));
  const previous = checkOutPreviousVersion();
  const schema = await makePostgresSchema();
  const service = createServer((_, response) => response.setHeader('content-type', 'application/json').end('{}'));
  await once(service.listen(0, '127.0.0.1'), 'listening');
  const gateways = new Map<Version, GatewayProcess>();
  const runningAt = (version: Version): GatewayProcess => {
    const gateway = gateways.get(version);
    if (gateway === undefined) throw new TypeError(`the gateway of ${version} is not started`);
    return gateway;
  };
  const commandOf = (version: Version): readonly string[] =>
    version === 'before' ? previous.command : sourcesOf('packages/cli/src/main.ts');
  const placeOf = (version: Version): string => path.join(folder, version);
  const environmentOf = (version: Version): Readonly<Record<string, string | undefined>> => ({
    PATH: process.env['PATH'],
    SALLYPORT_DATA_DIR: path.join(placeOf(version), 'data'),
    SALLYPORT_SECRET: 'kL9x2Qm7Vw4Rt8Zp1Bn6Yc3Hd5Jf0GsA',
    // Nothing listens on the port of discard, and nothing is mailed.
    SMTP_URL: 'smtp://127.0.0.1:9',
    DATABASE_URL: schema.url,
    REDIS_URL: redisUrl,
  });
  for (const version of versions) {
    mkdirSync(path.join(placeOf(version), 'data'), { recursive: true, mode: 0o700 });
    const config = configurationOf(`${schema.name}:`, (service.address() as AddressInfo).port);
    writeFileSync(path.join(placeOf(version), 'sallyport.config.ts'), `export default ${JSON.stringify(config)};\n`);
  }
  return {
    createAdmin: async (version, email) => {
      const [program = '', ...parameters] = commandOf(version);
      const child = spawn(program, [...parameters, 'users', 'create-admin', '--email', email, '--password-stdin'], {
        cwd: placeOf(version),
        env: environmentOf(version),
      });
      child.stdin.end(`${password}\n`);
      const errors = await text(child.stderr);
      if (child.exitCode === null) await once(child, 'exit');
      if (child.exitCode !== 0) throw new Error(`the account of ${email} was not made:\n${errors}`);
    },
    start: async (version) => {
      const command = [...commandOf(version), 'start'];
      const [cwd, environment] = [placeOf(version), environmentOf(version)];
      gateways.set(version, await startGatewayProcess({ command, cwd, environment }));
    },
    ask: (version, to, question) => ask(runningAt(version).port, to, question),
    keysAt: async (version) => {
      const answer = await fetch(`${runningAt(version).internalOrigin}/internal/.well-known/jwks.json`);
      return (await answer.json()) as unknown;
    },
    close: async () => {
      for (const gateway of gateways.values()) await gateway.stop();
      service.closeAllConnections();
      service.close();
      await schema.drop();
      previous.remove();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** What both versions understand. On plain http each would have a cookie of another name: they meet behind TLS. */
function configurationOf(prefix: string, servicePort: number): object {
  return {
    publicUrl: `https://${publicHost}`,
    listen: { host: '127.0.0.1', port: 0 },
    internal: { host: '127.0.0.1', port: 0 },
    trustedProxies: ['127.0.0.1'],
    mail: { from: `Sallyport <no-reply@${publicHost}>` },
    redis: { prefix },
    // The previous version hashes ten recovery codes as passwords, which takes a busy machine more than the usual two seconds.
    passwords: { answerFloorMilliseconds: 100, hashing: { maxWaitSeconds: 60 } },
    policy: {
      permissions: { 'product:read': 'List and read products' },
      roles: { user: ['product:read'], admin: ['product:read'] },
    },
    routes: [
      {
        name: 'echo',
        prefix: '/api/echo',
        upstream: `http://127.0.0.1:${servicePort}`,
        audience: 'echo',
        access: 'signed-in',
        permissions: ['product:*'],
      },
    ],
  };
}

async function ask(
  port: number,
  to: string,
  { cookie, json }: { readonly cookie?: string; readonly json?: object } = {},
): Promise<Answer> {
  const answer = await askAsProxy(port, publicHost, to, {
    ...(json === undefined ? {} : { method: 'POST', body: JSON.stringify(json) }),
    headers: {
      accept: 'application/json',
      ...(json === undefined ? {} : { 'content-type': 'application/json' }),
      ...(cookie === undefined ? {} : { cookie }),
    },
  });
  return {
    status: answer.status,
    cookies: (answer.headers['set-cookie'] ?? []).map((line) => line.split(';')[0] ?? ''),
    body: answer.body === '' ? {} : (JSON.parse(answer.body) as Record<string, unknown>),
  };
}
