import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findFreePorts } from '../../tools/launch/free-ports.ts';
import { reportReady } from '../child-side.ts';
import { readThreadTimes } from '../thread-times.ts';
import { createBetterAuthVerifier } from './better-auth-verifier.ts';
import { createLeanVerifier } from './lean-verifier.ts';
import { nginxConfiguration } from './nginx-configuration.ts';
import { readServerSettings, type ServerReady, type ServerUsage } from './server-report.ts';

/*
 * nginx with `auth_request`, and the service that it asks, on the core of the server under test. What is used is what
 * both use together.
 */

const { upstreamPort, verifier: kind = 'lean' } = readServerSettings();
const folder = mkdtempSync(path.join(tmpdir(), 'sallyport-bench-'));
const socket = path.join(folder, 'auth.sock');

const verifier = kind === 'better-auth' ? await createBetterAuthVerifier() : createLeanVerifier(kind === 'remembering');
verifier.server.keepAliveTimeout = 60_000;
await new Promise<void>((resolve) => verifier.server.listen(socket, resolve));

const [port = 0] = await findFreePorts(1);
const nginx = await startNginx(port);
process.once('exit', () => {
  nginx.kill('SIGTERM');
  rmSync(folder, { recursive: true, force: true });
});

reportReady({ port, cookie: verifier.cookie } satisfies ServerReady, (): ServerUsage => {
  const { user, system } = process.cpuUsage();
  const nginxPids = [nginx.pid ?? 0, ...childrenOf(nginx.pid ?? 0)];
  const nginxMilliseconds = nginxPids.reduce((sum, pid) => sum + (readThreadTimes(pid)?.ranMilliseconds ?? NaN), 0);
  const nginxBytes = nginxPids.reduce((sum, pid) => sum + residentBytesOf(pid), 0);
  return {
    cpuMicroseconds: user + system + nginxMilliseconds * 1000,
    residentBytes: process.memoryUsage.rss() + nginxBytes,
    counters: verifier.counters(),
  };
});

async function startNginx(listenPort: number): Promise<ChildProcess> {
  const file = path.join(folder, 'nginx.conf');
  writeFileSync(file, nginxConfiguration({ folder, port: listenPort, upstreamPort, authSocket: socket }));
  const child = spawn('nginx', ['-p', folder, '-c', file, '-e', 'stderr'], { stdio: ['ignore', 2, 2] });
  child.once('exit', (code) => {
    if (code !== 0) throw new Error(`nginx ended with ${code}`);
  });
  while (!(await accepts(listenPort))) await delay(20);
  return child;
}

function accepts(at: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(at, '127.0.0.1');
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', () => resolve(false));
  });
}

/** nginx forks its workers, and they do the work. */
function childrenOf(pid: number): readonly number[] {
  const list = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return list === '' ? [] : list.split(' ').map(Number);
}

function residentBytesOf(pid: number): number {
  const kibibytes = /^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kibibytes ?? NaN) * 1024;
}
