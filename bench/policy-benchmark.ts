import type { Benchmark, BenchmarkResult, RunSettings } from './benchmark.ts';
import {
  createCasbinEngine,
  createCaslBuild,
  createCaslEngine,
  createSallyportBuild,
  createSallyportBuildOfKnownPermissions,
  createSallyportEngine,
  createSallyportEngineOfCallers,
  type Decide,
} from './policy-engines.ts';
import { toResult } from './result.ts';
import { spreadOf, type Spread } from './statistics.ts';

const fewRules = 10;
const manyRules = 10_000;
const builtRules = 100;

/** Decisions in this process, which does nothing else. The cost is CPU time, in which a wait for a core does not count. */
export const policyDecisionBenchmark: Benchmark = {
  name: 'policy-decision',
  title: 'decisions of @sallyport/policy vs CASL used plainly vs casbin',
  run: measureDecisions,
};

/** What a caller costs who is new: an ability of a hundred rules and the first decision by it. */
export const policyBuildBenchmark: Benchmark = {
  name: 'policy-build',
  title: `what ${builtRules} rules cost for a caller who is new`,
  run: async (settings) => [await measureBuild(settings)],
};

async function measureDecisions(settings: RunSettings): Promise<readonly BenchmarkResult[]> {
  const engines = {
    ours: createSallyportEngine(fewRules),
    oursOfCallers: createSallyportEngineOfCallers(fewRules),
    oursAmongMany: createSallyportEngine(manyRules),
    casl: createCaslEngine(fewRules),
    caslAmongMany: createCaslEngine(manyRules),
    casbin: await createCasbinEngine(fewRules),
    casbinAmongMany: await createCasbinEngine(manyRules),
  };
  type Name = keyof typeof engines;
  const names = Object.keys(engines) as Name[];
  const rates = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  const turnMilliseconds = settings.isQuick ? 30 : 300;
  for (const name of names) decisionsPerSecond(engines[name], turnMilliseconds);
  for (let pair = 0; pair < settings.pairs; pair += 1) {
    for (const name of names) rates[name].push(decisionsPerSecond(engines[name], turnMilliseconds));
    const shown = names.map((name) => `${name} ${((rates[name].at(-1) ?? 0) / 1e3).toFixed(1)} k/s`);
    settings.onProgress(`pair ${pair + 1} of ${settings.pairs}: ${shown.join(', ')}`);
  }
  const compare = (label: Label, subject: Name, baseline: Name, details: BenchmarkResult['details']): BenchmarkResult =>
    toResult(
      label,
      'decisions/s of CPU',
      rates[subject].map((rate, index) => ({ subject: rate, baseline: rates[baseline][index] ?? Number.NaN })),
      { condition: 'one process, not pinned; CPU time of all its threads', ...details },
    );
  const flatness = (many: Name, few: Name): Spread =>
    spreadOf(rates[many].map((rate, index) => rate / (rates[few][index] ?? Number.NaN)));
  return [
    compare(
      {
        name: 'policy-decision-vs-casl',
        title: 'decision with a cached ability vs CASL used plainly',
        target: '≥ 1,000,000/s',
      },
      'ours',
      'casl',
      {
        'decisions/s, with the access looked up for a caller each time': spreadOf(rates.oursOfCallers),
      },
    ),
    compare(
      { name: 'policy-decision-vs-casbin', title: 'decision with a cached ability vs casbin', target: 'to compare' },
      'ours',
      'casbin',
      {},
    ),
    compare(
      {
        name: 'policy-decision-among-many-rules',
        title: `decision beside ${manyRules.toLocaleString('en')} rules of other types vs beside ${fewRules}`,
        target: 'flat',
      },
      'oursAmongMany',
      'ours',
      {
        'the same ratio of CASL': flatness('caslAmongMany', 'casl'),
        'the same ratio of casbin': flatness('casbinAmongMany', 'casbin'),
      },
    ),
  ];
}

type Label = Parameters<typeof toResult>[0];

/** @throws when an engine decides wrongly: a fast one that does proves nothing. */
function decisionsPerSecond(decide: Decide, milliseconds: number): number {
  const { count, allowed, cpuSeconds } = repeat(decide, milliseconds);
  if (allowed * 2 !== count) throw new Error(`${allowed} of ${count} were allowed, and not half of them`);
  return count / cpuSeconds;
}

async function measureBuild({ pairs, isQuick, onProgress }: RunSettings): Promise<BenchmarkResult> {
  const ours = createSallyportBuild(builtRules);
  const known = createSallyportBuildOfKnownPermissions(builtRules);
  const casl = createCaslBuild(builtRules);
  const milliseconds = isQuick ? 30 : 300;
  // Numbers go on: a caller who comes again is remembered.
  let caller = 0;
  const microsecondsOf = (build: (caller: number) => boolean): number => {
    const { count, allowed, cpuSeconds } = repeat(() => build((caller += 1)), milliseconds);
    if (allowed < count) throw new Error(`${count - allowed} of ${count} were refused`);
    return (cpuSeconds / count) * 1e6;
  };
  const sides = [ours.ability, casl.ability, ours.decision, casl.decision, known.ability];
  for (const side of sides) microsecondsOf(side);
  const turns = Array.from({ length: pairs }, (_, index) => {
    const costs = sides.map(microsecondsOf);
    const [subject = 0, baseline = 0, decided = 0, caslDecided = 0, ofKnown = 0] = costs;
    onProgress(`pair ${index + 1} of ${pairs}: ${costs.map((cost) => cost.toFixed(1)).join(' / ')} µs`);
    return { subject, baseline, decided, caslDecided, ofKnown };
  });
  const label = {
    name: 'policy-build-100-rules',
    title: `ability of ${builtRules} rules for a caller who is new, vs CASL`,
    target: '≤ 50 µs',
  };
  return toResult(label, 'µs of CPU', turns, {
    condition:
      'one process, not pinned; permissions that no caller had before; the rules of CASL are written out already',
    'for permissions that another caller had, µs': spreadOf(turns.map(({ ofKnown }) => ofKnown)),
    'with a decision by the last rule, µs': spreadOf(turns.map(({ decided }) => decided)),
    'with a decision by the last rule, CASL, µs': spreadOf(turns.map(({ caslDecided }) => caslDecided)),
  });
}

function repeat(
  decide: Decide,
  milliseconds: number,
): { readonly count: number; readonly allowed: number; readonly cpuSeconds: number } {
  const before = process.cpuUsage();
  const end = performance.now() + milliseconds;
  let count = 0;
  let allowed = 0;
  // The clock costs as much as a decision. A multiple of four: each product is asked about as often as the others.
  let batch = 4;
  for (let now = performance.now(); now < end;) {
    for (let index = 0; index < batch; index += 1) if (decide(index)) allowed += 1;
    count += batch;
    const later = performance.now();
    if (later - now < 1) batch *= 2;
    now = later;
  }
  const { user, system } = process.cpuUsage(before);
  return { count, allowed, cpuSeconds: (user + system) / 1e6 };
}
