import { buildPackages } from '../tools/build/build-system.ts';
import { workspaceRoot } from '../tools/workspace-root.ts';
import type { Benchmark } from './benchmark.ts';
import { startChild } from './child-process.ts';
import { toResult } from './result.ts';
import { spreadOf, type Pair } from './statistics.ts';

const label = {
  name: 'nest-audit-of-500-handlers',
  title: 'Start of a Nest application of 500 handlers with our module vs without',
  target: '≤ 50 ms added',
};

/** More than of other benchmarks: one start takes milliseconds, and what is beside it as well. */
const startsPerPair = 5;

/** One process that builds the application again and again, with the guard, its audit and every decorator, and without. */
export const auditBenchmark: Benchmark = {
  ...label,
  run: async ({ cores, pairs, isQuick, onProgress }) => {
    await buildPackages(workspaceRoot);
    const child = await startChild({ file: 'servers/many-handlers.ts', core: cores.server, isBuilt: true });
    try {
      const measured: Pair[] = [];
      const count = isQuick ? 2 : pairs * startsPerPair;
      for (let index = -3; index < count; index += 1) {
        const pair = (await child.ask({})) as Pair; // As the child measures it.
        if (index < 0) continue;
        measured.push(pair);
      }
      onProgress(`${count} starts of each`);
      const added = spreadOf(measured.map(({ subject, baseline }) => subject - baseline));
      return [toResult(label, 'ms', measured, { 'added, ms': added })];
    } finally {
      await child.stop();
    }
  },
};
