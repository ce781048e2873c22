import type { Benchmark, BenchmarkResult, RunSettings } from './benchmark.ts';
import { measureProxies, type ProxyMeasurements, type ProxySide } from './proxy-benchmark.ts';
import { spreadOf, summarizePairs, type Pair } from './statistics.ts';

const bareProxy: ProxySide = { file: 'bare-proxy.ts', translates: false };
const honoProxy: ProxySide = { file: 'hono-proxy.ts', translates: true };
const door: ProxySide = { file: 'door.ts', translates: true };
const doorWithStores: ProxySide = { file: 'door-with-stores.ts', translates: true };
const doorWithLog: ProxySide = { file: 'door.ts', translates: true, settings: { accessLog: true } };

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
    name: 'authenticated-get-with-access-log-vs-bare-proxy',
    title: '… with access log vs bare proxy',
    target: '≥ 0.80',
    subject: doorWithLog,
    baseline: bareProxy,
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

/** The same authenticated GET through two servers in turn: DESIGN section 12, lines one and two. */
export const proxyBenchmarks: readonly Benchmark[] = cases.map((proxyCase) => ({
  name: proxyCase.name,
  title: proxyCase.title,
  run: (settings) => runProxyCase(proxyCase, settings),
}));

async function runProxyCase(proxyCase: ProxyCase, settings: RunSettings): Promise<readonly BenchmarkResult[]> {
  const measured = await measureProxies({
    ...proxyCase,
    cores: settings.cores,
    pairs: settings.pairs,
    turnMilliseconds: settings.isQuick ? 400 : 1500,
    warmUpRequests: settings.isQuick ? 500 : 20_000,
    connections: 64,
    onProgress: settings.onProgress,
    ...(settings.profileFolder === undefined ? {} : { profileFolder: settings.profileFolder }),
  });
  return [toResult(proxyCase, measured)];
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

function addedMicroseconds({ subject, baseline }: Pair): number {
  return 1e6 / subject - 1e6 / baseline;
}
