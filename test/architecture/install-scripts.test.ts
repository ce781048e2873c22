import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from './source-tree.ts';

interface LockFile {
  readonly packages: Readonly<Record<string, { readonly hasInstallScript?: boolean; readonly link?: boolean }>>;
}

interface RootManifest {
  readonly allowScripts?: Readonly<Record<string, boolean>>;
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(path.join(root, file), 'utf8'));
}

/** Names of the packages that run something when they are installed. */
function packagesWithScripts(): readonly string[] {
  const { packages } = readJson('package-lock.json') as LockFile;
  const names = Object.entries(packages)
    .filter(([place, { hasInstallScript }]) => hasInstallScript === true && place.includes('node_modules/'))
    .map(([place]) => place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length));
  return [...new Set(names)].sort();
}

describe('a package that would run a script when it is installed', () => {
  it('is decided on by its name, and nothing else is', () => {
    const { allowScripts = {} } = readJson('package.json') as RootManifest;
    expect(Object.keys(allowScripts).sort()).toEqual(packagesWithScripts());
  });

  // One that has to run belongs here with the reason, and into the Dockerfiles as a step of its own.
  it('runs none', () => {
    const { allowScripts = {} } = readJson('package.json') as RootManifest;
    expect(Object.values(allowScripts).filter((isAllowed) => isAllowed)).toEqual([]);
  });

  it('stops an installation where nothing is decided', () => {
    const settings = readFileSync(path.join(root, '.npmrc'), 'utf8').split('\n');
    expect(settings).toContain('strict-allow-scripts=true');
    expect(settings.filter((line) => line.startsWith('dangerously-allow-all-scripts'))).toEqual([]);
  });

  it('runs none in an image either, whatever npm the image brings', () => {
    const dockerfiles = readdirSync(path.join(root, 'deploy'), { recursive: true, encoding: 'utf8' }).filter(
      (file) => path.basename(file) === 'Dockerfile',
    );
    expect(dockerfiles.length).toBeGreaterThan(1);
    for (const file of dockerfiles) {
      const installs =
        readFileSync(path.join(root, 'deploy', file), 'utf8').match(/\bnpm (?:ci|install|i)\b[^&\n]*/g) ?? [];
      const run = installs.filter((command) => !command.includes('install sallyport@'));
      expect(run.length).toBeGreaterThan(0);
      expect(run.filter((command) => !command.includes(' --ignore-scripts'))).toEqual([]);
    }
  });
});
