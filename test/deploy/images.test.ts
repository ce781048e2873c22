/* oxlint-disable typescript/no-explicit-any, typescript/no-unsafe-member-access, typescript/no-unsafe-assignment, typescript/no-unsafe-argument, typescript/no-unsafe-call -- compose.yaml and the manifests, whose shape other tests check */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { parse, parseAllDocuments } from 'yaml';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { upstreamVariable } from '../../demo/topology.ts';
import { nextApps } from '../../tools/build/next-apps.ts';
import { findFreePorts } from '../../tools/launch/free-ports.ts';
import { startPostgres } from '../../tools/test-servers/postgres.ts';
import { startRedis } from '../../tools/test-servers/redis.ts';
import type { RunningServer, TestServer } from '../../tools/test-servers/test-server.ts';
import { workspaceRoot } from '../../tools/workspace-root.ts';
import { findProgram } from '../transport/find-program.ts';
import { lastOf, lineageOf, readStages } from './dockerfile.ts';
import { deployedUpstreams, imageNames } from './image-names.ts';
import { emulateImage, type EmulatedImage } from './emulated-image.ts';
import { asUser, mountSecrets, type MountedSecrets } from './mounted-secrets.ts';

const isBuilt = [
  'apps/gateway/dist/main.js',
  'packages/cli/dist/main.js',
  ...nextApps.map(({ folder }) => `${folder}/.next/build-stamp`),
].every((file) => existsSync(path.join(workspaceRoot, file)));
const canRun = isBuilt && process.platform === 'linux' && findProgram('openssl') !== undefined;
const isRoot = process.getuid?.() === 0;
/** User and group of the images. */
const unprivilegedId = 10_001;
const publicHost = 'app.example.com';
const gatewayNames = ['gateway-1', 'gateway-2'] as const;
const processes = [...gatewayNames, ...deployedUpstreams] as const;
const person = { email: 'first@example.com', password: 'six tall chimneys over the canal' };

type ProcessName = (typeof processes)[number];
type Ports = { readonly public: number; readonly http: number; readonly internal: number };
type Tree = any;

let folder: string;
let secrets: MountedSecrets;
let ports: Readonly<Record<ProcessName, Ports>>;
let absent: string | undefined;
let postgres: RunningServer | undefined;
let redis: RunningServer | undefined;
const made = new Map<string, EmulatedImage>();
const running = new Map<ProcessName, ChildProcess>();
const output: string[] = [];

/**
 * Copies what the images copy, installs what they install, and starts it as compose.yaml says: two gateways on one
 * PostgreSQL and one Redis, secrets as mounted files. Only the containers and their networks are missing.
 */
