import { describe, expect, it } from 'vitest';
import { listPublicPackages } from '../../tools/pack/public-packages.ts';
import { listFiles, readText, root } from './source-tree.ts';

const packages = new Map((await listPublicPackages(root)).map(({ manifest }) => [manifest.name, manifest]));

/** Commands of pages that install tarballs: nothing is published, and npm would ask the registry for what they leave out. */
const commands = listFiles('.', /\.md$/).flatMap((page) =>
  (readText(page).match(/^npm install\b.*\.tgz.*$/gm) ?? []).map((command) => ({ page, command })),
);

describe('a command that installs tarballs', () => {
  it('stands on the pages of packages', () => {
    expect(commands.length).toBeGreaterThan(9);
  });

  it.each(commands)('names what the packages of $page depend on', ({ command }) => {
    const named = packagesOf(command);
    expect(named).not.toEqual([]);
    expect(named.flatMap(ownDependencies).filter((name) => !named.includes(name))).toEqual([]);
  });
});

/** `sallyport-[0-9]*.tgz` is the package without a scope, `sallyport-{core,stores}-*.tgz` are two of those with one. */
function packagesOf(command: string): readonly string[] {
  const scoped = [...command.matchAll(/sallyport-(?:\{([a-z,]+)\}|([a-z]+))-\*\.tgz/g)].flatMap(([, list, one]) =>
    (list ?? one ?? '').split(','),
  );
  const names = scoped.map((name) => `@sallyport/${name}`);
  return command.includes('sallyport-[0-9]*.tgz') ? ['sallyport', ...names] : names;
}

function ownDependencies(name: string): readonly string[] {
  const manifest = packages.get(name);
  if (manifest === undefined) throw new Error(`${name} is no public package`);
  return Object.keys(manifest.dependencies ?? {}).filter((each) => packages.has(each));
}
