import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from 'sallyport/test-support';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { sourcesOf } from './gateway-process.ts';

const patience = { timeout: 60_000, interval: 100 };
const tokenSecret = 'canary-token-secret-of-forty-characters';

let folder: string;
let port: number;
let started: ChildProcess[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-dev-'));
  port = await freePort();
  started = [];
  mkdirSync(join(folder, 'web'));
  writeFileSync(join(folder, 'web', 'package.json'), '{"name":"web"}');
  writeFileSync(
    join(folder, 'web', 'main.mjs'),
    "console.log('secrets', process.env.SALLYPORT_TOKEN_SECRET ?? 'none', process.env.SALLYPORT_SECRET ?? 'none');\n" +
      'setInterval(() => {}, 1000);\n',
  );
  const applications = [{ name: 'web', folder: 'web', run: `exec "${process.execPath}" main.mjs` }];
  writeFileSync(join(folder, 'sallyport.dev.json'), JSON.stringify({ applications }));
});
afterEach(() => {
  for (const child of started) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

function writeConfig(change: object = {}): void {
  const config = {
    publicUrl: `http://localhost:${port}`,
    listen: { host: '127.0.0.1', port },
    policy: { permissions: {}, roles: { user: [] } },
    mailbox: { port: 0 },
    routes: [{ name: 'all', prefix: '/', upstream: 'http://127.0.0.1:9', audience: 'web', access: 'signed-in' }],
    ...change,
  };
  writeFileSync(join(folder, 'sallyport.config.ts'), `export default ${JSON.stringify(config)};\n`);
}

/** Starts `sallyport dev` behind another process, as npx does. */
function startDev(environment: Readonly<Record<string, string>> = {}) {
  const command = [...sourcesOf('packages/cli/src/main.ts'), 'dev'];
  const wrapper = `
    const { spawn } = require('node:child_process');
    const [program, ...words] = ${JSON.stringify(command)};
    const child = spawn(program, words, { stdio: 'inherit' });
    console.log('pid of dev', child.pid);
    child.on('exit', (code) => process.exit(code));`;
  const child = spawn(process.execPath, ['-e', wrapper], {
    cwd: folder,
    env: { PATH: process.env['PATH'], HOME: folder, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  started.push(child);
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  return { child, text: () => text };
}

const isThere = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

it('the command "sallyport dev" ends with the process that started it, and the gateway and the applications with it', async () => {
  writeConfig();
  const { child, text } = startDev();
  await expect.poll(text, patience).toContain('gateway ready');
  await expect.poll(text, patience).toContain('web     | secrets none none');
  const dev = Number(/pid of dev (\d+)/.exec(text())?.[1]);
  child.kill('SIGKILL');
  await expect.poll(() => isThere(dev), patience).toBe(false);
  await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow();
}, 120_000);

it('the command "sallyport dev" gives applications the secret that they share with the gateway, and no other', async () => {
  writeConfig({ tokens: { signWithSharedSecretInsteadOfKeyPairs: true } });
  const { text } = startDev({
    SALLYPORT_TOKEN_SECRET: tokenSecret,
    SALLYPORT_SECRET: 'canary-root-secret-of-forty-characters-0',
  });
  await expect.poll(text, patience).toContain(`web     | secrets ${tokenSecret} none`);
}, 120_000);
