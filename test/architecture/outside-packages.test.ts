import { describe, expect, it } from 'vitest';
import { importsOf, listWorkspaces, readManifest, readSources, resolveRelative } from './source-tree.ts';

const workspaces = listWorkspaces();
const sources = readSources('packages', 'apps', 'examples', 'bench', 'deploy', 'test', 'tools');

describe('an app', () => {
  const apps = workspaces.filter((folder) => folder.startsWith('apps/'));

  it.each(apps)('%s is imported by nothing else', (folder) => {
    const { name } = readManifest(folder);
    const violations = sources
      .filter(({ file }) => !file.startsWith(`${folder}/`))
      .flatMap((source) =>
        importsOf(source)
          .filter((specifier) => isPackage(specifier, name) || isInside(source.file, specifier, folder))
          .map((specifier) => `${source.file} imports ${specifier}`),
      );
    expect(violations).toEqual([]);
  });
});

describe('the sources of a package', () => {
  it('are read by path from no file outside it', () => {
    const readers = sources
      .filter((source) =>
        importsOf(source).some((specifier) =>
          workspaces.some(
            (folder) => !source.file.startsWith(`${folder}/`) && isInside(source.file, specifier, `${folder}/src`),
          ),
        ),
      )
      .map(({ file }) => file);
    expect(readers).toEqual([]);
  });
});

function isPackage(specifier: string, name: string): boolean {
  return specifier === name || specifier.startsWith(`${name}/`);
}

function isInside(file: string, specifier: string, folder: string): boolean {
  return specifier.startsWith('.') && resolveRelative(file, specifier).startsWith(`${folder}/`);
}
