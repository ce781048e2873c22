import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { findFreePorts } from '../../tools/launch/free-ports.ts';
import { createTestAuthority } from '../../tools/launch/test-authority.ts';
import { statusOf, waitUntilReady } from '../../tools/launch/wait-until-ready.ts';
import { workspaceRoot } from '../../tools/workspace-root.ts';
import { findProgram } from './find-program.ts';
import { readDeployed, rowsOfForwardAuth, startAskedDoor, type AskingProxy } from './forward-auth-rows.ts';

const nginx = findProgram('nginx');
const deployed = pathToFileURL(path.join(workspaceRoot, 'deploy/nginx/forward-auth.conf'));

let folder: string;
let started: AskingProxy;
let child: ChildProcess;

describe.skipIf(nginx === undefined)('nginx that asks, as deploy/nginx says (skipped without nginx)', () => {
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'forward-auth-nginx-'));
    const [port = 0] = await findFreePorts(1);
    const { caFile, certFile, keyFile } = await createTestAuthority(folder);
    const { door, askPort } = await startAskedDoor(port);
    const config = await readDeployed(deployed, {
      '127.0.0.1:3000': `127.0.0.1:${door.port}`,
      '127.0.0.1:9500': `127.0.0.1:${askPort}`,
      '127.0.0.1:4000': door.upstream.origin.slice('http://'.length),
      'listen 443 ssl http2': `listen 127.0.0.1:${port} ssl http2`,
      'app.example.com': 'app.test',
      '/etc/ssl/sallyport/fullchain.pem': certFile,
      '/etc/ssl/sallyport/privkey.pem': keyFile,
    });
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (name) => `${name}_temp_path ${folder}/${name};`,
    );
    await writeFile(
      path.join(folder, 'nginx.conf'),
      `daemon off; worker_processes 1; pid ${folder}/nginx.pid; error_log ${folder}/error.log;
       events {} http { access_log off; ${temporary.join(' ')} ${config} }`,
    );
    child = spawn(nginx ?? '', ['-c', path.join(folder, 'nginx.conf'), '-e', path.join(folder, 'error.log')], {
      stdio: ['ignore', 'ignore', 'inherit'],
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

  it('the question itself cannot be reached from outside', async () => {
    const probe = { url: `https://app.test:${started.port}/_sallyport`, authority: started.ca };
    expect(await statusOf(probe)).toBe(404);
  });
});
