import { describe, expect, it } from 'vitest';
import { importsOf, isTestFile, readSources, resolveRelative } from './source-tree.ts';

const folder = 'packages/identity/src/';
const features = `${folder}features/`;

/** The files that put the kernel and the features together. */
const composition = new Set(
  ['index', 'identity', 'database', 'features', 'feature-set'].map((name) => `${folder}${name}.ts`),
);

const imports = readSources('packages/identity/src')
  .filter(({ file }) => !isTestFile(file))
  .map((source) => ({
    file: source.file,
    targets: importsOf(source)
      .filter((specifier) => specifier.startsWith('.'))
      .map((specifier) => resolveRelative(source.file, specifier)),
  }));

/** Every import, of types too, that a rule forbids. */
function violations(isForbidden: (file: string, target: string) => boolean): string[] {
  return imports.flatMap(({ file, targets }) =>
    targets.filter((target) => isForbidden(file, target)).map((target) => `${file} imports ${target}`),
  );
}

describe('the folders of identity', () => {
  it('have no feature that imports another', () => {
    expect(
      violations(
        (file, target) =>
          file.startsWith(features) && target.startsWith(features) && featureOf(file) !== featureOf(target),
      ),
    ).toEqual([]);
  });

  it('have no kernel file that imports a feature', () => {
    expect(
      violations((file, target) => !file.startsWith(features) && !composition.has(file) && target.startsWith(features)),
    ).toEqual([]);
  });

  it('have no feature or kernel file that imports the composition', () => {
    expect(violations((file, target) => !composition.has(file) && composition.has(target))).toEqual([]);
  });
});

describe('the list of features', () => {
  const list = `${folder}features.ts`;
  const listed = new Set(imports.find(({ file }) => file === list)?.targets);

  it('has the feature of every folder', () => {
    const declared = imports.map(({ file }) => file).filter((file) => file.endsWith('-feature.ts'));
    expect(declared.filter((file) => !listed.has(file))).toEqual([]);
    expect(new Set(declared.map(featureOf))).toEqual(new Set(listFolders()));
  });

  it('is the only file outside a folder of a feature that imports a feature, but for public types and functions', () => {
    const others = violations((file, target) => !file.startsWith(features) && target.startsWith(features));
    expect(others.filter((line) => !line.startsWith(list) && !line.startsWith(`${folder}index.ts`))).toEqual([]);
  });
});

function listFolders(): string[] {
  return imports
    .map(({ file }) => file)
    .filter((file) => file.startsWith(features))
    .map(featureOf);
}

function featureOf(file: string): string {
  return file.slice(features.length).split('/')[0] ?? '';
}
