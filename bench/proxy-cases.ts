import type { Benchmark, BenchmarkResult, RunSettings } from './benchmark.ts';
import {
  measureProxies,
  type ProxyBenchmarkOptions,
  type ProxyMeasurements,
  type ProxySide,
} from './proxy-benchmark.ts';
import { toResult } from './result.ts';
import { problemOfNginx } from './servers/nginx-configuration.ts';
import type { NestAccess } from './servers/server-report.ts';
import { intervalOfMedian, spreadOf, summarizePairs, type Pair } from './statistics.ts';

const bareProxy: ProxySide = { file: 'bare-proxy.ts', translates: false };
const tunedBareProxy: ProxySide = { ...bareProxy, settings: { skipsEmptyBodies: true } };
const honoProxy: ProxySide = { file: 'hono-proxy.ts', translates: true };
const nginx: ProxySide = { file: 'nginx-auth-request.ts', translates: true };
const nginxThatRemembers: ProxySide = { ...nginx, settings: { verifier: 'remembering' } };
const nginxWithBetterAuth: ProxySide = { ...nginx, settings: { verifier: 'better-auth' } };
const gateway: ProxySide = { file: 'gateway.ts', translates: true };
const gatewayWithOpaqueToken: ProxySide = { ...gateway, settings: { presentsOpaqueToken: true } };
const gatewayWithApiKey: ProxySide = { ...gateway, settings: { presentsApiKey: true } };
const gatewayWithStores: ProxySide = { file: 'gateway-with-stores.ts', translates: true };
const gatewayWithAccessToken: ProxySide = { ...gatewayWithStores, settings: { presentsAccessToken: true } };
const gatewayWithMetrics: ProxySide = { file: 'gateway.ts', translates: true, settings: { metrics: true } };
const gatewayWithLogAndMetrics: ProxySide = {
  file: 'gateway.ts',
  translates: true,
  settings: { accessLog: true, metrics: true },
};

const nestService = (nestAccess: NestAccess): ProxySide => ({
  file: 'nest-service.ts',
  translates: false,
  isService: true,
  settings: { nestAccess },
});
const gatewayWithSessions = (stored: number, hot: number): ProxySide => ({
  ...gatewayWithStores,
  settings: { sessions: { stored, hot } },
});

interface ProxyCase {
  readonly name: string;
  readonly title: string;
  readonly target: string;
  readonly subject: ProxySide;
  readonly baseline: ProxySide;
  /** In its place in a quick run, which only shows that it runs. */
  readonly quickSubject?: ProxySide;
  /** Why it cannot be run on this machine. */
  readonly problem?: () => string | undefined;
}

const cases: readonly ProxyCase[] = [
  {
    name: 'authenticated-get-vs-bare-proxy',
    title: 'Authenticated GET through the gateway vs bare proxy',
    target: '≥ 0.90',
    subject: gateway,
    baseline: bareProxy,
  },
  {
    name: 'authenticated-get-vs-tuned-bare-proxy',
    title: '… vs bare proxy that spares empty requests their stream',
    target: 'to compare',
    subject: gateway,
    baseline: tunedBareProxy,
  },
  {
    name: 'authenticated-get-with-access-log-and-metrics-vs-bare-proxy',
    title: '… with access log and metrics vs bare proxy',
    target: '≥ 0.80',
    subject: gatewayWithLogAndMetrics,
    baseline: bareProxy,
  },
  {
    name: 'metrics-vs-no-metrics',
    title: 'The gateway with metrics vs without',
    target: 'what they cost',
    subject: gatewayWithMetrics,
    baseline: gateway,
  },
  {
    name: 'authenticated-get-with-real-stores-vs-bare-proxy',
    title: '… with identity and SQLite behind it vs bare proxy',
    target: '≥ 0.90',
    subject: gatewayWithStores,
    baseline: bareProxy,
  },
  {
    name: 'opaque-token-vs-session-cookie',
    title: 'The same GET with an opaque access token vs with the session cookie',
    target: '≥ 0.90',
    subject: gatewayWithOpaqueToken,
    baseline: gateway,
  },
  {
    name: 'api-key-vs-session-cookie',
    title: 'The same GET with an API key vs with the session cookie',
    target: '≥ 0.90',
    subject: gatewayWithApiKey,
    baseline: gateway,
  },
  {
    name: 'access-token-vs-session-cookie',
    title: '… with an access token of /auth/token vs with the session cookie, identity and SQLite behind both',
    target: '≥ 0.90',
    subject: gatewayWithAccessToken,
    baseline: gatewayWithStores,
  },
  {
    name: 'million-sessions-vs-thousand',
    title: 'The gateway with 1,000,000 stored sessions, 10,000 in use, vs with 1,000',
    target: '0.90 to 1.10',
    subject: gatewayWithSessions(1_000_000, 10_000),
    quickSubject: gatewayWithSessions(20_000, 10_000),
    baseline: gatewayWithSessions(1000, 1000),
  },
  {
    name: 'million-sessions-vs-ten-thousand',
    title: '… vs with 10,000, all of them in use',
    target: '0.90 to 1.10',
    subject: gatewayWithSessions(1_000_000, 10_000),
    quickSubject: gatewayWithSessions(20_000, 10_000),
    baseline: gatewayWithSessions(10_000, 10_000),
  },
  {
    name: 'authenticated-get-vs-obvious-build',
    title: '… vs the obvious build (examples/hono-proxy)',
    target: '≥ 8',
    subject: gateway,
    baseline: honoProxy,
  },
  {
    name: 'nest-guard-vs-no-guard',
    title: 'Nest service of 1 KB JSON with our guard and a reused token vs open',
    target: '≤ 5 µs added, ≥ 0.95',
    subject: nestService('guard'),
    baseline: nestService('open'),
  },
  {
    name: 'nest-guard-vs-empty-guard',
    title: '… vs a guard that lets everyone pass: what is not the pipeline of Nest',
    target: 'to compare',
    subject: nestService('guard'),
    baseline: nestService('pass'),
  },
  {
    name: 'nest-guard-vs-passport-jwt',
    title: '… vs passport-jwt with a look-up of the user',
    target: '≥ 3',
    subject: nestService('guard'),
    baseline: nestService('passport'),
  },
  {
    name: 'authenticated-get-vs-nginx-auth-request',
    title: '… vs nginx auth_request, service of Hono, Better Auth and jose',
    target: '≥ 2.5',
    subject: gateway,
    baseline: nginxWithBetterAuth,
    problem: problemOfNginx,
  },
  {
    name: 'authenticated-get-vs-nginx-auth-request-by-hand',
    title: '… vs nginx auth_request, hand-written service asks its store each time',
    target: 'to compare',
    subject: gateway,
    baseline: nginx,
    problem: problemOfNginx,
  },
  {
    name: 'authenticated-get-vs-nginx-auth-request-that-remembers',
    title: '… vs nginx auth_request, hand-written, remembers for 30 s and misses sign-outs',
    target: 'to compare',
    subject: gateway,
    baseline: nginxThatRemembers,
    problem: problemOfNginx,
  },
];

