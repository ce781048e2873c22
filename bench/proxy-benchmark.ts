import { buildPackages } from '../tools/build/build-system.ts';
import { workspaceRoot } from '../tools/workspace-root.ts';
import { startChild, type Child } from './child-process.ts';
import type { Cores } from './cores.ts';
import type { LoadPlan, LoadResult } from './load/load-generator.ts';
import type { Pair } from './statistics.ts';
import type { ServerReady, ServerSettings, ServerUsage } from './servers/server-report.ts';
import type { UpstreamReport } from './servers/upstream.ts';

/** A server of a comparison. */
export interface ProxySide {
  /** File in `servers/`. */
  readonly file: string;
  readonly settings?: Partial<ServerSettings>;
  /** Whether each request must reach the upstream with a token and without the cookie. */
  readonly translates: boolean;
  /** A service, which runs as it was built and answers itself: nothing is to reach the upstream. */
  readonly isService?: boolean;
}

export interface ProxyBenchmarkOptions {
  readonly subject: ProxySide;
  readonly baseline: ProxySide;
  readonly cores: Cores;
  readonly pairs: number;
  readonly turnMilliseconds: number;
  /** Each server answers this many requests before anything counts: slow servers need as many to be compiled as fast ones. */
  readonly warmUpRequests: number;
  readonly connections: number;
  /**
   * Share of what the slower of the two answers when saturated, to be sent at an even pace to both. Absent: saturated.
   */
  readonly loadShare?: number;
  readonly profileFolder?: string;
  readonly onProgress: (text: string) => void;
}

/** What one series of pairs gave, as several measures of the same turns. */
export interface ProxyMeasurements {
  /** Requests per second while saturated. */
  readonly throughput: readonly Pair[];
  /** Requests per second of CPU time of the server's process. */
  readonly perCpuSecond: readonly Pair[];
  /** How busy each server kept its core, from 0 to 1. */
  readonly busy: readonly Pair[];
  /** 99th percentile of the latency in milliseconds: while saturated. */
  readonly p99: readonly Pair[];
  /** What the subject counted per request in all measured turns, such as store reads. */
  readonly subjectCountersPerRequest: Readonly<Record<string, number>>;
  readonly subjectResidentBytes: number;
}

interface Turn {
  readonly perSecond: number;
  readonly perCpuSecond: number;
  readonly busy: number;
  readonly p99: number;
  readonly answered: number;
}

interface RunningSide {
  readonly side: ProxySide;
  readonly child: Child<ServerReady>;
  readonly requests: readonly string[];
}

type Upstream = Child<{ readonly port: number; readonly bodyLength: number }>;

/** Lets two servers take turns under the same load, one pair of turns after the other, and measures both. */
export async function measureProxies(options: ProxyBenchmarkOptions): Promise<ProxyMeasurements> {
  const { cores, onProgress } = options;
  if (options.subject.isService === true) await buildPackages(workspaceRoot);
  const children: Child<unknown>[] = [];
  const started = async <Ready>(starting: Promise<Child<Ready>>): Promise<Child<Ready>> => {
    const child = await starting;
    children.push(child);
    return child;
  };
  try {
    const upstream: Upstream = await started(startChild({ file: 'servers/upstream.ts', core: cores.upstream }));
    const load = await started(startChild<object>({ file: 'load/main.ts', core: cores.load }));
    const startSide = async (side: ProxySide): Promise<RunningSide> => {
      const child = await started(startServer(side, upstream.ready.port, options));
      return { side, child, requests: requestsOf(child.ready) };
    };
    const subject = await startSide(options.subject);
    const baseline = await startSide(options.baseline);
    const turn = (running: RunningSide, milliseconds: number, ratePerSecond?: number): Promise<Turn> =>
      takeTurn({ running, upstream, load, connections: options.connections, milliseconds, ratePerSecond });

    for (const running of [baseline, subject]) {
      onProgress(`warming up ${running.side.file}`);
      await warmUp(options.warmUpRequests, () => turn(running, options.turnMilliseconds));
    }

    const ratePerSecond = await paceFor(options.loadShare, [subject, baseline], (running) =>
      turn(running, options.turnMilliseconds),
    );
    const before = await usageOf(subject);
    const turns: { readonly subject: Turn; readonly baseline: Turn }[] = [];
    while (turns.length < options.pairs) {
      turns.push(
        await takePair(
          turns.length,
          (running) => turn(running, options.turnMilliseconds, ratePerSecond),
          subject,
          baseline,
        ),
      );
      onProgress(`pair ${turns.length} of ${options.pairs}: ${describePair(turns.at(-1))}`);
    }
    const after = await usageOf(subject);

    const answered = turns.reduce((sum, pair) => sum + pair.subject.answered, 0);
    const pairsOf = (measure: Exclude<keyof Turn, 'answered'>): readonly Pair[] =>
      turns.map((pair) => ({ subject: pair.subject[measure], baseline: pair.baseline[measure] }));
    return {
      throughput: pairsOf('perSecond'),
      perCpuSecond: pairsOf('perCpuSecond'),
      busy: pairsOf('busy'),
      p99: pairsOf('p99'),
      subjectCountersPerRequest: countersPerRequest(before, after, answered),
      subjectResidentBytes: after.residentBytes,
    };
  } finally {
    await Promise.all(children.map((child) => child.stop()));
  }
}

function startServer(
  side: ProxySide,
  upstreamPort: number,
  { cores, profileFolder }: ProxyBenchmarkOptions,
): Promise<Child<ServerReady>> {
  const settings: ServerSettings = { upstreamPort, ...side.settings };
  const profileName = `${side.file}-${process.hrtime.bigint()}.cpuprofile`;
  const nodeOptions =
    profileFolder === undefined
      ? []
      : ['--cpu-prof', `--cpu-prof-dir=${profileFolder}`, `--cpu-prof-name=${profileName}`];
  const isBuilt = side.isService === true;
  return startChild({ file: `servers/${side.file}`, core: cores.server, settings, nodeOptions, isBuilt });
}

