import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { silentLogger } from '@sallyport/core';
import {
  createClosing,
  openIdentity,
  openStores,
  parseConfig,
  readEnvironment,
  type ConfigInput,
} from '@sallyport/server';
import { buildOf, startGatewayProcess, type GatewayProcess } from '../test/processes/gateway-process.ts';
import { buildPackages } from '../tools/build/build-system.ts';
import { findFreePorts } from '../tools/launch/free-ports.ts';
import { workspaceRoot } from '../tools/workspace-root.ts';
import type { Benchmark, BenchmarkResult, RunSettings } from './benchmark.ts';
import { cpuMicroseconds } from './process-cpu.ts';
import { toResult } from './result.ts';
import type { Pair } from './statistics.ts';
import { withServers } from './whole-system.ts';

const label = {
  name: 'refresh-on-postgres',
  title: 'CPU of the gateway for a refresh on PostgreSQL and Redis vs for GET /auth/session',
  target: '≤ 830 µs',
};

const account = { email: 'ada@example.test', password: 'violet-kettle-marches-north-7' };
/** Programs that are signed in: each of their tokens is used once in a turn. */
const programs = 20;
const secret = 'kL9x2Qm7Vw4Rt8Zp1Bn6Yc3Hd5Jf0GsA';

/** One built gateway. What it costs is read from the kernel: threads for signatures and connections are in it. */
export const refreshBenchmark: Benchmark = {
  ...label,
  run: async (settings) => {
    await buildPackages(workspaceRoot);
    return [await withServers((stores) => measure(stores, settings))];
  },
};

async function measure(
  { databaseUrl, redisUrl }: { readonly databaseUrl: string; readonly redisUrl: string },
  { pairs, isQuick, profileFolder, onProgress }: RunSettings,
): Promise<BenchmarkResult> {
  const folder = await mkdtemp(path.join(tmpdir(), 'sallyport-bench-'));
  const [port = 0] = await findFreePorts(1);
  const origin = `http://localhost:${port}`;
  const variables = { DATABASE_URL: databaseUrl, REDIS_URL: redisUrl, SALLYPORT_SECRET: secret };
  const config = {
    publicUrl: origin,
    listen: { port },
    dataDir: path.join(folder, 'data'),
    mail: { from: 'Sallyport <no-reply@localhost>' },
    limits: { authRequests: [] },
    log: { access: false },
    policy: { permissions: {}, roles: { user: [] } },
    firstPartyTokens: {},
    routes: [{ name: 'all', prefix: '/', upstream: 'http://127.0.0.1:9', audience: 'all', access: 'optional' }],
  } satisfies ConfigInput;
  await writeFile(path.join(folder, 'sallyport.config.ts'), `export default ${JSON.stringify(config)};\n`);
  await makeAccount(config, variables);
  const profileOptions = profileFolder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileFolder}`];
  let gateway: GatewayProcess | undefined;
  try {
    gateway = await startGatewayProcess({
      command: [...buildOf('packages/cli/dist/main.js', profileOptions), 'start'],
      cwd: folder,
      keptLines: 20,
      environment: { ...variables, SMTP_URL: 'smtp://127.0.0.1:9' },
    });
    const { pid } = gateway;
    let tokens: string[] = [];
    for (let count = 0; count < programs; count += 1)
      tokens.push(refreshTokenOf(await post(`${origin}/auth/token`, account)));
    const cookie = await cookieAt(origin);
    const rounds = isQuick ? 2 : 25;
    const refreshAll = async (): Promise<void> => {
      for (let round = 0; round < rounds; round += 1) {
        const answers = await Promise.all(
          tokens.map((refresh_token) => post(`${origin}/auth/token/refresh`, { refresh_token })),
        );
        tokens = answers.map(refreshTokenOf);
      }
    };
    const askAll = async (): Promise<void> => {
      for (let round = 0; round < rounds; round += 1)
        await Promise.all(
          tokens.map(async () => (await fetch(`${origin}/auth/session`, { headers: { cookie } })).text()),
        );
    };
    const costOf = async (work: () => Promise<void>): Promise<number> => {
      const before = cpuMicroseconds(pid);
      await work();
      return (cpuMicroseconds(pid) - before) / (rounds * programs);
    };
    const measured: Pair[] = [];
    for (let index = -1; index < pairs; index += 1) {
      const pair = { subject: await costOf(refreshAll), baseline: await costOf(askAll) };
      if (index < 0) continue;
      measured.push(pair);
      onProgress(`pair ${index + 1} of ${pairs}: ${pair.subject.toFixed(0)} / ${pair.baseline.toFixed(0)} µs`);
      await delay(100);
    }
    return toResult(label, 'µs of CPU', measured, {
      condition: `not pinned; PostgreSQL (synchronous_commit as the server has it) and Redis, ${programs} at once`,
      'refreshes per measurement': rounds * programs,
    });
  } finally {
    await gateway?.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function makeAccount(input: ConfigInput, variables: Readonly<Record<string, string>>): Promise<void> {
  const closing = createClosing();
  const config = parseConfig(input, 'benchmark');
  const stores = await openStores({ config, environment: readEnvironment(variables), logger: silentLogger, closing });
  const mailer = { send: () => Promise.resolve() };
  const identity = await openIdentity({ config, stores, mailer, logger: silentLogger });
  await identity.accounts.createUser({ name: 'Ada', ...account, roles: ['user'], emailVerified: true });
  await identity.close();
  await closing.close();
}

async function post(url: string, body: object): Promise<unknown> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  if (answer.status !== 200) throw new Error(`${url} was answered with ${answer.status}: ${text}`);
  return JSON.parse(text);
}

function refreshTokenOf(answer: unknown): string {
  return (answer as { readonly refresh_token: string }).refresh_token; // A 200 has one.
}

async function cookieAt(origin: string): Promise<string> {
  const answer = await fetch(`${origin}/auth/sign-in/email`, {
    method: 'POST',
    headers: { origin, 'content-type': 'application/json' },
    body: JSON.stringify(account),
  });
  await answer.text();
  return answer.headers.getSetCookie()[0]?.split(';')[0] ?? '';
}
