import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { withBuildLock } from '../../tools/build/build-lock.ts';
import { buildPackages } from '../../tools/build/build-system.ts';
import { findFreePorts } from '../../tools/launch/free-ports.ts';
import { packPackages } from '../../tools/pack/pack-packages.ts';
import { workspaceRoot } from '../../tools/workspace-root.ts';
import { askAsProxy } from '../processes/ask-as-proxy.ts';
import { openBuildah, whyNoImages, type Buildah } from './buildah.ts';
import { lastOf, lineageOf, packagesDockerfile, readStages } from './dockerfile.ts';
import { makeNodeImage } from './node-image.ts';

const skipped = whyNoImages === undefined ? '' : ` (skipped ${whyNoImages})`;
const image = 'localhost/acme/gateway:1.0.0';
const config = `import { defineConfig } from 'sallyport';

export default defineConfig({
  publicUrl: 'https://app.example.com',
  brand: { name: 'Acme' },
  mail: { from: 'Acme <no-reply@app.example.com>' },
  policy: { permissions: {}, roles: { user: [] } },
  routes: [{ name: 'web', prefix: '/', upstream: 'http://127.0.0.1:9', audience: 'web', access: 'optional' }],
});
`;

let folder: string;
let buildah: Buildah;
let container: string;
const started: ChildProcess[] = [];

/** Nothing of the repository is in the build context but tarballs and the Dockerfile. */
describe.skipIf(whyNoImages !== undefined)(`an image from packages${skipped}`, { retry: 0 }, () => {
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'packages-image-'));
    const context = path.join(folder, 'acme');
    buildah = openBuildah(folder);
    await mkdir(context);
    await cp(packagesDockerfile, path.join(context, 'Dockerfile'));
    await withBuildLock(workspaceRoot, undefined, () => buildPackages(workspaceRoot));
    await packPackages(workspaceRoot, path.join(context, 'sallyport-packages'));
    const stages = await readStages(packagesDockerfile);
    await makeNodeImage(buildah, `docker.io/library/${stages[0]?.from}`, folder);
    const options = ['--isolation', 'chroot', '--network', 'host', '--pull-never', '--format', 'docker'];
    await buildah.run('bud', ...options, '--tag', image, context);
    container = await buildah.run('from', '--pull-never', image);
  }, 1_200_000);

  afterAll(async () => {
    // buildah takes what it runs along.
    for (const child of started.filter(({ exitCode }) => exitCode === null)) {
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
    await rm(folder, { recursive: true, force: true });
  }, 120_000);

  const inside = (...command: readonly string[]): Promise<string> =>
    buildah.run('run', '--isolation', 'chroot', container, '--', ...command);

  it('runs as a user who can write nothing of what it runs from', { timeout: 60_000 }, async () => {
    expect(await inside('sh', '-c', 'id -u; id -g; pwd')).toBe('10001\n10001\n/app');
    for (const place of [
      '/app',
      '/app/node_modules',
      '/app/node_modules/sallyport/dist/main.js',
      '/usr/local/bin/node',
    ])
      await expect(inside('test', '-w', place)).rejects.toThrow();
    await inside('test', '-w', '/data');
  });

  it('holds the gateway and its command line, and nothing for services, of a framework or of a clone', async () => {
    const modules = (await inside('sh', '-c', 'ls node_modules node_modules/@sallyport')).split('\n');
    expect(modules).toEqual(expect.arrayContaining(['sallyport', 'better-auth', 'server', 'gateway', 'pages']));
    for (const name of ['nestjs', 'nextjs', 'testing', 'next', 'react', '@nestjs', 'typescript', 'vitest'])
      expect(modules).not.toContain(name);
    expect((await inside('ls', '/app')).split('\n')).toEqual(['node_modules', 'package-lock.json', 'package.json']);
    const { version } = JSON.parse(await readFile(path.join(workspaceRoot, 'packages/cli/package.json'), 'utf8')) as {
      readonly version: string;
    };
    expect(await inside('sallyport', '--version')).toContain(version);
  });

  it.each([
    { name: 'a configuration', mounts: false, variables: {}, says: /sallyport\.config/ },
    { name: 'a mail server', mounts: true, variables: {}, says: /SMTP_URL/ },
  ])('refuses to start without $name', { timeout: 60_000 }, async ({ mounts, variables, says }) => {
    const gateway = await startGateway(variables, mounts);
    expect(await gateway.ended).not.toBe(0);
    expect(gateway.output()).toMatch(says);
  });

  it('starts with a mounted configuration, answers, and ends on SIGTERM', { timeout: 120_000 }, async () => {
    const gateway = await startGateway(
      { SMTP_URL: 'smtp://127.0.0.1:9', SALLYPORT_TRUSTED_PROXIES: '127.0.0.1' },
      true,
    );
    const [port, internalPort] = gateway.ports;
    await vi.waitFor(async () => expect((await fetch(`http://127.0.0.1:${internalPort}/healthz`)).status).toBe(200), {
      timeout: 60_000,
      interval: 300,
    });
    expect((await fetch(`http://127.0.0.1:${internalPort}/readyz`)).status).toBe(200);
    const page = await askAsProxy(port, 'app.example.com', '/auth/sign-in');
    expect(page.status).toBe(200);
    expect(page.body).toMatch(/<title>[^<]*Acme/);
    expect(await inside('sh', '-c', await healthCheck(internalPort))).toBe('');

    const pid = await findGateway(gateway.process);
    expect(await userOf(pid)).toBe('10001');
    process.kill(pid, 'SIGTERM');
    expect(await gateway.ended).toBe(0);
    expect(gateway.output()).toMatch(/"gateway-ready"/);
  });
});