describe.skipIf(!canRun)('the images (skipped before npm run build) [postgres + redis ×2]', () => {
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'images-'));
    chmodSync(folder, 0o755);
    ports = await findPorts();
    const servers = await startServers();
    absent = servers.find((server) => server.kind === 'absent')?.reason;
    if (absent !== undefined) return;
    await Promise.all(
      imageNames.map(async (name) => made.set(name, await emulateImage(name, path.join(folder, name)))),
    );
    await cp(path.join(workspaceRoot, 'deploy/sallyport.config.ts'), path.join(folder, 'gateway/sallyport.config.ts'));
    for (const name of processes) await start(name);
    for (const name of processes) {
      const isReady = async (): Promise<void> => expect([name, await isHealthy(name)]).toEqual([name, true]);
      await vi.waitFor(isReady, { timeout: 120_000, interval: 1000 });
    }
  }, 400_000);

  afterAll(async () => {
    for (const child of running.values()) child.kill('SIGKILL');
    for (const server of [postgres, redis]) await server?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('hold nothing of a framework in the one of the gateway', ({ skip }) => {
    skip(absent !== undefined, absent);
    for (const name of ['next', 'react', 'typescript', 'vitest', '@types'])
      expect(existsSync(path.join(folder, 'gateway/node_modules', name))).toBe(false);
  });

  it('run as a whole: pages and the service come through both gatewayNames', { timeout: 60_000 }, async ({ skip }) => {
    skip(absent !== undefined, absent);
    for (const gateway of gatewayNames) {
      const page = await ask(gateway, '/');
      expect(page.headers['strict-transport-security']).toBe('max-age=31536000');
      expect(page.body).not.toMatch(/demo\.sallyport|mailbox/i);
      const asset = /\/_next\/static\/[\w./-]+\.js/.exec(page.body)?.[0] ?? '';
      expect(await ask(gateway, asset)).toMatchObject({ status: 200 });
      expect(await ask(gateway, '/auth/sign-in')).toMatchObject({ status: 200 });
      expect(await ask(gateway, '/api/shop/products')).toMatchObject({ status: 401 });
      const navigation = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
      expect(await ask(gateway, '/account', { headers: navigation })).toMatchObject({ status: 303 });
    }
  });

  it('answer every probe of the manifests', async ({ skip }) => {
    skip(absent !== undefined, absent);
    for (const image of imageNames) {
      const text = await readFile(path.join(workspaceRoot, 'deploy/kubernetes', `${image}.yaml`), 'utf8');
      const container: Tree = parseAllDocuments(text)[0]?.toJS().spec.template.spec.containers[0];
      const name = image === 'gateway' ? 'gateway-1' : image;
      for (const probe of ['startupProbe', 'readinessProbe', 'livenessProbe']) {
        const { path: target, port } = container[probe].httpGet;
        // A probe knows an address, and sends no header of a browser.
        const answer = await fetch(`http://127.0.0.1:${ports[name][port as keyof Ports]}${target}`);
        expect([image, probe, answer.status]).toEqual([image, probe, 200]);
      }
    }
  });

  it(
    'make the first administrator, beside running gateways, who is known to both',
    { timeout: 60_000 },
    async ({ skip }) => {
      skip(absent !== undefined, absent);
      const made = await sallyport(
        ['users', 'create-admin', '--email', person.email, '--password-stdin'],
        person.password,
      );
      expect(made).toMatchObject({ code: 0, errors: '' });
      const cookie = await signIn('gateway-1');
      for (const gateway of gatewayNames) {
        const session = await ask(gateway, '/auth/session', { headers: { cookie } });
        expect(JSON.parse(session.body)).toMatchObject({ status: 'signed-in', user: { email: person.email } });
        expect(await ask(gateway, '/api/shop/products', { headers: { cookie } })).toMatchObject({ status: 200 });
        expect(await ask(gateway, '/account', { headers: { cookie } })).toMatchObject({ status: 200 });
      }
      const ended = await ask('gateway-2', '/auth/sign-out', { method: 'POST', headers: { cookie } });
      expect(ended.status).toBeLessThan(300);
      await vi.waitFor(async () =>
        expect(await ask('gateway-1', '/api/shop/products', { headers: { cookie } })).toMatchObject({ status: 401 }),
      );
    },
  );

  it('know how they are: doctor finds nothing bad', { timeout: 60_000 }, async ({ skip }) => {
    skip(absent !== undefined, absent);
    const { code, text } = await sallyport(['doctor']);
    expect(text).not.toMatch(/BAD|none yet/);
    expect(code).toBe(0);
  });

  it('said nothing of errors, and no secret', ({ skip }) => {
    skip(absent !== undefined, absent);
    const said = output.join('');
    expect(said).not.toMatch(/"level":"error"|Error:/);
    const { password } = new URL(secrets.read('redis_url'));
    for (const secret of [
      secrets.read('sallyport_secret'),
      secrets.read('postgres_password'),
      password,
      person.password,
    ])
      expect(said).not.toContain(secret);
  });

  it(
    'take no requests while a store is away, live on, and know their sessions again',
    { timeout: 120_000 },
    async ({ skip }) => {
      skip(absent !== undefined, absent);
      const cookie = await signIn('gateway-2');
      expect(await ask('gateway-1', '/api/shop/products', { headers: { cookie } })).toMatchObject({ status: 200 });
      // What Redis took less than two seconds ago need not have left its process yet: appendfsync everysec.
      await wait(2500);
      for (const server of [redis?.process, postgres?.process]) {
        await server?.kill();
        await everyGateway(503, '/readyz');
        await everyGateway(200, '/healthz');
        expect(await isHealthy('gateway-1')).toBe(false);
        await server?.restart();
        await everyGateway(200, '/readyz');
      }
      await vi.waitFor(
        async () =>
          expect(await ask('gateway-1', '/api/shop/products', { headers: { cookie } })).toMatchObject({ status: 200 }),
        { timeout: 20_000, interval: 200 },
      );
    },
  );

  it('stop on SIGTERM, within the time that compose.yaml gives them', { timeout: 60_000 }, async ({ skip }) => {
    skip(absent !== undefined, absent);
    for (const [name, child] of running) {
      child.kill('SIGTERM');
      const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
      // Next.js ends with the code that shells give to SIGTERM.
      if (name.startsWith('gateway')) expect([name, code]).toEqual([name, 0]);
      else expect([0, 143, 'SIGTERM']).toContain(code ?? signal);
    }
  });
});

