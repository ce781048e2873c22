import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buildPackages } from '../tools/build/build-system.ts';
import { connectTo, cookieOf, signOutOf, type AskDoor } from '../tools/launch/door-client.ts';
import { startSystem, type RunningSystem } from '../tools/launch/system.ts';
import { startPostgres } from '../tools/test-servers/postgres.ts';
import { startRedis } from '../tools/test-servers/redis.ts';
import type { RunningServer, TestServer } from '../tools/test-servers/test-server.ts';
import { workspaceRoot } from '../tools/workspace-root.ts';
import type { Benchmark, BenchmarkResult, RunSettings } from './benchmark.ts';
import { toResult, type ResultLabel } from './result.ts';
import { quantile, type Pair } from './statistics.ts';

const signOuts = 1000;
const quickSignOuts = 40;
/** Sessions are made in batches: a user with a thousand of them is nobody. */
const batchSize = 20;
const protectedPath = '/api/shop/products';

/** One sign-out: milliseconds from its confirmation at one gateway to the first refusal at the other, to its last byte. */
interface SignOut {
  readonly refusedAfter: number;
  /** A request of the same session at the other gateway just before. */
  readonly roundTrip: number;
  readonly requestsUntilRefused: number;
}

const gatewayLabel = {
  name: 'sign-out-refused-by-the-other-gateway',
  title: 'Sign-out at one gateway until it is refused at the other',
  target: 'p99 ≤ 50 ms',
  baseline: 'a request of the same session at the other gateway, just before',
};

/** Two real gateways on PostgreSQL and Redis; the other gateway has the session in its cache. */
export const revocationBenchmark: Benchmark = {
  ...gatewayLabel,
  run: async (settings) => [toSignOutResult(gatewayLabel, await withSystem((system) => measure(system, settings)))],
};

const serviceLabel = {
  name: 'sign-out-refused-by-a-subscribed-service',
  title: 'Sign-out at a gateway until a subscribed service refuses the token that it was sent before',
  target: 'p99 ≤ 1 s',
  baseline: 'a request with the same token at the service, just before',
};

/** Two real gateways on PostgreSQL and Redis, and a real Nest service that hears of revocations from one of them. */
export const serviceRevocationBenchmark: Benchmark = {
  ...serviceLabel,
  run: async (settings) => [
    toSignOutResult(serviceLabel, await withServers((stores) => measureService(stores, settings))),
  ],
};

async function measureService(
  stores: { readonly databaseUrl: string; readonly redisUrl: string },
  { isQuick, onProgress }: RunSettings,
): Promise<readonly SignOut[]> {
  await buildPackages(workspaceRoot);
  // It stands on the packages as they were built.
  const { startSmallSystem } = await import('../test/faults/small-system.ts');
  const service = 'shop';
  const system = await startSmallSystem({
    gateways: 2,
    services: [service],
    stores,
    access: () => ({ revocations: {} }),
    environment: { TEST_ROTATION_SECONDS: '86400' },
  });
  try {
    const { origin } = system.service(service);
    const wanted = isQuick ? quickSignOuts : signOuts;
    const measured: SignOut[] = [];
    while (measured.length < wanted) {
      for (let index = 0; index < batchSize; index += 1) {
        const cookie = await system.signIn('ada@example.test');
        const gateway = system.gateways[measured.length % 2]?.origin ?? '';
        await requireOk(await fetch(`${gateway}/api/${service}/me`, { headers: { cookie } }));
        const headers = { authorization: `Bearer ${system.service(service).lastToken()}` };
        const askedAt = performance.now();
        await requireOk(await fetch(`${origin}/me`, { headers }));
        const roundTrip = performance.now() - askedAt;
        const left = await fetch(`${gateway}/auth/sign-out`, { method: 'POST', headers: { cookie, origin: gateway } });
        const confirmedAt = performance.now();
        await requireOk(left);
        for (let requests = 1; ; requests += 1) {
          const answer = await fetch(`${origin}/me`, { headers });
          await answer.arrayBuffer();
          if (answer.status === 200) continue;
          if (answer.status !== 401) throw new Error(`a request was answered ${answer.status}`);
          measured.push({
            refusedAfter: performance.now() - confirmedAt,
            roundTrip,
            requestsUntilRefused: requests,
          });
          break;
        }
      }
      if (measured.length % 100 === 0) onProgress(`${measured.length} of ${wanted} sign-outs`);
    }
    return measured;
  } finally {
    await system.close();
  }
}

