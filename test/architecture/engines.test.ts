import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { listFiles, root } from './source-tree.ts';

interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly engines?: { readonly node?: string };
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** Releases of Node around which packages change what they need. */
const releases = ['18.20.0', '20.9.0', '20.19.0', '22.0.0', '22.12.0', '22.15.0', '22.18.0', '22.19.0'].concat([
  '22.23.0',
  '23.0.0',
  '23.11.0',
  '24.0.0',
  '24.21.0',
  '25.0.0',
  '26.0.0',
  '30.0.0',
]);

const published = listFiles('packages', /^package\.json$/)
  .map((file) => path.join(root, path.dirname(file)))
  .filter((folder) => readManifest(folder).private !== true);

describe('the Node that a package says it runs on', () => {
  it.each(published.map((folder) => [readManifest(folder).name, folder] as const))(
    'is one on which everything that %s depends on runs too',
    (_name, folder) => {
      const range = readManifest(folder).engines?.node;
      expect(range).toBeDefined();
      const runsOn = releases.filter((release) => satisfies(release, range ?? ''));
      expect(runsOn.length).toBeGreaterThan(0);
      const refused = [...dependenciesOf(folder)].flatMap((dependency) => {
        const { name, engines } = readManifest(dependency);
        const missing = runsOn.filter((release) => !satisfies(release, engines?.node ?? '*'));
        return missing.length === 0 ? [] : [`${name} (${engines?.node}) does not run on ${missing.join(', ')}`];
      });
      expect(refused).toEqual([]);
    },
  );

  it.each([
    { range: '>=20.19', yes: ['20.19.0', '24.0.0'], no: ['18.20.0', '20.9.0'] },
    { range: '^22.19.0 || >=24.0.0', yes: ['22.19.0', '22.23.0', '30.0.0'], no: ['22.18.0', '23.11.0', '20.19.0'] },
    { range: '>= 20.0.0 <23', yes: ['20.9.0'], no: ['23.0.0'] },
    { range: '18 || 20 || >=22', yes: ['20.19.0', '23.0.0'], no: ['19.0.0', '21.0.0'] },
  ])('is compared as npm does: $range', ({ range, yes, no }) => {
    expect(yes.filter((release) => !satisfies(release, range))).toEqual([]);
    expect(no.filter((release) => satisfies(release, range))).toEqual([]);
  });

  it.each(['~22.1', '22.x - 24.x', 'latest'])('is not guessed from what is not understood: %s', (range) => {
    expect(() => satisfies('22.0.0', range)).toThrow(range);
  });
});

/** Folders of everything that is installed with a package, by the rule by which Node finds it. */
function dependenciesOf(folder: string, found = new Set<string>()): ReadonlySet<string> {
  for (const name of Object.keys(readManifest(folder).dependencies ?? {})) {
    const dependency = findInstalled(name, folder);
    if (dependency === undefined || found.has(dependency)) continue;
    found.add(dependency);
    dependenciesOf(dependency, found);
  }
  return found;
}

/** Absent for what this platform does not need. */
function findInstalled(name: string, from: string): string | undefined {
  const candidate = path.join(from, 'node_modules', name);
  if (existsSync(path.join(candidate, 'package.json'))) return candidate;
  return path.relative(root, from) === '' ? undefined : findInstalled(name, path.dirname(from));
}

function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as Manifest;
}

/** Whether a release is in a range, of the forms that `engines` has. */
function satisfies(release: string, range: string): boolean {
  return range.split('||').some((alternative) => {
    const comparators = alternative
      .trim()
      .replaceAll(/(?<=[<>=^])\s+/g, '')
      .split(/\s+/);
    return comparators.every((comparator) => {
      const [, sign, version = ''] = /^(>=|<|\^|)(\*|\d+(?:\.\d+){0,2})(?:\.x){0,2}$/.exec(comparator) ?? [];
      if (sign === undefined) throw new Error(`not understood: ${range}`);
      if (version === '*') return true;
      const order = compare(release, version);
      if (sign === '>=') return order >= 0;
      if (sign === '<') return order < 0;
      // "^22.19" and "22" stay within the major release.
      return order >= 0 && release.split('.')[0] === version.split('.')[0];
    });
  });
}

function compare(one: string, other: string): number {
  const [left, right] = [one, other].map((version) => version.split('.').map(Number));
  const differences = [0, 1, 2].map((index) => (left?.[index] ?? 0) - (right?.[index] ?? 0));
  return differences.find((difference) => difference !== 0) ?? 0;
}