const halfLoad: ProxyCase = {
  name: 'p99-at-half-load-vs-bare-proxy',
  title: '99th percentile at half load vs bare proxy',
  target: '≤ 0.5 ms added',
  subject: gateway,
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
  const problem = proxyCase.problem?.();
  if (problem !== undefined) {
    settings.onProgress(`skipped: ${problem}`);
    return [];
  }
  const { quickSubject } = proxyCase;
  if (!settings.isQuick || quickSubject === undefined)
    return [toProxyResult(proxyCase, await measure(proxyCase, settings))];
  settings.onProgress(`quick: the subject is ${JSON.stringify(quickSubject.settings)}`);
  const quickCase = { ...proxyCase, title: `${proxyCase.title} (quick: fewer)`, subject: quickSubject };
  return [toProxyResult(quickCase, await measure(quickCase, settings))];
}

async function runHalfLoad(settings: RunSettings): Promise<readonly BenchmarkResult[]> {
  const { p99, throughput } = await measure(halfLoad, settings, 0.5);
  return [
    toResult(halfLoad, 'ms', p99, {
      'added, ms': spreadOf(p99.map((pair) => pair.subject - pair.baseline)),
      'requests/s, both': spreadOf(throughput.map((pair) => pair.subject)),
    }),
  ];
}

function measure(proxyCase: ProxyCase, settings: RunSettings, loadShare?: number): Promise<ProxyMeasurements> {
  return measureProxies({
    ...proxyCase,
    cores: settings.cores,
    ...turnsOf(settings, loadShare !== undefined),
    warmUpRequests: settings.isQuick ? 500 : 20_000,
    connections: 64,
    onProgress: settings.onProgress,
    ...(loadShare === undefined ? {} : { loadShare }),
    ...(settings.profileFolder === undefined ? {} : { profileFolder: settings.profileFolder }),
  });
}

/**
 * Saturated servers take many short turns: what disturbs the machine then falls on some pairs and not into each. A
 * percentile needs turns that are long enough to have one.
 */
function turnsOf(
  { pairs, isQuick }: RunSettings,
  isPaced: boolean,
): Pick<ProxyBenchmarkOptions, 'pairs' | 'turnMilliseconds'> {
  if (isQuick) return { pairs, turnMilliseconds: 400 };
  return isPaced ? { pairs, turnMilliseconds: 1500 } : { pairs: pairs * 10, turnMilliseconds: 300 };
}

/**
 * The headline is requests per second of CPU time: what one core that does nothing else answers. On a quiet machine it
 * equals the throughput of the pinned, saturated server, which is in the details. On a busy machine the throughput of
 * both sides is capped by the neighbours, which would flatter the slower side; CPU time is not.
 */
function toProxyResult(proxyCase: ProxyCase, measured: ProxyMeasurements): BenchmarkResult {
  const throughput = summarizePairs(measured.throughput);
  return toResult(proxyCase, 'requests/CPU s', measured.perCpuSecond, {
    ...conditionOf(measured),
    'ratio, 95 % interval of the median': intervalOfMedian(
      measured.perCpuSecond.map((pair) => pair.subject / pair.baseline),
    ),
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
  });
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