async function findPorts(): Promise<Readonly<Record<ProcessName, Ports>>> {
  const free = await findFreePorts(processes.length * 2);
  const entries = processes.map((name, index) => {
    const [http = 0, internal = 0] = free.slice(index * 2);
    return [name, { public: http, http, internal }];
  });
  return Object.fromEntries(entries) as Readonly<Record<ProcessName, Ports>>;
}

/** PostgreSQL, and Redis with the configuration and the users of compose.yaml. */
async function startServers(): Promise<readonly TestServer[]> {
  secrets = mountSecrets(folder, publicHost);
  const settings = (await readFile(path.join(workspaceRoot, 'deploy/compose/redis.conf'), 'utf8'))
    .replaceAll(/^(?:port|dir) .*$/gm, '')
    .replace('/run/secrets', secrets.folder);
  const file = path.join(folder, 'redis.conf');
  await writeFile(file, settings);
  const servers = await Promise.all([startPostgres(), startRedis({ redisArguments: ['--include', file] })]);
  const [database, cache] = servers;
  if (database.kind === 'running') {
    postgres = database;
    secrets.replace('database_url', 'postgres:5432/sallyport', `${new URL(database.url).host}/postgres`);
  }
  if (cache.kind === 'running') {
    redis = cache;
    secrets.replace('redis_url', 'redis:6379', new URL(cache.url).host);
  }
  // No server listens there: a mail server that is away stops no start.
  secrets.replace('smtp_url', 'mailpit:1025', '127.0.0.1:9');
  return servers;
}

