import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { findFreePorts } from '../../tools/launch/free-ports.ts';
import { workspaceRoot } from '../../tools/workspace-root.ts';
import { emulateImage, type EmulatedImage } from './emulated-image.ts';

const isBuilt = [
  'apps/gateway/dist/main.js',
  'apps/shell/.next/build-stamp',
  'apps/zones/account/.next/build-stamp',
].every((file) => existsSync(path.join(workspaceRoot, file)));
const isLinux = process.platform === 'linux';
/** The user of the images; taken on where this process may. */
const nobody = process.getuid?.() === 0 ? { uid: 10_001, gid: 10_001 } : {};
const publicHost = 'app.example.com';
const names = ['gateway', 'shop', 'shell', 'account'] as const;

let folder: string;
let ports: Record<(typeof names)[number] | 'internal', number>;
const running: ChildProcess[] = [];
const output: string[] = [];

/** Copies what the images copy, installs what they install, and starts it as they would; only the container is missing. */
describe.skipIf(!isBuilt || !isLinux)('what goes into the images (skipped before npm run build)', () => {
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'images-'));
    chmodSync(folder, 0o755);
    const [gateway = 0, internal = 0, shop = 0, shell = 0, account = 0] = await findFreePorts(5);
    ports = { gateway, internal, shop, shell, account };
    await writeFile(path.join(folder, 'secret'), randomBytes(32).toString('base64'));
    for (const name of names) {
      const image = await emulateImage(name, path.join(folder, name));
      if (name === 'gateway') {
        await cp(
          path.join(workspaceRoot, 'deploy/sallyport.config.ts'),
          path.join(image.folder, 'sallyport.config.ts'),
        );
      }
      await start(name, image);
    }
  }, 400_000);

  afterAll(async () => {
    for (const child of running) child.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  });

  it('runs as a whole: pages and the service come through the door', { timeout: 90_000 }, async () => {
    const answers = async (): Promise<void> => {
      expect(await ask('/readyz')).toMatchObject({ status: 200 });
      expect(await ask('/sign-in')).toMatchObject({ status: 200 });
      expect(await ask('/api/shop/products')).toMatchObject({ status: 401 });
      expect(await ask('/account')).toMatchObject({ status: 401 });
      expect(await ask('/account', { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' })).toMatchObject({
        status: 303,
      });
    };
    await vi.waitFor(answers, { timeout: 60_000, interval: 500 });
    const page = await ask('/');
    expect(page.headers['strict-transport-security']).toBe('max-age=31536000');
    expect(page.body).not.toMatch(/demo\.sallyport|mailbox/i);
    const asset = /\/_next\/static\/[\w./-]+\.js/.exec(page.body)?.[0] ?? '';
    expect(await ask(asset)).toMatchObject({ status: 200 });
  });

  it('stops on SIGTERM, and says nothing of errors on the way', { timeout: 60_000 }, async () => {
    for (const child of running) {
      child.kill('SIGTERM');
      const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
      // Next.js ends with the code that shells give to SIGTERM.
      expect([0, 143, 'SIGTERM']).toContain(code ?? signal);
    }
    expect(output.join('')).not.toMatch(/"level":"error"|Error:/);
  });
});

async function start(name: (typeof names)[number], image: EmulatedImage): Promise<void> {
  const data = path.join(folder, `${name}-data`);
  await mkdir(data, { mode: 0o700 });
  if (nobody.uid !== undefined) chownSync(data, nobody.uid, nobody.gid);
  const [, ...nodeArguments] = image.command;
  const child = spawn(process.execPath, nodeArguments, {
    cwd: image.folder,
    ...nobody,
    env: {
      PATH: process.env['PATH'],
      HOME: '/nonexistent',
      ...image.environment,
      ...addressesOf(name, data),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => output.push(chunk.toString()));
  running.push(child);
}

/** What compose.yaml and the manifests say by their networks, said by ports of loopback. */
function addressesOf(name: (typeof names)[number], data: string): Record<string, string> {
  const loopback = (port: number): string => `http://127.0.0.1:${port}`;
  const common = { PORT: String(ports[name]), SALLYPORT_PUBLIC_URL: `https://${publicHost}` };
  if (name === 'gateway') {
    return {
      ...common,
      SALLYPORT_DATA_DIR: data,
      SALLYPORT_LISTEN_HOST: '127.0.0.1',
      SALLYPORT_INTERNAL_HOST: '127.0.0.1',
      SALLYPORT_INTERNAL_PORT: String(ports.internal),
      SALLYPORT_SECRET_FILE: path.join(folder, 'secret'),
      SALLYPORT_UPSTREAM_SHOP: loopback(ports.shop),
      SALLYPORT_UPSTREAM_SHELL: loopback(ports.shell),
      SALLYPORT_UPSTREAM_ACCOUNT: loopback(ports.account),
      SMTP_URL: 'smtp://127.0.0.1:9',
    };
  }
  return {
    ...common,
    HOSTNAME: '127.0.0.1',
    SALLYPORT_INTERNAL_URL: loopback(ports.internal),
    SALLYPORT_AUDIENCE: name,
    ...(name === 'shop' ? { SHOP_DATA_FILE: path.join(data, 'products.db') } : {}),
  };
}

interface Answer {
  readonly status: number | undefined;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: string;
}

function ask(target: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({
      host: '127.0.0.1',
      port: ports.gateway,
      path: target,
      headers: { host: publicHost, accept: 'text/html', 'sec-fetch-site': 'none', ...headers },
      agent: false,
    });
    sent.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({
          status: response.statusCode,
          headers: response.headers,
          body: Buffer.concat(chunks).toString(),
        }),
      );
    });
    sent.on('error', reject);
    sent.end();
  });
}
