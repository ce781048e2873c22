import type { Benchmark, BenchmarkResult, RunSettings } from './benchmark.ts';
import { startChild, type Child } from './child-process.ts';
import type { FloodOrder, FloodReport } from './load/login-flood.ts';
import type { LoadPlan, LoadResult } from './load/load-generator.ts';
import { browserRequest } from './proxy-benchmark.ts';
import { toResult } from './result.ts';
import type { ServerReady, ServerSettings, ServerUsage } from './servers/server-report.ts';
import { spreadOf, type Pair, type Spread } from './statistics.ts';
import { readThreadTimes, timesBetween, type ThreadTimes } from './thread-times.ts';

const label = {
  name: 'p99-during-login-flood',
  title: '99th percentile of proxied requests during a flood of sign-ins vs without',
  target: '≤ 2',
};
/** So many that passwords always wait, and most of them for longer than they may. Each is sent when the last was answered. */
const floodConnections = 100;
const loadConnections = 32;
/** Of what the gateway answers when it does nothing else. */
const loadShare = 0.25;
const rampMilliseconds = 500;

/**
 * One gateway, asked at an even pace: in turns, while it is flooded with sign-ins and while it is not. The server is not
 * pinned: to have cores for hashing is the point.
 */
export const loginFloodBenchmark: Benchmark = {
  ...label,
  run: async (settings) => [await measure(settings)],
};

interface Turn extends LoadResult {
  readonly loopDelayP99: number;
  /** Shares of the time of the turn: NaN where the system does not tell. */
  readonly gatewayRan: number;
  readonly gatewayWaited: number;
  readonly loadWaited: number;
}

interface Round {
  readonly quiet: Turn;
  readonly during: Turn;
  readonly flood: FloodReport;
}

interface Parts {
  readonly gateway: Child<ServerReady>;
  readonly load: Child<object>;
  readonly flood: Child<object>;
  readonly bodyLength: number;
}