async function requireOk(answer: Response): Promise<void> {
  await answer.arrayBuffer();
  if (!answer.ok) throw new Error(`a request was answered ${answer.status}`);
}

async function withServers<Result>(
  work: (stores: { readonly databaseUrl: string; readonly redisUrl: string }) => Promise<Result>,
): Promise<Result> {
  const servers = await Promise.all([startPostgres(), startRedis()]);
  try {
    const [postgres, redis] = [requireServer(servers[0]), requireServer(servers[1])];
    return await work({ databaseUrl: postgres.url, redisUrl: redis.url });
  } finally {
    for (const server of servers) if (server.kind === 'running') await server.stop();
  }
}

async function withSystem<Result>(work: (system: RunningSystem) => Promise<Result>): Promise<Result> {
  await buildPackages(workspaceRoot);
  const folder = await mkdtemp(path.join(tmpdir(), 'sallyport-bench-'));
  try {
    return await withServers(async (stores) => {
      const system = await startSystem({
        dataDir: path.join(folder, 'data'),
        only: ['mailbox', 'gateway', 'gateway-2', 'shop'],
        stores,
        gateways: 2,
      });
      try {
        return await work(system);
      } finally {
        await system.stop();
      }
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function requireServer(server: TestServer): RunningServer {
  if (server.kind === 'absent') throw new Error(server.reason);
  return server;
}

async function measure(system: RunningSystem, { isQuick, onProgress }: RunSettings): Promise<readonly SignOut[]> {
  const [account] = system.accounts;
  if (account === undefined) throw new Error('There is no demo account');
  const [first, second] = [connectTo(system, 'gateway'), connectTo(system, 'gateway-2')];
  const wanted = isQuick ? quickSignOuts : signOuts;
  const measured: SignOut[] = [];
  while (measured.length < wanted) {
    // One after the other: sign-ins in a crowd are shed.
    const cookies: string[] = [];
    while (cookies.length < batchSize) cookies.push(await cookieOf(first, account));
    for (const cookie of cookies) {
      const [here, there] = measured.length % 2 === 0 ? [first, second] : [second, first];
      measured.push(await signOutOnce(here, there, cookie));
    }
    if (measured.length % 100 === 0) onProgress(`${measured.length} of ${wanted} sign-outs`);
  }
  return measured;
}

async function signOutOnce(here: AskDoor, there: AskDoor, cookie: string): Promise<SignOut> {
  await requireStatus(there, cookie);
  const askedAt = performance.now();
  await requireStatus(there, cookie);
  const roundTrip = performance.now() - askedAt;
  const status = await signOutOf(here, cookie);
  const confirmedAt = performance.now();
  if (status !== 204) throw new Error(`a sign-out was answered ${status}`);
  for (let requests = 1; ; requests += 1) {
    const answer = await there(protectedPath, { cookie });
    if (answer.status === 401)
      return { refusedAfter: performance.now() - confirmedAt, roundTrip, requestsUntilRefused: requests };
    if (answer.status !== 200) throw new Error(`a request was answered ${answer.status}`);
  }
}

async function requireStatus(ask: AskDoor, cookie: string): Promise<void> {
  const { status } = await ask(protectedPath, { cookie });
  if (status !== 200) throw new Error(`a request was answered ${status}`);
}

function toSignOutResult(
  label: ResultLabel & { readonly baseline: string },
  measured: readonly SignOut[],
): BenchmarkResult {
  const pairs: readonly Pair[] = measured.map(({ refusedAfter, roundTrip }) => ({
    subject: refusedAfter,
    baseline: roundTrip,
  }));
  const ascending = measured.map(({ refusedAfter }) => refusedAfter).toSorted((a, b) => a - b);
  const roundTrips = measured.map(({ roundTrip }) => roundTrip).toSorted((a, b) => a - b);
  return toResult(label, 'ms', pairs, {
    'p50 until refused, ms': quantile(ascending, 0.5),
    'p99 until refused, ms': quantile(ascending, 0.99),
    // Of the same connections at the same time: what is in here as well is the machine, and not the news on its way.
    'p99 of the baseline, ms': quantile(roundTrips, 0.99),
    'longest, ms': ascending.at(-1) ?? 0,
    'refused by the very next request': measured.filter(({ requestsUntilRefused }) => requestsUntilRefused === 1)
      .length,
    baseline: label.baseline,
  });
}
