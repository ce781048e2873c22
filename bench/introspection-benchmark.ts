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

const label = {
  name: 'introspection-of-opaque-tokens',
  title: 'CPU of the gateway for POST /oauth2/introspect of an opaque token vs for GET /healthz',
  target: '≤ 200 µs',
};

const account = { email: 'ada@example.test', password: 'violet-kettle-marches-north-7' };
const secret = 'kL9x2Qm7Vw4Rt8Zp1Bn6Yc3Hd5Jf0GsA';
/** Programs that are signed in: a service asks about their tokens in turn. */
const programs = 20;

/** One built gateway on embedded stores. What it costs is read from the kernel: all of its threads are in it. */
export const introspectionBenchmark: Benchmark = {
  ...label,
  run: async (settings) => {
    await buildPackages(workspaceRoot);
    return [await measure(settings)];
  },
};

async function measure({ pairs, isQuick, onProgress }: RunSettings): Promise<BenchmarkResult> {
  const folder = await mkdtemp(path.join(tmpdir(), 'sallyport-bench-'));
  const [port = 0] = await findFreePorts(1);
  const origin = `http://localhost:${port}`;
  const variables = { SALLYPORT_SECRET: secret };
  const config = {
    publicUrl: origin,
    listen: { port },
    dataDir: path.join(folder, 'data'),
    mail: { from: 'Sallyport <no-reply@localhost>' },
    limits: { authRequests: [] },
    log: { access: false },
    policy: {
      permissions: { 'product:read': 'Read products', 'billing:introspect': 'Ask about tokens' },
      roles: { user: ['product:read'], 'service-caller': ['billing:introspect'] },
    },
    apiKeys: {},
    firstPartyTokens: { accessTokens: 'opaque', accessMinutes: 15 },
    introspection: { services: { billing: { permissions: ['product:*'], profile: true } }, requests: [] },
    routes: [{ name: 'all', prefix: '/', upstream: 'http://127.0.0.1:9', audience: 'all', access: 'optional' }],
  } satisfies ConfigInput;
  await writeFile(path.join(folder, 'sallyport.config.ts'), `export default ${JSON.stringify(config)};\n`);
  const key = await makeAccounts(config, variables);
  let gateway: GatewayProcess | undefined;
  try {
    gateway = await startGatewayProcess({
      command: [...buildOf('packages/cli/dist/main.js'), 'start'],
      cwd: folder,
      keptLines: 20,
      environment: { ...variables, SMTP_URL: 'smtp://127.0.0.1:9' },
    });
    const { pid } = gateway;
    const tokens: string[] = [];
    for (let count = 0; count < programs; count += 1) tokens.push(await accessTokenAt(origin));
    const rounds = isQuick ? 10 : 250;
    const askAll = async (): Promise<void> => {
      for (let round = 0; round < rounds; round += 1)
        await Promise.all(tokens.map((token) => introspect(origin, key, token)));
    };
    const lookAll = async (): Promise<void> => {
      for (let round = 0; round < rounds; round += 1)
        await Promise.all(tokens.map(async () => (await fetch(`${origin}/healthz`)).text()));
    };
    const costOf = async (work: () => Promise<void>): Promise<number> => {
      const before = cpuMicroseconds(pid);
      await work();
      return (cpuMicroseconds(pid) - before) / (rounds * programs);
    };
    const measured: Pair[] = [];
    for (let index = -1; index < pairs; index += 1) {
      const pair = { subject: await costOf(askAll), baseline: await costOf(lookAll) };
      if (index < 0) continue;
      measured.push(pair);
      onProgress(`pair ${index + 1} of ${pairs}: ${pair.subject.toFixed(0)} / ${pair.baseline.toFixed(0)} µs`);
      await delay(100);
    }
    return toResult(label, 'µs of CPU', measured, {
      condition: `not pinned; embedded stores; ${programs} tokens in turn, remembered by the gateway for a minute each`,
      'introspections per measurement': rounds * programs,
    });
  } finally {
    await gateway?.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Makes the account of the programs and that of the service. Resolves to the key of the latter. */
async function makeAccounts(input: ConfigInput, variables: Readonly<Record<string, string>>): Promise<string> {
  const closing = createClosing();
  const config = parseConfig(input, 'benchmark');
  const stores = await openStores({ config, environment: readEnvironment(variables), logger: silentLogger, closing });
  const mailer = { send: () => Promise.resolve() };
  const identity = await openIdentity({ config, stores, mailer, logger: silentLogger });
  await identity.accounts.createUser({ name: 'Ada', ...account, roles: ['user'], emailVerified: true });
  const operate = async (name: string, order: object): Promise<unknown> =>
    identity.operations
      .find((operation) => operation.name === name)
      ?.run(order, { actor: 'operator:benchmark', requestId: 'benchmark', address: 'local' });
  const service = (await operate('service-accounts/create', { name: 'billing', roles: ['service-caller'] })) as {
    readonly id: string;
  };
  const owner = { kind: 'service', id: service.id };
  const made = (await operate('api-keys/create', { owner, name: 'Main', scopes: ['billing:introspect'] })) as {
    readonly secret: string;
  };
  await identity.close();
  await closing.close();
  return made.secret;
}

async function accessTokenAt(origin: string): Promise<string> {
  const answer = await fetch(`${origin}/auth/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(account),
  });
  const text = await answer.text();
  if (answer.status !== 200) throw new Error(`the token was answered with ${answer.status}: ${text}`);
  return (JSON.parse(text) as { readonly access_token: string }).access_token; // A 200 has one.
}

async function introspect(origin: string, key: string, token: string): Promise<void> {
  const answer = await fetch(`${origin}/oauth2/introspect`, {
    method: 'POST',
    headers: { 'x-api-key': key, 'content-type': 'application/x-www-form-urlencoded' },
    body: `token=${token}`,
  });
  const text = await answer.text();
  if (answer.status !== 200 || !text.startsWith('{"active":true'))
    throw new Error(`introspection was answered with ${answer.status}: ${text}`);
}
