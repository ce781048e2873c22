import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig } from 'vitest/config';
import { filesOf, storeCombinations } from './test/e2e/store-combinations.ts';
import { filesOnlyInAll, scopeVariable } from './tools/testing/only-in-all.ts';

const source = '@sallyport/source';

const isCi = !['', '0', 'false', undefined].includes(process.env['CI']);
const scope = process.env[scopeVariable] === 'everyday' ? 'everyday' : 'all';
/** Vitest's own exclusions stand in each project that has others: what is set here takes their place. */
const exclude = [...configDefaults.exclude, ...(scope === 'everyday' ? filesOnlyInAll : [])];

export default defineConfig({
  resolve: { conditions: [source] },
  // No "import" here: Vitest hands these to Node, whose require() would then load the ESM half of a dual package.
  ssr: { resolve: { conditions: [source, 'node', 'module-sync'] } },
  // Nest needs decorator metadata; set here because the nearest tsconfig leaves test files out.
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
  test: {
    // One shared cache is not keyed on tsconfig edits: a stale transform would hide a real failure.
    fsModuleCache: false,
    // What a test prints is of use when it fails. Better Auth's own suite prints a line for each of its steps.
    silent: 'passed-only',
    testTimeout: 20_000,
    hookTimeout: 60_000,
    // Vitest's own choice is one less than there are cores, so one file at a time on two: most of ours wait, not compute.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // A crowded machine is not a broken system: what passes at the second try only is named in the summary.
    retry: isCi ? 1 : 0,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          exclude,
          include: [
            'packages/**/*.test.ts',
            'packages/**/*.test.tsx',
            'apps/**/*.test.ts',
            'examples/**/*.test.ts',
            'demo/**/*.test.ts',
            'tools/**/*.test.ts',
            'bench/**/*.test.ts',
            'test/transport/**/*.test.ts',
            'test/proxies/**/*.test.ts',
            'test/deploy/**/*.test.ts',
            'test/processes/**/*.test.ts',
            'test/conformance/**/*.test.ts',
            'test/providers/**/*.test.ts',
            'test/upgrades/**/*.test.ts',
          ],
        },
      },
      { extends: true, test: { name: 'architecture', include: ['test/architecture/**/*.test.ts'] } },
      // Each starts gateways and services of its own, as they were built. Faults wait for most of their time, so two files
      // run at once; what sends hostile bytes and installs packages has the machine for itself.
      ...['attack', 'smoke', 'faults'].map((name, index) => ({
        extends: true as const,
        test: {
          name,
          include: [`test/${name}/**/*.test.ts`],
          exclude,
          testTimeout: 60_000,
          hookTimeout: 240_000,
          fileParallelism: name === 'faults',
          sequence: { groupOrder: index + 1 },
        },
      })),
      ...storeCombinations.map((combination, index) => {
        const { project, needs } = combination;
        const files = filesOf(combination, scope);
        const hasServers = needs.every((name) => (process.env[name] ?? '') !== '');
        return {
          extends: true as const,
          test: {
            name: project,
            include: hasServers ? [...files.include] : ['test/e2e/without-servers.test.ts'],
            exclude: hasServers ? [...files.exclude] : [],
            globalSetup: hasServers ? ['test/e2e/global-setup.ts'] : [],
            testTimeout: 60_000,
            hookTimeout: 240_000,
            fileParallelism: false,
            // After everything else, one after the other: a browser on a busy machine is a source of false alarms.
            sequence: { groupOrder: index + 4 },
          },
        };
      }),
    ],
  },
});
