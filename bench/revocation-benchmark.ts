import { once } from 'node:events';
import { createServer, request, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { upstreamVariable } from '../demo/topology.ts';
import { buildPackages } from '../tools/build/build-system.ts';
import { connectTo, cookieOf, signOutOf, type AskGateway } from '../tools/launch/gateway-client.ts';
import type { RunningSystem } from '../tools/launch/system.ts';
import { workspaceRoot } from '../tools/workspace-root.ts';
import type { Benchmark, BenchmarkResult, RunSettings } from './benchmark.ts';
import { startChild } from './child-process.ts';
import { toResult, type ResultLabel } from './result.ts';
import type { ServiceSignOutSettings } from './servers/service-sign-outs.ts';
import type { SignOut } from './sign-out.ts';
import { quantile, type Pair } from './statistics.ts';
import { withServers, withSystem } from './whole-system.ts';

const signOuts = 1000;
/** For what is measured in whole seconds, fewer tell as much. */
const serviceSignOuts = 300;
const streamSignOuts = 300;
const quickSignOuts = 40;
/** Sessions are made in batches: no real user has a thousand of them. */
const batchSize = 20;
const protectedPath = '/api/shop/products';

const gatewayLabel = {
  name: 'sign-out-refused-by-the-other-gateway',
  title: 'Sign-out at one gateway until it is refused at the other',
  target: 'p99 ≤ 50 ms',
  baseline: 'a request of the same session at the other gateway, just before',
};

/** Two real gateways on PostgreSQL and Redis; the other gateway has the session in its cache. */
export const revocationBenchmark: Benchmark = {
  ...gatewayLabel,
  run: async (settings) => [
    toSignOutResult(
      gatewayLabel,
      await withSystem({ only: ['mailbox', 'gateway', 'gateway-2', 'shop'] }, (system) => measure(system, settings)),
    ),
  ],
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

const streamLabel = {
  name: 'sign-out-closes-live-streams',
  title: 'Sign-out at one gateway until a live event stream at the other is closed',
  target: 'p99 ≤ 1 s',
  baseline: 'a request of the same session at the other gateway, just before',
};

/** Two real gateways on PostgreSQL and Redis, and an upstream whose stream of events never ends by itself. */
export const streamRevocationBenchmark: Benchmark = {
  ...streamLabel,
  run: async (settings) => {
    const upstream = await startEndlessUpstream();
    const addresses = { [upstreamVariable('shop')]: upstream.origin };
    try {
      const measured = await withSystem(
        {
          only: ['mailbox', 'gateway', 'gateway-2'],
          environment: { gateway: addresses, 'gateway-2': addresses },
        },
        (system) => measureStreams(system, settings),
      );
      return [toSignOutResult(streamLabel, measured)];
    } finally {
      upstream.close();
    }
  },
};

/** In a process of its own: a Nest service has decorators, which no source is loaded with here. */
async function measureService(stores: ServiceSignOutSettings['stores'], settings: RunSettings): Promise<SignOut[]> {
  await buildPackages(workspaceRoot);
  const wanted = settings.isQuick ? quickSignOuts : serviceSignOuts;
  const child = await startChild({
    file: 'servers/service-sign-outs.ts',
    core: undefined,
    settings: { stores },
    isBuilt: true,
  });
  try {
    const measured: SignOut[] = [];
    while (measured.length < wanted) {
      measured.push(...((await child.ask({ signOuts: batchSize })) as SignOut[]));
      if (measured.length % 100 === 0) settings.onProgress(`${measured.length} of ${wanted} sign-outs`);
    }
    await child.ask('close');
    return measured;
  } finally {
    await child.stop();
  }
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

async function measureStreams(
  system: RunningSystem,
  { isQuick, onProgress }: RunSettings,
): Promise<readonly SignOut[]> {
  const [account] = system.accounts;
  if (account === undefined) throw new Error('There is no demo account');
  const sides = [connectTo(system, 'gateway'), connectTo(system, 'gateway-2')] as const;
  const wanted = isQuick ? quickSignOuts : streamSignOuts;
  const measured: SignOut[] = [];
  while (measured.length < wanted) {
    const isEven = measured.length % 2 === 0;
    const [here, there] = isEven ? sides : [sides[1], sides[0]];
    const cookie = await cookieOf(here, account);
    const port = system.gateways.find(({ name }) => name === (isEven ? 'gateway-2' : 'gateway'))?.publicPort ?? 0;
    const stream = await openStream(port, system.url, cookie);
    const askedAt = performance.now();
    await requireStatus(there, cookie);
    const roundTrip = performance.now() - askedAt;
    const status = await signOutOf(here, cookie);
    const confirmedAt = performance.now();
    if (status !== 204) throw new Error(`a sign-out was answered ${status}`);
    // It may be closed before the sign-out is confirmed.
    measured.push({ refusedAfter: Math.max(0, (await stream.closedAt) - confirmedAt), roundTrip });
    if (measured.length % 50 === 0) onProgress(`${measured.length} of ${wanted} streams`);
  }
  return measured;
}

/** Opens a stream of events, and resolves when the first has arrived. */
async function openStream(
  port: number,
  publicUrl: string,
  cookie: string,
): Promise<{ readonly closedAt: Promise<number> }> {
  const { host } = new URL(publicUrl);
  const headers = { host, cookie, accept: 'text/event-stream' };
  const sent = request({ port, host: '127.0.0.1', path: '/api/shop/events', headers, agent: false });
  sent.end();
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  if (answer.statusCode !== 200) throw new Error(`a stream was answered ${answer.statusCode}`);
  const closedAt = new Promise<number>((resolve) => answer.once('close', () => resolve(performance.now())));
  await once(answer, 'data');
  answer.resume();
  return { closedAt };
}

async function startEndlessUpstream(): Promise<{ readonly origin: string; close(): void }> {
  const server = createServer((received, response) => {
    if (received.headers.accept !== 'text/event-stream') return response.end('{}');
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    return response.write('data: 1\n\n');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A server that listens on a port has an address of this shape.
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function signOutOnce(here: AskGateway, there: AskGateway, cookie: string): Promise<SignOut> {
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

async function requireStatus(ask: AskGateway, cookie: string): Promise<void> {
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
    ...(measured.some(({ requestsUntilRefused }) => requestsUntilRefused !== undefined)
      ? {
          'refused by the very next request': measured.filter(({ requestsUntilRefused }) => requestsUntilRefused === 1)
            .length,
        }
      : {}),
    baseline: label.baseline,
  });
}