/** The rate at which both are asked; `undefined` for as fast as they answer. */
async function paceFor(
  share: number | undefined,
  sides: readonly RunningSide[],
  turn: (running: RunningSide) => Promise<Turn>,
): Promise<number | undefined> {
  if (share === undefined) return undefined;
  const saturated: number[] = [];
  for (const running of sides) saturated.push((await turn(running)).perSecond);
  return Math.round(Math.min(...saturated) * share);
}

async function warmUp(requests: number, turn: () => Promise<Turn>): Promise<void> {
  let answered = 0;
  while (answered < requests) answered += (await turn()).answered;
}

/** The side that goes first changes from pair to pair, so that neither side gains by going second. */
async function takePair(
  index: number,
  turn: (running: RunningSide) => Promise<Turn>,
  subject: RunningSide,
  baseline: RunningSide,
): Promise<{ readonly subject: Turn; readonly baseline: Turn }> {
  if (index % 2 === 0) return { subject: await turn(subject), baseline: await turn(baseline) };
  const first = await turn(baseline);
  return { subject: await turn(subject), baseline: first };
}

interface TurnOptions {
  readonly running: RunningSide;
  readonly upstream: Upstream;
  readonly load: Child<object>;
  readonly connections: number;
  readonly milliseconds: number;
  readonly ratePerSecond: number | undefined;
}

async function takeTurn(options: TurnOptions): Promise<Turn> {
  const { running, upstream, load, connections, milliseconds, ratePerSecond } = options;
  const plan: LoadPlan = {
    port: running.child.ready.port,
    requests: running.requests,
    expectedBodyLength: upstream.ready.bodyLength,
    connections,
    rampMilliseconds: 150,
    milliseconds,
    ...(ratePerSecond === undefined ? {} : { ratePerSecond }),
  };
  const seenBefore = (await upstream.ask('report')) as UpstreamReport;
  const usedBefore = await usageOf(running);
  const startedAt = performance.now();
  const result = (await load.ask(plan)) as LoadResult;
  const elapsed = performance.now() - startedAt;
  const usedAfter = await usageOf(running);
  requireTranslation(running.side, seenBefore, (await upstream.ask('report')) as UpstreamReport, result.answered);

  const cpuSeconds = (usedAfter.cpuMicroseconds - usedBefore.cpuMicroseconds) / 1e6;
  return {
    perSecond: result.perSecond,
    perCpuSecond: result.answered / cpuSeconds,
    busy: (cpuSeconds * 1000) / elapsed,
    p99: result.p99,
    answered: result.answered,
  };
}

async function usageOf(running: RunningSide): Promise<ServerUsage> {
  return (await running.child.ask('usage')) as ServerUsage;
}

/** A server that forgot its work would be fast: what reached the upstream decides whether a turn counts. */
function requireTranslation(side: ProxySide, before: UpstreamReport, after: UpstreamReport, answered: number): void {
  const seen = after.requests - before.requests;
  const withToken = after.withToken - before.withToken;
  const withCookie = after.withCookie - before.withCookie;
  if (side.isService === true && seen === 0) return;
  if (seen !== answered) throw new Error(`${side.file}: ${answered} answers, but the upstream saw ${seen} requests`);
  if (!side.translates) return;
  if (withToken !== seen) throw new Error(`${side.file}: ${seen - withToken} requests arrived without a token`);
  if (withCookie !== 0) throw new Error(`${side.file}: ${withCookie} requests arrived with the cookie`);
}

function requestsOf({ cookie, cookies = [cookie], authorization }: ServerReady): readonly string[] {
  if (authorization !== undefined) return [requestWith(`Authorization: ${authorization}`)];
  return cookies.map(browserRequest);
}

/** What Chromium sends with a `fetch` of the same origin; each server believes that it is `http://localhost:3000`. */
export function browserRequest(cookie: string): string {
  return requestWith(`Cookie: ${cookie}`);
}

function requestWith(credential: string): string {
  return [
    'GET /api/shop/products/p1?currency=EUR HTTP/1.1',
    'Host: localhost:3000',
    'Connection: keep-alive',
    'sec-ch-ua-platform: "Linux"',
    'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36',
    'Accept: application/json',
    'sec-ch-ua: "Chromium";v="156", "Not)A;Brand";v="8"',
    'sec-ch-ua-mobile: ?0',
    'Sec-Fetch-Site: same-origin',
    'Sec-Fetch-Mode: cors',
    'Sec-Fetch-Dest: empty',
    'Referer: http://localhost:3000/products',
    'Accept-Encoding: gzip, deflate, br, zstd',
    'Accept-Language: en-GB,en;q=0.9',
    credential,
    '',
    '',
  ].join('\r\n');
}

function countersPerRequest(before: ServerUsage, after: ServerUsage, requests: number): Record<string, number> {
  return Object.fromEntries(
    Object.entries(after.counters).map(([name, count]) => [name, (count - (before.counters[name] ?? 0)) / requests]),
  );
}

function describePair(pair: { readonly subject: Turn; readonly baseline: Turn } | undefined): string {
  if (pair === undefined) return '';
  const { subject, baseline } = pair;
  const round = (value: number): string => Math.round(value).toLocaleString('en');
  return (
    `${round(subject.perSecond)} / ${round(baseline.perSecond)} per second, ` +
    `${round(subject.perCpuSecond)} / ${round(baseline.perCpuSecond)} per CPU second`
  );
}
