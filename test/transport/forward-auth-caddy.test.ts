import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import type { IncomingHttpHeaders } from 'node:http';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { findFreePorts } from '../../tools/launch/free-ports.ts';
import { createTestAuthority } from '../../tools/launch/test-authority.ts';
import { waitUntilReady } from '../../tools/launch/wait-until-ready.ts';
import { workspaceRoot } from '../../tools/workspace-root.ts';
import { findProgram } from './find-program.ts';
import { readDeployed, rowsOfForwardAuth, startAskedDoor, type AskingProxy } from './forward-auth-rows.ts';

const caddy = findProgram('caddy');
const deployed = pathToFileURL(path.join(workspaceRoot, 'deploy/caddy/forward-auth.Caddyfile'));

let folder: string;
let started: AskingProxy;
let child: ChildProcess;

describe.skipIf(caddy === undefined)('Caddy that asks, as deploy/caddy says (skipped without Caddy)', () => {
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'forward-auth-caddy-'));
    const [port = 0] = await findFreePorts(1);
    const { caFile, certFile, keyFile } = await createTestAuthority(folder);
    const { door, askPort } = await startAskedDoor(port);
    const config = await readDeployed(deployed, {
      '127.0.0.1:3000': `127.0.0.1:${door.port}`,
      '127.0.0.1:9500': `127.0.0.1:${askPort}`,
      '127.0.0.1:4000': door.upstream.origin.slice('http://'.length),
      'app.example.com {': `https://app.test:${port} {\n\tbind 127.0.0.1\n\ttls ${certFile} ${keyFile}`,
    });
    await writeFile(path.join(folder, 'Caddyfile'), `{\n\tadmin off\n\tauto_https off\n}\n${config}`);
    child = spawn(caddy ?? '', ['run', '--config', path.join(folder, 'Caddyfile'), '--adapter', 'caddyfile'], {
      stdio: ['ignore', 'ignore', 'ignore'],
      env: { ...process.env, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
    });
    started = { door, port, ca: await readFile(caFile, 'utf8') };
    const probe = { url: `https://app.test:${port}/public/ready`, authority: started.ca };
    await waitUntilReady(probe, AbortSignal.timeout(30_000));
  });

  afterAll(async () => {
    child.kill('SIGTERM');
    await once(child, 'exit');
    await started.door.close();
    await rm(folder, { recursive: true });
  });

  beforeEach(() => started.door.upstream.reset());

  rowsOfForwardAuth(() => started);

  it('no name that is kept for us reaches a service', async () => {
    const { status, headers } = await askOnce({ 'X-Sallyport-User': 'root', 'X-Sallyport-Cookie': 'made-up=1' });
    expect(status).toBe(200);
    expect(JSON.stringify(started.door.upstream.seen)).not.toMatch(/x-sallyport|made-up/i);
    expect(headers).not.toHaveProperty('authorization');
  });
});

function askOnce(headers: Readonly<Record<string, string>>): Promise<{ status: number; headers: IncomingHttpHeaders }> {
  const { port, ca } = started;
  return new Promise((resolve, reject) => {
    const sent = request({
      host: '127.0.0.1',
      port,
      ca,
      servername: 'app.test',
      agent: false,
      path: '/public/x',
      headers: { host: `app.test:${port}`, ...headers },
    });
    sent.on('error', reject);
    sent.on('response', (answer) => {
      answer.resume().on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers }));
    });
    sent.end();
  });
}
