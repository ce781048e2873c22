import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync } from 'node:fs';
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { parseAllDocuments } from 'yaml';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { nextApps } from '../../tools/build/next-apps.ts';
import type { RunningServer } from '../../tools/test-servers/test-server.ts';
import { workspaceRoot } from '../../tools/workspace-root.ts';
import { askAsProxy, type ProxiedAnswer, type ProxiedQuestion } from '../processes/ask-as-proxy.ts';
import { findProgram } from '../transport/find-program.ts';
import { startComposeServers } from './compose-servers.ts';
import {
  asContainerUser,
  composeService,
  containerEnvironment,
  containerNames,
  findContainerPorts,
  gatewayNames,
  imageNameOf,
  loopback,
  type ContainerName,
  type ContainerPorts,
} from './container-environment.ts';
import { lastOf, lineageOf, readStages } from './dockerfile.ts';
import { imageNames } from './image-names.ts';
import { emulateImage, type EmulatedImage } from './emulated-image.ts';
import { mountSecrets, type MountedSecrets } from './mounted-secrets.ts';

const isBuilt = [
  'apps/gateway/dist/main.js',
  'packages/cli/dist/main.js',
  ...nextApps.map(({ folder }) => `${folder}/.next/build-stamp`),
].every((file) => existsSync(path.join(workspaceRoot, file)));
const canRun = isBuilt && process.platform === 'linux' && findProgram('openssl') !== undefined;
const publicHost = 'app.example.com';
const person = { email: 'first@example.com', password: 'six tall chimneys over the canal' };

/** What a test asks of a manifest: the probes of its only container. */
interface Deployment {
  readonly spec: { readonly template: { readonly spec: { readonly containers: readonly Probes[] } } };
}

type Probes = Readonly<
  Record<string, { readonly httpGet: { readonly path: string; readonly port: keyof ContainerPorts } }>
>;

let folder: string;
let secrets: MountedSecrets;
let ports: Readonly<Record<ContainerName, ContainerPorts>>;
let absent: string | undefined;
const made = new Map<string, EmulatedImage>();
const servers = new Map<string, RunningServer>();
const running = new Map<ContainerName, ChildProcess>();
const output: string[] = [];

/**
 * Copies what the images copy, installs what they install, and starts it as compose.yaml says: two gateways on one
 * PostgreSQL and one Redis, secrets as mounted files. Only the containers and their networks are missing.
 */
describe.skipIf(!canRun)('the images (skipped before npm run build) [postgres + redis ×2]', () => {
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'images-'));
    chmodSync(folder, 0o755);
    ports = await findContainerPorts();
    secrets = mountSecrets(folder, publicHost);
    for (const [store, server] of Object.entries(await startComposeServers(folder, secrets)))
      if (server.kind === 'absent') absent = server.reason;
      else servers.set(store, server);
    if (absent !== undefined) return;
    await Promise.all(
      imageNames.map(async (name) => made.set(name, await emulateImage(name, path.join(folder, name)))),
    );
    await cp(path.join(workspaceRoot, 'deploy/sallyport.config.ts'), path.join(folder, 'gateway/sallyport.config.ts'));
    for (const name of containerNames) await start(name);
    for (const name of containerNames) {
      const isReady = async (): Promise<void> => expect([name, await isHealthy(name)]).toEqual([name, true]);
      await vi.waitFor(isReady, { timeout: 120_000, interval: 1000 });
    }
  }, 400_000);

  afterAll(async () => {
    for (const child of running.values()) child.kill('SIGKILL');
    for (const server of servers.values()) await server.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('hold nothing of a framework in the one of the gateway', ({ skip }) => {
    skip(absent !== undefined, absent);
    for (const name of ['next', 'react', 'typescript', 'vitest', '@types'])
      expect(existsSync(path.join(folder, 'gateway/node_modules', name))).toBe(false);
  });

  it('run as a whole: pages and the service come through both gateways', { timeout: 60_000 }, async ({ skip }) => {
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
      const [deployment] = parseAllDocuments(text).map((document) => document.toJS() as Deployment);
      const probes = deployment?.spec.template.spec.containers[0] ?? {};
      const name = image === 'gateway' ? 'gateway-1' : image;
      for (const probe of ['startupProbe', 'readinessProbe', 'livenessProbe']) {
        const { path: target, port } = probes[probe]?.httpGet ?? expect.fail(`there is a ${probe}`);
        // A probe knows an address, and sends no header of a browser.
        const answer = await fetch(`http://127.0.0.1:${ports[name][port]}${target}`);
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
      for (const server of [servers.get('redis')?.process, servers.get('postgres')?.process]) {
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

async function start(name: ContainerName): Promise<void> {
  const image = imageOf(name);
  const [program = '', ...rest] = await asContainerUser(secrets, [process.execPath, ...image.command.slice(1)]);
  const child = spawn(program, rest, {
    cwd: image.folder,
    env: await environmentOf(name),
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
  const [program = '', ...rest] = await asContainerUser(secrets, ['sallyport', ...words]);
  const environment = await environmentOf('gateway-1');
  const child = spawn(program, rest, { cwd: imageOf('gateway-1').folder, env: environment });
  child.stdin.end(input);
  const [text, errors, [code]] = await Promise.all([
    child.stdout.toArray(),
    child.stderr.toArray(),
    once(child, 'exit') as Promise<[number]>,
  ]);
  return { code, text: text.join(''), errors: errors.join('') };
}

function environmentOf(name: ContainerName): Promise<Record<string, string>> {
  return containerEnvironment(name, { folder, secrets, ports, image: imageOf(name).environment });
}

/** Runs the health check of compose.yaml, else that of the image, on the ports of this test. */
async function isHealthy(name: ContainerName): Promise<boolean> {
  const ofService = (await composeService(name)).healthcheck?.test;
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

function imageOf(name: ContainerName): EmulatedImage {
  const image = made.get(imageNameOf(name));
  if (image === undefined) throw new Error(`there is no image for ${name}`);
  return image;
}

async function everyGateway(status: number, target: string): Promise<void> {
  const asked = async (): Promise<void> => {
    for (const gateway of gatewayNames)
      expect((await fetch(`${loopback(ports[gateway].internal)}${target}`)).status).toBe(status);
  };
  await vi.waitFor(asked, { timeout: 30_000, interval: 200 });
}

async function signIn(gateway: ContainerName): Promise<string> {
  const answer = await ask(gateway, '/auth/sign-in/email', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(person),
  });
  expect(answer).toMatchObject({ status: 200 });
  const cookies = [answer.headers['set-cookie'] ?? []].flat();
  return cookies.map((cookie) => cookie.split(';')[0]).join('; ');
}

/** Asks the public listener, as nginx does it for a browser. */
function ask(gateway: ContainerName, target: string, question?: ProxiedQuestion): Promise<ProxiedAnswer> {
  return askAsProxy(ports[gateway].http, publicHost, target, question);
}
