import { mkdtemp, rm } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { silentLogger } from '@sallyport/core';
import { parseConfig, readEnvironment, startGateway, type Gateway } from '@sallyport/server';
import { findFreePorts } from '../tools/launch/free-ports.ts';
import type { Benchmark, BenchmarkResult, RunSettings } from './benchmark.ts';
import { toResult } from './result.ts';
import { quantile, type Pair } from './statistics.ts';

const floorMilliseconds = 300;
const links = 500_000;
/** A mail each: caps on mail to one address leave nothing to measure. */
const resetsPerPair = 5;
/** Between requests, so that none waits for another. */
const pauseMilliseconds = 50;

const label = {
  name: 'password-reset-among-half-a-million-links',
  title: `Request of a new password for an address with an account vs without, ${links.toLocaleString('en')} live links`,
  target: `both ${floorMilliseconds} ms`,
};

/**
 * What a day of anonymous requests leaves: links that live, in the table where the next one is written. The time of an
 * answer must not tell whether there is an account, and other requests must not wait for it.
 */
export const mailedLinksBenchmark: Benchmark = { ...label, run: async (settings) => [await measure(settings)] };

async function measure({ pairs, isQuick, onProgress }: RunSettings): Promise<BenchmarkResult> {
  const folder = await mkdtemp(path.join(tmpdir(), 'sallyport-bench-'));
  let gateway: Gateway | undefined;
  try {
    await (await start(folder)).close();
    const stored = isQuick ? links / 10 : links;
    const emails = fill(path.join(folder, 'sallyport.db'), stored, (pairs + 1) * resetsPerPair);
    onProgress(`${stored} links are stored`);
    gateway = await start(folder);
    const ask = (email: string): Promise<number> => askForReset(gateway?.port ?? 0, email);
    const stalls = monitorEventLoopDelay({ resolution: 1 });
    const measured: Pair[] = [];
    const all = { subject: [] as number[], baseline: [] as number[] };
    for (let index = -1; index < pairs; index += 1) {
      const known: number[] = [];
      const unknown: number[] = [];
      if (index === 0) stalls.enable();
      for (let count = 0; count < resetsPerPair; count += 1) {
        known.push(await ask(emails.pop() ?? ''));
        unknown.push(await ask(`${randomBytes(9).toString('hex')}@example.test`));
      }
      if (index < 0) continue;
      all.subject.push(...known);
      all.baseline.push(...unknown);
      measured.push({ subject: median(known), baseline: median(unknown) });
      onProgress(`pair ${index + 1} of ${pairs}: ${median(known).toFixed(1)} / ${median(unknown).toFixed(1)} ms`);
    }
    stalls.disable();
    return toResult(label, 'ms', measured, {
      condition: `not pinned; SQLite, ${stored} live links, floor ${floorMilliseconds} ms`,
      'longest, ms': quantile(all.subject.toSorted(ascending), 1),
      'longest without an account, ms': quantile(all.baseline.toSorted(ascending), 1),
      'longest that other requests were held up (event loop), ms': stalls.max / 1e6,
      'p99 of the event loop, ms': stalls.percentile(99) / 1e6,
    });
  } finally {
    await gateway?.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function start(dataDir: string): Promise<Gateway> {
  const [port = 0] = await findFreePorts(1);
  const config = parseConfig(
    {
      publicUrl: `http://localhost:${port}`,
      listen: { port },
      dataDir,
      mail: { from: 'Sallyport <no-reply@localhost>' },
      mailbox: { port: 0 },
      limits: { authRequests: [] },
      passwords: { answerFloorMilliseconds: floorMilliseconds },
      policy: { permissions: {}, roles: { user: [] } },
      routes: [{ name: 'all', prefix: '/', upstream: 'http://127.0.0.1:9', audience: 'all', access: 'public' }],
    },
    'benchmark',
  );
  const environment = readEnvironment({
    SALLYPORT_SECRET: 'kL9x2Qm7Vw4Rt8Zp1Bn6Yc3Hd5Jf0GsA',
    NODE_ENV: 'development',
  });
  return startGateway({
    config,
    environment,
    logger: silentLogger,
    // Nothing is delivered: what is measured is before it.
    mailer: { send: () => Promise.resolve() },
  });
}

/** Writes links of three for each of many accounts, past the stores and in one transaction. Resolves to some addresses. */
function fill(file: string, count: number, wanted: number): string[] {
  const database = new DatabaseSync(file);
  const at = new Date();
  const soon = new Date(at.getTime() + 3_600_000);
  const encode = (time: Date): string => time.toISOString();
  database.exec('PRAGMA synchronous = OFF; PRAGMA cache_size = -1000000; BEGIN');
  const addUser = database.prepare(
    `INSERT INTO user (id, name, email, emailVerified, createdAt, updatedAt, roles, generation) VALUES (?, 'Ada', ?, 1, ?, ?, 'user', 1)`,
  );
  const addLink = database.prepare(
    `INSERT INTO verification (id, identifier, value, expiresAt, createdAt, updatedAt) VALUES (?, ?, ?, ?, ?, ?)`,
  );
  const emails: string[] = [];
  for (let index = 0; index < count; index += 1) {
    if (index % 3 === 0) {
      const email = `user-${index}@example.test`;
      addUser.run(`user-${index}`, email, encode(at), encode(at));
      if (emails.length < wanted) emails.push(email);
    }
    const owner = `reset-password:user-${index - (index % 3)}`;
    const token = randomBytes(32).toString('base64url');
    addLink.run(`link-${index}`, `reset-password:${token}`, owner, encode(soon), encode(at), encode(at));
  }
  database.exec('COMMIT; PRAGMA wal_checkpoint(TRUNCATE)');
  database.close();
  return emails;
}

async function askForReset(port: number, email: string): Promise<number> {
  await delay(pauseMilliseconds);
  const startedAt = performance.now();
  const answer = await fetch(`http://localhost:${port}/auth/request-password-reset`, {
    method: 'POST',
    headers: { origin: `http://localhost:${port}`, 'content-type': 'application/json' },
    body: JSON.stringify({ email }),
  });
  await answer.arrayBuffer();
  if (answer.status !== 200) throw new Error(`a request of a new password was answered with ${answer.status}`);
  return performance.now() - startedAt;
}

function median(values: readonly number[]): number {
  return quantile(values.toSorted(ascending), 0.5);
}

function ascending(left: number, right: number): number {
  return left - right;
}
