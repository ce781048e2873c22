import type { Benchmark, BenchmarkResult, RunSettings } from './benchmark.ts';
import { measureProxies, type ProxyMeasurements, type ProxySide } from './proxy-benchmark.ts';
import { spreadOf, summarizePairs, type Pair } from './statistics.ts';

const bareProxy: ProxySide = { file: 'bare-proxy.ts', translates: false };
const honoProxy: ProxySide = { file: 'hono-proxy.ts', translates: true };
const door: ProxySide = { file: 'door.ts', translates: true };
const doorWithStores: ProxySide = { file: 'door-with-stores.ts', translates: true };
const doorWithMetrics: ProxySide = { file: 'door.ts', translates: true, settings: { metrics: true } };
const doorWithLogAndMetrics: ProxySide = {
  file: 'door.ts',
  translates: true,
  settings: { accessLog: true, metrics: true },
};

interface ProxyCase {
  readonly name: string;
  readonly title: string;
  readonly target: string;
  readonly subject: ProxySide;
  readonly baseline: ProxySide;
}

const cases: readonly ProxyCase[] = [
  {
    name: 'authenticated-get-vs-bare-proxy',
    title: 'Authenticated GET through the door vs bare proxy',
    target: '≥ 0.90',
    subject: door,
    baseline: bareProxy,
  },
  {
    name: 'authenticated-get-with-access-log-and-metrics-vs-bare-proxy',
    title: '… with access log and metrics vs bare proxy',
    target: '≥ 0.80',
    subject: doorWithLogAndMetrics,
    baseline: bareProxy,
  },
  {
    name: 'metrics-vs-no-metrics',
    title: 'The door with metrics vs without',
    target: 'what they cost',
    subject: doorWithMetrics,
    baseline: door,
  },
  {
    name: 'authenticated-get-with-real-stores-vs-bare-proxy',
    title: '… with identity and SQLite behind it vs bare proxy',
    target: '≥ 0.90',
    subject: doorWithStores,
    baseline: bareProxy,
  },
  {
    name: 'authenticated-get-vs-obvious-build',
    title: '… vs the obvious build (examples/hono-proxy)',
    target: '≥ 8',
    subject: door,
    baseline: honoProxy,
  },
];

const halfLoad: ProxyCase = {
  name: 'p99-at-half-load-vs-bare-proxy',
  title: '99th percentile at half load vs bare proxy',
  target: '≤ 0.5 ms added',
  subject: door,
  baseline: bareProxy,
};

/** The same authenticated GET through two servers in turn. */
export const proxyBenchmarks: readonly Benchmark[] = [
  ...cases.map((proxyCase) => ({
    name: proxyCase.name,
    title: proxyCase.title,
    run: (settings: RunSettings) => runProxyCase(proxyCase, settings),
  })),
  { name: halfLoad.name, title: halfLoad.title, run: runHalfLoad },
];

async function runProxyCase(proxyCase: ProxyCase, settings: RunSettings): Promise<readonly BenchmarkResult[]> {
  return [toResult(proxyCase, await measure(proxyCase, settings))];
}

async function runHalfLoad(settings: RunSettings): Promise<readonly BenchmarkResult[]> {
  const { p99, throughput } = await measure(halfLoad, settings, 0.5);
  const { ratio, subject, baseline } = summarizePairs(p99);
  const { name, title, target } = halfLoad;
  return [
    {
      name,
      title,
      ratio: ratio.median,
      low: ratio.low,
      high: ratio.high,
      subject: subject.median,
      baseline: baseline.median,
      unit: 'ms',
      pairs: p99.length,
      target,
      details: {
        'added, ms': spreadOf(p99.map((pair) => pair.subject - pair.baseline)),
        'requests/s, both': spreadOf(throughput.map((pair) => pair.subject)),
      },
    },
  ];
}

function measure(proxyCase: ProxyCase, settings: RunSettings, loadShare?: number): Promise<ProxyMeasurements> {
  return measureProxies({
    ...proxyCase,
    cores: settings.cores,
    pairs: settings.pairs,
    turnMilliseconds: settings.isQuick ? 400 : 1500,
    warmUpRequests: settings.isQuick ? 500 : 20_000,
    connections: 64,
    onProgress: settings.onProgress,
    ...(loadShare === undefined ? {} : { loadShare }),
    ...(settings.profileFolder === undefined ? {} : { profileFolder: settings.profileFolder }),
  });
}

/**
 * The headline is requests per second of CPU time: what one core that does nothing else answers. On a quiet machine it
 * equals the throughput of the pinned, saturated server, which is in the details. On a busy machine the throughput of
 * both sides is capped by the neighbours, which would flatter the slower side; CPU time is not.
 */
function toResult(proxyCase: ProxyCase, measured: ProxyMeasurements): BenchmarkResult {
  const { name, title, target } = proxyCase;
  const { ratio, subject, baseline } = summarizePairs(measured.perCpuSecond);
  const throughput = summarizePairs(measured.throughput);
  return {
    name,
    title,
    ratio: ratio.median,
    low: ratio.low,
    high: ratio.high,
    subject: subject.median,
    baseline: baseline.median,
    unit: 'requests/CPU s',
    pairs: measured.perCpuSecond.length,
    target,
    details: {
      ...conditionOf(measured),
      'CPU per request, subject, µs': spreadOf(measured.perCpuSecond.map((pair) => 1e6 / pair.subject)),
      'CPU per request, baseline, µs': spreadOf(measured.perCpuSecond.map((pair) => 1e6 / pair.baseline)),
      'CPU per request added, µs': spreadOf(measured.perCpuSecond.map(addedMicroseconds)),
      'requests/s, ratio': throughput.ratio,
      'requests/s, subject': throughput.subject,
      'requests/s, baseline': throughput.baseline,
      'core busy, subject': spreadOf(measured.busy.map((pair) => pair.subject)),
      'core busy, baseline': spreadOf(measured.busy.map((pair) => pair.baseline)),
      'p99 saturated, subject, ms': spreadOf(measured.p99.map((pair) => pair.subject)),
      'p99 saturated, baseline, ms': spreadOf(measured.p99.map((pair) => pair.baseline)),
      'resident memory, subject, MB': measured.subjectResidentBytes / 1e6,
      ...Object.fromEntries(
        Object.entries(measured.subjectCountersPerRequest).map(([counter, count]) => [`${counter} per request`, count]),
      ),
    },
  };
}

/** Below this share of its core the saturated server was held up by neighbours, and all figures are only a hint. */
const undisturbedShare = 0.9;

function conditionOf({ busy }: ProxyMeasurements): { readonly condition: string } {
  const share = spreadOf(busy.map((pair) => Math.min(pair.subject, pair.baseline))).median;
  const percent = `${Math.round(share * 100)} %`;
  return {
    condition:
      share >= undisturbedShare
        ? `undisturbed: the servers had ${percent} of their core`
        : `DISTURBED, do not quote: the servers had only ${percent} of their core`,
  };
}

function addedMicroseconds({ subject, baseline }: Pair): number {
  return 1e6 / subject - 1e6 / baseline;
}
