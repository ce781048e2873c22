import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { buildPackages } from '../tools/build/build-system.ts';
import { workspaceRoot } from '../tools/workspace-root.ts';
import type { Benchmark, BenchmarkResult, RunSettings } from './benchmark.ts';
import { startChild, type Child } from './child-process.ts';
import { signInAtGateway, startGateway, type RunningGateway } from './gateway-process.ts';
import type { LoadPlan, LoadResult } from './load/load-generator.ts';
import { browserRequest } from './proxy-benchmark.ts';
import { toResult } from './result.ts';
import type { HeapReport } from './servers/heap-probe.ts';
import type { UpstreamReport } from './servers/upstream.ts';
import { fitLine, quantile, spreadOf, type Pair, type Point } from './statistics.ts';

type Upstream = Child<{ readonly port: number; readonly bodyLength: number }>;

/** Everything that a gateway stands between, and a folder for its data that is gone afterwards. */
interface Surroundings {
  readonly upstream: Upstream;
  newDataDir(): Promise<string>;
}

const startLabel = {
  name: 'gateway-start',
  title: 'Gateway from start to ready: data and keys there, vs first start on an empty folder',
  target: '≤ 1,500 ms',
};

/** The built gateway, started again and again; every other time on an empty folder. */
export const gatewayStartBenchmark: Benchmark = {
  ...startLabel,
  run: (settings) => withSurroundings(settings, (surroundings) => measureStarts(surroundings, settings)),
};

const memoryLabel = {
  name: 'gateway-memory-idle',
  title: 'Resident memory of the gateway before its first request vs of a bare proxy',
  target: '≤ 150 MB',
};

export const gatewayMemoryBenchmark: Benchmark = {
  ...memoryLabel,
  run: (settings) => withSurroundings(settings, (surroundings) => measureMemory(surroundings, settings)),
};

const heapLabel = {
  name: 'gateway-heap-over-a-million-requests',
  title: 'Heap of the gateway after requests vs before (full collection first)',
  target: '0 bytes per request',
};

export const gatewayHeapBenchmark: Benchmark = {
  ...heapLabel,
  run: (settings) => withSurroundings(settings, (surroundings) => measureHeap(surroundings, settings)),
};

