import type { Benchmark, BenchmarkResult, RunSettings } from './benchmark.ts';
import { startChild, type Child } from './child-process.ts';
import type { FloodOrder, FloodReport } from './load/login-flood.ts';
import type { LoadPlan, LoadResult } from './load/load-generator.ts';
import { browserRequest } from './proxy-benchmark.ts';
import type { ServerReady, ServerSettings } from './servers/server-report.ts';
import { spreadOf, summarizePairs, type Pair } from './statistics.ts';

const title = '99th percentile of proxied requests during a flood of sign-ins vs without';
/** So many that passwords always wait, and most of them for longer than they may. Each is sent when the last was answered. */
const floodConnections = 100;
const loadConnections = 32;
/** Of what the door answers when it does nothing else. */
const loadShare = 0.25;

/**
 * One door, asked at an even pace: in turns, while it is flooded with sign-ins and while it is not. The server is not
 * pinned: to have cores for hashing is the point.
 */
export const loginFloodBenchmark: Benchmark = {
  name: 'p99-during-login-flood',
  title,
  run: async (settings) => [await measure(settings)],
};

interface Parts {
  readonly door: Child<ServerReady>;
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
    const serverSettings: ServerSettings = { upstreamPort: upstream.ready.port, isBehindProxy: true };
    const parts: Parts = {
      load: await started(startChild<object>({ file: 'load/main.ts', core: cores.load })),
      flood: await started(startChild<object>({ file: 'load/login-flood.ts', core: cores.load })),
      door: await started(
        startChild<ServerReady>({
          file: 'servers/door-with-stores.ts',
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
    await flooded(parts, () => turn(parts, milliseconds, rate));

    const measured: { readonly pair: Pair; readonly flood: FloodReport }[] = [];
    while (measured.length < pairs) {
      const quiet = await turn(parts, milliseconds, rate);
      const { result, flood } = await flooded(parts, () => turn(parts, milliseconds, rate));
      measured.push({ pair: { subject: result.p99, baseline: quiet.p99 }, flood });
      onProgress(`pair ${measured.length} of ${pairs}: ${result.p99.toFixed(2)} / ${quiet.p99.toFixed(2)} ms`);
    }
    return toResult(measured, rate);
  } finally {
    await Promise.all(children.map((child) => child.stop()));
  }
}

async function turn({ door, load, bodyLength }: Parts, milliseconds: number, rate?: number): Promise<LoadResult> {
  const plan: LoadPlan = {
    port: door.ready.port,
    request: browserRequest(door.ready),
    expectedBodyLength: bodyLength,
    connections: loadConnections,
    rampMilliseconds: 500,
    milliseconds,
    ...(rate === undefined ? {} : { ratePerSecond: rate }),
  };
  const result = (await load.ask(plan)) as LoadResult | { readonly p99: null };
  if (result.p99 === null) throw new Error('no request was answered within the turn');
  return result;
}

async function flooded<Result>(
  { door, flood }: Parts,
  work: () => Promise<Result>,
): Promise<{ readonly result: Result; readonly flood: FloodReport }> {
  const start: FloodOrder = { kind: 'start', port: door.ready.port, connections: floodConnections };
  await flood.ask(start);
  const result = await work();
  return { result, flood: (await flood.ask({ kind: 'stop' } satisfies FloodOrder)) as FloodReport };
}

function toResult(
  measured: readonly { readonly pair: Pair; readonly flood: FloodReport }[],
  rate: number,
): BenchmarkResult {
  const { ratio, subject, baseline } = summarizePairs(measured.map(({ pair }) => pair));
  const statuses = [...new Set(measured.flatMap(({ flood }) => Object.keys(flood)))];
  const answered = statuses.map((status): [string, ReturnType<typeof spreadOf>] => [
    `sign-ins answered ${status}, per turn`,
    spreadOf(measured.map(({ flood }) => flood[status] ?? 0)),
  ]);
  return {
    name: loginFloodBenchmark.name,
    title,
    ratio: ratio.median,
    low: ratio.low,
    high: ratio.high,
    subject: subject.median,
    baseline: baseline.median,
    unit: 'ms',
    pairs: measured.length,
    target: '≤ 2',
    details: {
      'proxied requests per second': rate,
      'connections of the flood': floodConnections,
      ...Object.fromEntries(answered),
    },
  };
}
