import { spawn, type ChildProcess } from 'node:child_process';
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { internalTokenType } from '@sallyport/core';
import { findFreePorts } from '../../tools/launch/free-ports.ts';
import { reportReady } from '../child-side.ts';
import { readThreadTimes } from '../thread-times.ts';
import { nginxConfiguration } from './nginx-configuration.ts';
import { readServerSettings, type ServerReady, type ServerUsage } from './server-report.ts';
import { createStandInKeyRing } from './stand-in-key-ring.ts';

/*
 * nginx with `auth_request`, and the service that it asks: it looks the session up in a database, which is in memory, and
 * answers with a token for the upstream, which is signed once per session and half a minute. What is used is what both use
 * together, on the core of the server under test.
 */

const publicUrl = 'http://localhost:3000';
const rememberedMilliseconds = 30_000;
const tokenSeconds = 60;

interface Caller {
  readonly userId: string;
  readonly role: string;
}

interface Allowance extends Caller {
  readonly authorization: string;
  readonly goodUntil: number;
}

const { upstreamPort, remembersSessions = false } = readServerSettings();
const folder = mkdtempSync(path.join(tmpdir(), 'sallyport-bench-'));
const socket = path.join(folder, 'auth.sock');

const token = randomBytes(32).toString('base64url');
const database = new DatabaseSync(':memory:');
database.exec('CREATE TABLE session (token_hash TEXT PRIMARY KEY, user_id TEXT NOT NULL, expires_at INTEGER NOT NULL)');
database.exec('CREATE TABLE user (id TEXT PRIMARY KEY, role TEXT NOT NULL, is_banned INTEGER NOT NULL)');
const someUser = randomUUID();
database.prepare('INSERT INTO user VALUES (?, ?, 0)').run(someUser, 'vendor');
database.prepare('INSERT INTO session VALUES (?, ?, ?)').run(hashOf(token), someUser, Date.now() + 86_400_000);
const findSession = database.prepare(
  'SELECT user.id, user.role FROM session JOIN user ON user.id = session.user_id ' +
    'WHERE token_hash = ? AND expires_at > ? AND is_banned = 0',
);

const keyRing = createStandInKeyRing();
const allowances = new Map<string, Allowance>();
let storeReads = 0;

const service = createServer((request, response) => {
  const presented = /(?:^|; )sallyport=([^;]+)/.exec(request.headers.cookie ?? '')?.[1];
  if (presented === undefined) return refuse(response);
  const now = Date.now();
  const known = allowances.get(presented);
  const isGood = known !== undefined && now < known.goodUntil;
  if (isGood && remembersSessions) return allow(response, known);
  const caller = lookUp(presented, now);
  if (caller === undefined) return refuse(response);
  if (isGood) return allow(response, known);
  const allowance = sign(caller, now);
  allowances.set(presented, allowance);
  allow(response, allowance);
});
service.keepAliveTimeout = 60_000;
await new Promise<void>((resolve) => service.listen(socket, resolve));

const [port = 0] = await findFreePorts(1);
const nginx = await startNginx(port);
process.once('exit', () => {
  nginx.kill('SIGTERM');
  rmSync(folder, { recursive: true, force: true });
});

reportReady({ port, cookie: `sallyport=${token}` } satisfies ServerReady, (): ServerUsage => {
  const { user, system } = process.cpuUsage();
  const nginxPids = [nginx.pid ?? 0, ...childrenOf(nginx.pid ?? 0)];
  const nginxMilliseconds = nginxPids.reduce((sum, pid) => sum + (readThreadTimes(pid)?.ranMilliseconds ?? NaN), 0);
  const nginxBytes = nginxPids.reduce((sum, pid) => sum + residentBytesOf(pid), 0);
  return {
    cpuMicroseconds: user + system + nginxMilliseconds * 1000,
    residentBytes: process.memoryUsage.rss() + nginxBytes,
    counters: { 'store reads': storeReads, signatures: keyRing.signatureCount },
  };
});

function hashOf(presented: string): string {
  return createHash('sha256').update(presented).digest('base64url');
}

function lookUp(presented: string, now: number): Caller | undefined {
  storeReads += 1;
  const row = findSession.get(hashOf(presented), now);
  return row === undefined ? undefined : { userId: String(row['id']), role: String(row['role']) };
}

function sign({ userId, role }: Caller, now: number): Allowance {
  const iat = Math.floor(now / 1000);
  const claims = {
    iss: publicUrl,
    aud: 'shop',
    sub: userId,
    roles: [role],
    sid: 'ses_benchmark',
    jti: randomUUID(),
    iat,
    exp: iat + tokenSeconds,
  };
  const jwt = keyRing.sign('internal', internalTokenType, claims);
  return { userId, role, authorization: `Bearer ${jwt}`, goodUntil: now + rememberedMilliseconds };
}

function allow(response: ServerResponse, { authorization, userId }: Allowance): void {
  response.writeHead(204, { authorization, 'x-user-id': userId }).end();
}

function refuse(response: ServerResponse): void {
  response.writeHead(401).end();
}

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