async function withSurroundings(
  { cores }: RunSettings,
  measure: (surroundings: Surroundings) => Promise<BenchmarkResult>,
): Promise<readonly BenchmarkResult[]> {
  await buildPackages(workspaceRoot);
  const folder = await mkdtemp(path.join(tmpdir(), 'sallyport-bench-'));
  const upstream: Upstream = await startChild({ file: 'servers/upstream.ts', core: cores.upstream });
  try {
    return [await measure({ upstream, newDataDir: () => mkdtemp(path.join(folder, 'data-')) })];
  } finally {
    await upstream.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function measureStarts(surroundings: Surroundings, { pairs, onProgress }: RunSettings): Promise<BenchmarkResult> {
  const upstreamPort = surroundings.upstream.ready.port;
  const measured: Pair[] = [];
  // The very first has the files of the program read from the disk.
  for (let index = -1; index < pairs; index += 1) {
    const dataDir = await surroundings.newDataDir();
    const first = await readyAfter({ dataDir, upstreamPort });
    const again = await readyAfter({ dataDir, upstreamPort });
    if (index >= 0) measured.push({ subject: again, baseline: first });
    onProgress(
      `${index < 0 ? 'warming up' : `pair ${index + 1} of ${pairs}`}: ${again.toFixed(0)} / ${first.toFixed(0)} ms`,
    );
  }
  const ascending = (of: (pair: Pair) => number): number[] => measured.map(of).toSorted((a, b) => a - b);
  return toResult(startLabel, 'ms', measured, {
    condition: 'not pinned; files of the program in the memory of the system; embedded stores, keys in the folder',
    'longest, ms': quantile(
      ascending(({ subject }) => subject),
      1,
    ),
    'longest first start (schema, keys and demo accounts are made), ms': quantile(
      ascending(({ baseline }) => baseline),
      1,
    ),
  });
}

async function readyAfter(options: Parameters<typeof startGateway>[0]): Promise<number> {
  const gateway = await startGateway(options);
  try {
    const { status } = await fetch(`http://127.0.0.1:${gateway.port}/readyz`);
    if (status !== 200) throw new Error(`a gateway that said that it is ready answered ${status}`);
    return gateway.readyAfterMilliseconds;
  } finally {
    await gateway.stop();
  }
}

async function measureMemory(
  surroundings: Surroundings,
  { cores, pairs, isQuick, onProgress }: RunSettings,
): Promise<BenchmarkResult> {
  const upstreamPort = surroundings.upstream.ready.port;
  const dataDir = await surroundings.newDataDir();
  const idleMilliseconds = isQuick ? 1000 : 10_000;
  // Memory spreads far less than time does.
  const rounds = Math.min(pairs, 5);
  const measured: Pair[] = [];
  await readyAfter({ dataDir, upstreamPort });
  while (measured.length < rounds) {
    const bare = await startChild({ file: 'servers/bare-proxy.ts', core: cores.server, settings: { upstreamPort } });
    const gateway = await startGateway({ dataDir, upstreamPort, core: cores.server });
    try {
      await delay(idleMilliseconds);
      const { residentBytes } = (await bare.ask('usage')) as { readonly residentBytes: number };
      measured.push({ subject: gateway.residentBytes() / 1e6, baseline: residentBytes / 1e6 });
      onProgress(`round ${measured.length} of ${rounds}: ${measured.at(-1)?.subject.toFixed(0)} MB`);
    } finally {
      await gateway.stop();
      await bare.stop();
    }
  }
  return toResult(memoryLabel, 'MB', measured, { condition: `idle for ${idleMilliseconds / 1000} s; embedded stores` });
}

async function measureHeap(
  surroundings: Surroundings,
  { cores, isQuick, onProgress }: RunSettings,
): Promise<BenchmarkResult> {
  const { upstream } = surroundings;
  const dataDir = await surroundings.newDataDir();
  const wanted = isQuick ? 20_000 : 1_000_000;
  const samplesWanted = isQuick ? 8 : 40;
  const probe = new URL('servers/heap-probe.ts', import.meta.url).href;
  const nodeOptions = ['--expose-gc', `--import=${probe}`];
  const gateway = await startGateway({ dataDir, upstreamPort: upstream.ready.port, core: cores.server, nodeOptions });
  const load = await startChild<object>({ file: 'load/main.ts', core: cores.load });
  try {
    const requests = [browserRequest(await signInAtGateway(gateway, dataDir))];
    const run = async (milliseconds: number): Promise<number> => {
      const before = (await upstream.ask('report')) as UpstreamReport;
      const plan: LoadPlan = {
        port: gateway.port,
        requests,
        expectedBodyLength: upstream.ready.bodyLength,
        connections: 64,
        rampMilliseconds: 0,
        milliseconds,
      };
      const { answered } = (await load.ask(plan)) as LoadResult;
      const after = (await upstream.ask('report')) as UpstreamReport;
      if (after.withToken - before.withToken !== answered) throw new Error('requests arrived without a token');
      return answered;
    };
    // Whatever is compiled, and whatever is remembered of one session, is there before anything counts.
    let warm = 0;
    let milliseconds = 1000;
    while (warm < wanted / 10) warm += await run(milliseconds);
    milliseconds = Math.max(200, (milliseconds * (wanted / samplesWanted)) / (await run(milliseconds)));

    const samples: { readonly requests: number; readonly report: HeapReport }[] = [];
    for (let answered = 0; ; answered += await run(milliseconds)) {
      samples.push({ requests: answered, report: await heapOf(gateway) });
      onProgress(`${answered} of ${wanted}: ${((samples.at(-1)?.report.heapBytes ?? 0) / 1e6).toFixed(2)} MB`);
      if (answered >= wanted) break;
    }
    return toHeapResult(samples);
  } finally {
    await load.stop();
    await gateway.stop();
  }
}

async function heapOf({ child }: RunningGateway): Promise<HeapReport> {
  const reported = once(child, 'message');
  child.send('report');
  const [report] = (await reported) as [HeapReport];
  return report;
}

function toHeapResult(samples: readonly { readonly requests: number; readonly report: HeapReport }[]): BenchmarkResult {
  const slope = (bytesOf: (report: HeapReport) => number): string => {
    const points: readonly Point[] = samples.map(({ requests, report }) => ({ x: requests, y: bytesOf(report) }));
    const line = fitLine(points);
    return `${line.slope.toFixed(3)} ± ${line.uncertainty.toFixed(3)}`;
  };
  const [first] = samples;
  if (first === undefined) throw new Error('nothing was measured');
  // Each later sample against the first: one means that nothing stayed.
  const pairs: readonly Pair[] = samples
    .slice(1)
    .map(({ report }) => ({ subject: report.heapBytes / 1e6, baseline: first.report.heapBytes / 1e6 }));
  return toResult(heapLabel, 'MB', pairs, {
    requests: samples.at(-1)?.requests ?? 0,
    'slope of the heap, bytes per request, with its 95 % confidence': slope(({ heapBytes }) => heapBytes),
    'slope outside the heap, bytes per request': slope(({ externalBytes }) => externalBytes),
    'slope of resident memory, bytes per request': slope(({ residentBytes }) => residentBytes),
    'resident memory, MB': spreadOf(samples.map(({ report }) => report.residentBytes / 1e6)),
  });
}