async function measure(settings: RunSettings): Promise<BenchmarkResult> {
  const children: Child<unknown>[] = [];
  const started = async <Ready>(starting: Promise<Child<Ready>>): Promise<Child<Ready>> => {
    const child = await starting;
    children.push(child);
    return child;
  };
  const { cores, isQuick, pairs, profileFolder, onProgress } = settings;
  try {
    const upstream = await started(
      startChild<{ readonly port: number; readonly bodyLength: number }>({
        file: 'servers/upstream.ts',
        core: cores.upstream,
      }),
    );
    const serverSettings: ServerSettings = {
      upstreamPort: upstream.ready.port,
      isBehindProxy: true,
      watchesEventLoop: true,
    };
    const parts: Parts = {
      load: await started(startChild<object>({ file: 'load/main.ts', core: cores.load })),
      flood: await started(startChild<object>({ file: 'load/login-flood.ts', core: cores.load })),
      gateway: await started(
        startChild<ServerReady>({
          file: 'servers/gateway-with-stores.ts',
          core: undefined,
          settings: serverSettings,
          nodeOptions: profileFolder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileFolder}`],
        }),
      ),
      bodyLength: upstream.ready.bodyLength,
    };
    const milliseconds = isQuick ? 1500 : 5000;
    onProgress('warming up');
    const saturated = await turn(parts, milliseconds);
    const rate = Math.round(saturated.perSecond * loadShare);
    onProgress(`${rate} requests per second`);
    // What signs in is compiled as late as what is proxied, and is asked more rarely.
    for (let round = 0; round < (isQuick ? 1 : 4); round += 1)
      await flooded(parts, () => turn(parts, milliseconds, rate));

    const measured: Round[] = [];
    while (measured.length < pairs) {
      const quiet = await turn(parts, milliseconds, rate);
      const { result, flood } = await flooded(parts, () => turn(parts, milliseconds, rate));
      measured.push({ quiet, during: result, flood });
      onProgress(`pair ${measured.length} of ${pairs}: ${describe(result)} / ${describe(quiet)}`);
    }
    return toFloodResult(measured, rate);
  } finally {
    await Promise.all(children.map((child) => child.stop()));
  }
}

async function turn({ gateway, load, bodyLength }: Parts, milliseconds: number, rate?: number): Promise<Turn> {
  const plan: LoadPlan = {
    port: gateway.ready.port,
    requests: [browserRequest(gateway.ready.cookie)],
    expectedBodyLength: bodyLength,
    connections: loadConnections,
    rampMilliseconds,
    milliseconds,
    ...(rate === undefined ? {} : { ratePerSecond: rate }),
  };
  await gateway.ask('usage');
  const [gatewayBefore, loadBefore] = [readThreadTimes(gateway.pid), readThreadTimes(load.pid)];
  const result = (await load.ask(plan)) as LoadResult | { readonly p99: null };
  if (result.p99 === null) throw new Error('no request was answered within the turn');
  const { loopDelayP99 = NaN } = (await gateway.ask('usage')) as ServerUsage;
  const shareOfTime = (times: ThreadTimes | undefined, which: keyof ThreadTimes): number =>
    (times?.[which] ?? NaN) / (milliseconds + rampMilliseconds);
  const gatewayTimes = timesBetween(gatewayBefore, readThreadTimes(gateway.pid));
  return {
    ...result,
    loopDelayP99,
    gatewayRan: shareOfTime(gatewayTimes, 'ranMilliseconds'),
    gatewayWaited: shareOfTime(gatewayTimes, 'waitedMilliseconds'),
    loadWaited: shareOfTime(timesBetween(loadBefore, readThreadTimes(load.pid)), 'waitedMilliseconds'),
  };
}

async function flooded<Result>(
  { gateway, flood }: Parts,
  work: () => Promise<Result>,
): Promise<{ readonly result: Result; readonly flood: FloodReport }> {
  const start: FloodOrder = { kind: 'start', port: gateway.ready.port, connections: floodConnections };
  await flood.ask(start);
  const result = await work();
  return { result, flood: (await flood.ask({ kind: 'stop' } satisfies FloodOrder)) as FloodReport };
}

function describe({ p50, p99, loopDelayP99, gatewayRan, gatewayWaited, loadWaited }: Turn): string {
  const percent = (share: number): string => `${(share * 100).toFixed(0)} %`;
  return (
    `p50 ${p50.toFixed(2)} p99 ${p99.toFixed(2)} ms (event loop ${loopDelayP99.toFixed(1)} ms late, ` +
    `gateway ran ${percent(gatewayRan)}, waited ${percent(gatewayWaited)}, load waited ${percent(loadWaited)})`
  );
}

function toFloodResult(rounds: readonly Round[], rate: number): BenchmarkResult {
  const pairs: readonly Pair[] = rounds.map(({ quiet, during }) => ({ subject: during.p99, baseline: quiet.p99 }));
  const statuses = [...new Set(rounds.flatMap(({ flood }) => Object.keys(flood)))];
  const answered = statuses.map((status): [string, Spread] => [
    `sign-ins answered ${status}, per turn`,
    spreadOf(rounds.map(({ flood }) => flood[status] ?? 0)),
  ]);
  const both = (measure: string, of: (turn: Turn) => number): Record<string, Spread> => ({
    [`${measure}, during`]: spreadOf(rounds.map(({ during }) => of(during))),
    [`${measure}, without`]: spreadOf(rounds.map(({ quiet }) => of(quiet))),
  });
  return toResult(label, 'ms', pairs, {
    'proxied requests per second': rate,
    'connections of the flood': floodConnections,
    ...Object.fromEntries(answered),
    ...both('p50, ms', ({ p50 }) => p50),
    // What of it is the gateway, and what is a machine with too few cores for everybody who takes part.
    ...both('event loop of the gateway late, p99, ms', ({ loopDelayP99 }) => loopDelayP99),
    ...both('main thread of the gateway ran, share of time', ({ gatewayRan }) => gatewayRan),
    ...both('main thread of the gateway waited for a core, share of time', ({ gatewayWaited }) => gatewayWaited),
    ...both('load generator waited for a core, share of time', ({ loadWaited }) => loadWaited),
  });
}
