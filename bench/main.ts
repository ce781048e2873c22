import { parseBenchArguments } from './arguments.ts';
import { auditBenchmark } from './audit-benchmark.ts';
import type { Benchmark, BenchmarkResult } from './benchmark.ts';
import { chooseCores } from './cores.ts';
import { gatewayHeapBenchmark, gatewayMemoryBenchmark, gatewayStartBenchmark } from './gateway-benchmarks.ts';
import { introspectionBenchmark } from './introspection-benchmark.ts';
import { loginFloodBenchmark } from './login-flood-benchmark.ts';
import { mailedLinksBenchmark } from './mailed-links-benchmark.ts';
import { policyBuildBenchmark, policyDecisionBenchmark } from './policy-benchmark.ts';
import { proxyBenchmarks } from './proxy-cases.ts';
import { refreshBenchmark } from './refresh-benchmark.ts';
import { toJson, toTable } from './report.ts';
import { revocationBenchmark, serviceRevocationBenchmark, streamRevocationBenchmark } from './revocation-benchmark.ts';

/* `npm run bench`: see docs/performance.md. Results go to standard output, progress to standard error. */

const benchmarks: readonly Benchmark[] = [
  ...proxyBenchmarks,
  loginFloodBenchmark,
  gatewayStartBenchmark,
  gatewayMemoryBenchmark,
  gatewayHeapBenchmark,
  revocationBenchmark,
  serviceRevocationBenchmark,
  streamRevocationBenchmark,
  mailedLinksBenchmark,
  refreshBenchmark,
  introspectionBenchmark,
  auditBenchmark,
  policyDecisionBenchmark,
  policyBuildBenchmark,
];

const { json, quick, list, pairs, only, profile } = parseBenchArguments(process.argv.slice(2));
const chosen = benchmarks.filter(({ name }) => only.length === 0 || only.some((part) => name.includes(part)));

if (list) {
  for (const { name, title } of chosen) process.stdout.write(`${name}  ${title}\n`);
} else if (chosen.length === 0) {
  process.stderr.write(
    `No benchmark is called ${only.join(', ')}. Known: ${benchmarks.map(({ name }) => name).join(', ')}\n`,
  );
  process.exitCode = 2;
} else {
  const cores = chooseCores();
  const startedAt = performance.now();
  const progress = (text: string): void => {
    process.stderr.write(`[${((performance.now() - startedAt) / 1000).toFixed(0).padStart(4)} s] ${text}\n`);
  };
  progress(cores.description);

  const results: BenchmarkResult[] = [];
  for (const benchmark of chosen) {
    progress(benchmark.title);
    const onProgress = (text: string): void => {
      progress(`  ${text}`);
    };
    try {
      results.push(
        ...(await benchmark.run({
          cores,
          pairs,
          isQuick: quick,
          onProgress,
          ...(profile === undefined ? {} : { profileFolder: profile }),
        })),
      );
    } catch (cause) {
      // A void run has no figure: the others are still worth having, but the whole must not look complete.
      progress(`  VOID: ${cause instanceof Error ? cause.message : String(cause)}`);
      process.exitCode = 1;
    }
  }
  process.stdout.write(`${json ? toJson(results) : toTable(results)}\n`);
}