/** Starts what the image starts, with the variables and the mount that `docker run` would be given. */
async function startGateway(variables: Readonly<Record<string, string>>, mounts: boolean) {
  const file = path.join(folder, 'sallyport.config.ts');
  await writeFile(file, config, { mode: 0o644 });
  const ports = await findFreePorts(2);
  const [port, internalPort] = ports;
  const settings = {
    ...variables,
    PORT: String(port),
    SALLYPORT_INTERNAL_PORT: String(internalPort),
    SALLYPORT_LISTEN_HOST: '127.0.0.1',
    SALLYPORT_INTERNAL_HOST: '127.0.0.1',
  };
  const options = [
    ...Object.entries(settings).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
    ...(mounts ? ['--volume', `${file}:/app/sallyport.config.ts:ro`] : []),
  ];
  const command = JSON.parse((await lastInstruction('CMD')) ?? '[]') as readonly string[];
  let text = '';
  const child = buildah.start(container, options, command, (part) => {
    text += part;
  });
  started.push(child);
  const ended = once(child, 'exit').then(([code]) => code as number | null);
  return { ports: ports as [number, number], process: child, ended, output: () => text };
}

async function lastInstruction(name: string): Promise<string | undefined> {
  return lastOf(lineageOf(await readStages(packagesDockerfile), 'gateway'), name);
}

/** The health check of the image, as a line for a shell, at the port of this test. */
async function healthCheck(port: number | undefined): Promise<string> {
  const words = JSON.parse(/CMD (\[.*\])$/.exec((await lastInstruction('HEALTHCHECK')) ?? '')?.[1] ?? '[]') as string[];
  return words.map((word) => `"${word.replace('9400', String(port))}"`).join(' ');
}

/** The gateway below buildah and its chroot: the last one in the line of processes. */
async function findGateway({ pid = 0 }: ChildProcess): Promise<number> {
  const children = new Map<number, number>();
  for (const entry of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    // One that has ended meanwhile has no line.
    const stat = await readFile(`/proc/${entry}/stat`, 'utf8').catch(() => '');
    const parent = /\) \w (\d+)/.exec(stat)?.[1];
    if (parent !== undefined) children.set(Number(parent), Number(entry));
  }
  let last = pid;
  for (let next = children.get(last); next !== undefined; next = children.get(last)) last = next;
  return last;
}

async function userOf(pid: number): Promise<string | undefined> {
  return /^Uid:\s+(\d+)/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1];
}
