import { existsSync, globSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { storeCombinations } from '../../test/e2e/store-combinations.ts';
import { workspaceRoot } from '../workspace-root.ts';
import { filesOnlyInAll } from './only-in-all.ts';
import { planTests } from './test-plan.ts';
import { toSummary, totalsOf, type FileResult } from './test-summary.ts';

describe('a run of npm test', () => {
  it.each([
    { commandLine: [], needsBrowser: true },
    { commandLine: ['test/e2e/sign-in.test.ts'], needsBrowser: true },
    { commandLine: ['--project=e2e'], needsBrowser: true },
    { commandLine: ['-t', 'a name'], needsBrowser: true },
    { commandLine: ['--bail=1'], needsBrowser: true },
    { commandLine: ['packages/core'], needsBrowser: false },
    { commandLine: ['--project=unit'], needsBrowser: false },
  ])('with $commandLine needs a browser: $needsBrowser', ({ commandLine, needsBrowser }) => {
    expect(planTests(commandLine).needsBrowser).toBe(needsBrowser);
  });

  it.each([
    { commandLine: [], needsPackages: true },
    { commandLine: ['test/faults'], needsPackages: true },
    { commandLine: ['--project=attack'], needsPackages: true },
    { commandLine: ['packages/core'], needsPackages: false },
    { commandLine: ['--project=unit'], needsPackages: false },
  ])('with $commandLine needs the packages as they are built: $needsPackages', ({ commandLine, needsPackages }) => {
    expect(planTests(commandLine).needsPackages).toBe(needsPackages);
  });

  it.each([
    { commandLine: [], needsServers: true },
    { commandLine: ['-t', 'a name'], needsServers: true },
    { commandLine: ['--project=unit'], needsServers: true },
    { commandLine: ['--project=architecture'], needsServers: false },
    { commandLine: ['packages'], needsServers: true },
    { commandLine: ['packages/stores'], needsServers: true },
    { commandLine: ['./examples/shop'], needsServers: true },
    { commandLine: ['packages/core', 'product-store'], needsServers: true },
    { commandLine: [path.join(workspaceRoot, 'examples/shop/src')], needsServers: true },
    { commandLine: ['packages/core'], needsServers: false },
    { commandLine: ['packages/gateway', 'tools'], needsServers: false },
    { commandLine: ['test/architecture'], needsServers: false },
  ])('with $commandLine needs servers: $needsServers', ({ commandLine, needsServers }) => {
    expect(planTests(commandLine).needsServers).toBe(needsServers);
  });

  it.each([
    { commandLine: [], scope: 'everyday' },
    { commandLine: ['-t', 'a name'], scope: 'everyday' },
    { commandLine: ['--all'], scope: 'all' },
    { commandLine: ['test/transport/testssl.test.ts'], scope: 'all' },
    { commandLine: ['--project=e2e*mongodb*'], scope: 'all' },
  ])('with $commandLine has the scope $scope', ({ commandLine, scope }) => {
    expect(planTests(commandLine).scope).toBe(scope);
  });

  it('hands its arguments to Vitest, but not --all', () => {
    expect(planTests(['--all', '--bail=1']).vitestArguments).toEqual(['--bail=1']);
  });
});

describe('the choice of an everyday run', () => {
  const browserFiles = globSync('test/e2e/*.test.ts', { cwd: workspaceRoot })
    .map((file) => path.basename(file, '.test.ts'))
    .filter((name) => name !== 'without-servers');

  it('leaves out files that exist', () => {
    expect(filesOnlyInAll.filter((file) => !existsSync(path.join(workspaceRoot, file)))).toEqual([]);
  });

  it('has every file of the browser suite on one combination of stores at least', () => {
    const chosen = storeCombinations.flatMap(({ without, everyday = browserFiles }) =>
      everyday.filter((name) => !without.includes(name)),
    );
    expect(browserFiles.filter((name) => !chosen.includes(name))).toEqual([]);
  });

  it('names no file that is not there', () => {
    const named = storeCombinations.flatMap(({ without, everyday = [] }) => [...without, ...everyday]);
    expect(named.filter((name) => !browserFiles.includes(name))).toEqual([]);
  });
});

describe('the summary', () => {
  const files: readonly FileResult[] = [
    { suite: 'packages/core', passed: 3, failed: 0, seconds: 1, skipped: [], storeRuns: [] },
    { suite: 'packages/core', passed: 1, failed: 1, seconds: 0.5, skipped: [], storeRuns: [] },
    {
      suite: 'e2e',
      passed: 0,
      failed: 0,
      seconds: 0,
      skipped: [
        { name: 'signs in', reason: 'no vectors' },
        { name: 'keeps a session', reason: 'no server', stores: 'redis' },
      ],
      storeRuns: [],
    },
  ];

  it('adds the files of a suite up, and names what was skipped and why, a missing store only once', () => {
    expect(toSummary({ files, unhandledErrors: 0 }, { redis: 'not installed' }).split('\n')).toEqual([
      'suite           files   passed   failed   seconds',
      'e2e             1       0        0        0.0',
      'packages/core   2       4        1        1.5',
      '',
      'Skipped:',
      '  signs in: no vectors',
      '',
      'No redis server: not installed',
    ]);
  });

  it('counts an error outside of every test as a failure', () => {
    expect(totalsOf({ files, unhandledErrors: 2 })).toEqual({ passed: 4, failed: 3 });
  });
});
