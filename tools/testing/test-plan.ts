import { globSync } from 'node:fs';
import path from 'node:path';
import { workspaceRoot } from '../workspace-root.ts';
import type { TestScope } from './only-in-all.ts';

/** What a run of `npm test` needs. */
export interface TestPlan {
  readonly scope: TestScope;
  readonly vitestArguments: readonly string[];
  /** Whether browser tests are among what was asked for. */
  readonly needsBrowser: boolean;
  /** Whether tests that start gateways and services as they were built are; browser tests need more than that. */
  readonly needsPackages: boolean;
  /** Whether tests that use a Redis, a PostgreSQL or a MongoDB are. */
  readonly needsServers: boolean;
}

const optionsWithValue = new Set(['-t', '--testNamePattern', '--reporter', '--retry', '--shard']);

/** Where tests use servers. The tests of the tools start their own. */
const foldersOnServers = [
  'packages/cli/',
  'packages/stores/',
  'packages/identity/',
  'packages/oauth/',
  'packages/testing/',
  'packages/server/',
  'examples/auth-js-shell/',
  'examples/classic-nest/',
  'examples/orders/',
  'examples/shop/',
  'examples/single-nest/',
  'test/attack/',
  'test/conformance/',
  'test/e2e/',
  'test/faults/',
  'test/processes/',
  'test/upgrades/',
];

/** Where tests start processes of the build. */
const suitesOnPackages = ['faults', 'attack', 'smoke'];

/** Decides from the arguments of `npm test` whether the system has to be built, a browser found and servers started. */
export function planTests(commandLine: readonly string[]): TestPlan {
  const vitestArguments = commandLine.filter((argument) => argument !== '--all');
  const filters = vitestArguments.filter(
    (argument, index) => !argument.startsWith('-') && !optionsWithValue.has(vitestArguments[index - 1] ?? ''),
  );
  const projects = vitestArguments
    .filter((argument) => argument.startsWith('--project='))
    .map((argument) => argument.slice(10));
  const chosen = [...filters, ...projects];
  const isChosen = (suite: string): boolean => chosen.length === 0 || chosen.some((name) => name.includes(suite));
  return {
    scope: commandLine.includes('--all') || chosen.length > 0 ? 'all' : 'everyday',
    vitestArguments,
    needsBrowser: isChosen('e2e'),
    needsPackages: suitesOnPackages.some(isChosen),
    needsServers: needsServers(filters, projects),
  };
}

function needsServers(filters: readonly string[], projects: readonly string[]): boolean {
  if (projects.length > 0 && projects.every((name) => name === 'architecture')) return false;
  if (filters.length === 0) return true;
  const files = globSync(
    foldersOnServers.map((folder) => `${folder}**/*.test.ts`),
    { cwd: workspaceRoot, exclude: (name) => /(?:^|[/\\])(?:node_modules|dist)$/.test(name) },
  ).map((file) => file.replaceAll('\\', '/'));
  // Vitest looks for the text in the whole path; an absolute one is taken for what it names.
  const texts = filters.map((filter) =>
    (path.isAbsolute(filter) ? path.relative(workspaceRoot, filter) : filter)
      .replaceAll('\\', '/')
      .replace(/^\.\//, '')
      .replace(/:\d+$/, ''),
  );
  return texts.some((text) => files.some((file) => file.includes(text)));
}