async function start(name: ProcessName): Promise<void> {
  const image = imageOf(name);
  const [program = '', ...rest] = await inContainer([process.execPath, ...image.command.slice(1)]);
  const child = spawn(program, rest, {
    cwd: image.folder,
    env: await environmentFor(name),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => output.push(chunk.toString()));
  running.set(name, child);
}

/** The command line in the image of the gateway, as "docker compose exec" and "kubectl exec" start it. */
async function sallyport(
  words: readonly string[],
  input = '',
): Promise<{ readonly code: number; readonly text: string; readonly errors: string }> {
  const [program = '', ...rest] = await inContainer(['sallyport', ...words]);
  const environment = await environmentFor('gateway-1');
  const child = spawn(program, rest, { cwd: imageOf('gateway-1').folder, env: environment });
  child.stdin.end(input);
  const [text, errors, [code]] = await Promise.all([
    child.stdout.toArray(),
    child.stderr.toArray(),
    once(child, 'exit') as Promise<[number]>,
  ]);
  return { code, text: text.join(''), errors: errors.join('') };
}

/** As the user of the images, with the one more group that compose.yaml adds. */
async function inContainer(command: readonly string[]): Promise<readonly string[]> {
  const [group = ''] = (await composeServices())['gateway-1'].group_add as readonly string[];
  const gid = secrets.variables[/^\$\{(\w+)/.exec(group)?.[1] ?? ''] ?? '';
  return isRoot ? [...asUser(unprivilegedId, unprivilegedId, gid), ...command] : command;
}

/** What compose.yaml sets, with folders and addresses of this machine. */
async function environmentFor(name: ProcessName): Promise<Record<string, string>> {
  const data = path.join(folder, `${name}-data`);
  await mkdir(data, { mode: 0o700, recursive: true });
  if (isRoot) chownSync(data, unprivilegedId, unprivilegedId);
  const declared = (await composeServices())[name].environment as Readonly<Record<string, string>>;
  const settings = Object.entries(declared).map(([key, value]) => [
    key,
    value
      .replace(/^\$\{(\w+).*\}$/, (_whole, variable: string) => secrets.variables[variable] ?? '')
      .replace('/run/secrets', secrets.folder),
  ]);
  const image = imageOf(name).environment;
  const { http, internal } = ports[name];
  return {
    HOME: '/nonexistent',
    ...image,
    PATH: `${path.dirname(process.execPath)}:${image['PATH'] ?? process.env['PATH'] ?? ''}`,
    ...(Object.fromEntries(settings) as Record<string, string>),
    PORT: String(http),
    ...(name.startsWith('gateway')
      ? {
          SALLYPORT_TRUSTED_PROXIES: '127.0.0.1',
          SALLYPORT_DATA_DIR: data,
          SALLYPORT_LISTEN_HOST: '127.0.0.1',
          SALLYPORT_INTERNAL_HOST: '127.0.0.1',
          SALLYPORT_INTERNAL_PORT: String(internal),
          ...Object.fromEntries(deployedUpstreams.map((one) => [upstreamVariable(one), loopback(ports[one].http)])),
        }
      : { HOSTNAME: '127.0.0.1', SALLYPORT_INTERNAL_URL: loopback(ports['gateway-1'].internal) }),
    ...(name === 'shop' ? { SHOP_DATA_FILE: path.join(data, 'products.db') } : {}),
  };
}

/** Runs the health check of compose.yaml, else that of the image, on the ports of this test. */
async function isHealthy(name: ProcessName): Promise<boolean> {
  const ofService: readonly string[] | undefined = (await composeServices())[name].healthcheck?.test;
  const ofImage = /CMD (\[.*\])$/.exec(lastOf(lineageOf(await readStages(), imageNameOf(name)), 'HEALTHCHECK') ?? '');
  const [, ...words] = ofService?.slice(1) ?? (JSON.parse(ofImage?.[1] ?? '[]') as readonly string[]);
  const { http, internal } = ports[name];
  const port = name.startsWith('gateway') ? internal : http;
  const here = words.map((word) => word.replace(/127\.0\.0\.1:\d+/, `127.0.0.1:${port}`));
  return promisify(execFile)(process.execPath, here).then(
    () => true,
    () => false,
  );
}

async function composeServices(): Promise<Tree> {
  return parse(await readFile(path.join(workspaceRoot, 'compose.yaml'), 'utf8'), { merge: true }).services;
}

function imageOf(name: ProcessName): EmulatedImage {
  const image = made.get(imageNameOf(name));
  if (image === undefined) throw new Error(`there is no image for ${name}`);
  return image;
}

function imageNameOf(name: ProcessName): string {
  return name.replace(/-\d$/, '');
}

function loopback(port: number): string {
  return `http://127.0.0.1:${port}`;
}

async function everyGateway(status: number, target: string): Promise<void> {
  const asked = async (): Promise<void> => {
    for (const gateway of gatewayNames)
      expect((await fetch(`${loopback(ports[gateway].internal)}${target}`)).status).toBe(status);
  };
  await vi.waitFor(asked, { timeout: 30_000, interval: 200 });
}

async function signIn(gateway: ProcessName): Promise<string> {
  const answer = await ask(gateway, '/auth/sign-in/email', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(person),
  });
  expect(answer).toMatchObject({ status: 200 });
  const cookies = [answer.headers['set-cookie'] ?? []].flat();
  return cookies.map((cookie) => cookie.split(';')[0]).join('; ');
}

interface Answer {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: string;
}

interface Question {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Asks the public listener, as nginx does it for a browser. */
function ask(gateway: ProcessName, target: string, { method = 'GET', headers, body }: Question = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({
      host: '127.0.0.1',
      port: ports[gateway].http,
      path: target,
      method,
      headers: {
        host: publicHost,
        accept: 'text/html',
        'x-forwarded-for': '203.0.113.7',
        'x-forwarded-proto': 'https',
        ...(method === 'GET'
          ? { 'sec-fetch-site': 'none' }
          : { origin: `https://${publicHost}`, 'sec-fetch-site': 'same-origin' }),
        ...headers,
      },
      agent: false,
    });
    sent.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString(),
        }),
      );
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
