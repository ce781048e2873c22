import type { Exports, ExportTarget, Manifest } from './public-packages.ts';

/** Where the repository is: the one address from which links of package pages are made. */
export interface Repository {
  /** Address of its page, without a slash at the end. */
  readonly page: string;
  /** What stands in `repository.url`. */
  readonly url: string;
}

/** The condition under which the repository itself reads sources. Tarballs hold none. */
const sourceCondition = '@sallyport/source';

/** Entry points for tests of the repository, whose files are not packed. */
const testEntryPoint = /\/test-support(?:\/|$)/;

/**
 * The manifest that goes into a tarball: without what only the repository needs (the source condition, entry points for
 * tests, development dependencies, the list of files that staging has gone by), and with the addresses that a package
 * page shows.
 */
export function toPackedManifest(manifest: Manifest, folder: string, { page, url }: Repository): Manifest {
  const { devDependencies: _devDependencies, files: _files, exports, ...kept } = manifest;
  return {
    ...kept,
    ...(exports === undefined ? {} : { exports: toPackedExports(exports) }),
    homepage: `${page}/tree/main/${folder}#readme`,
    bugs: `${page}/issues`,
    repository: { type: 'git', url, directory: folder },
  };
}

function toPackedExports(exports: Exports): Exports {
  const entries = Object.entries(exports)
    .filter(([subpath]) => !testEntryPoint.test(subpath))
    .map(([subpath, target]): [string, ExportTarget] => [subpath, withoutSource(target)]);
  // Tools read the manifest of a package by name.
  return { ...Object.fromEntries(entries), './package.json': './package.json' };
}

function withoutSource(target: ExportTarget): ExportTarget {
  if (typeof target === 'string') return target;
  const kept = Object.entries(target).filter(([condition]) => condition !== sourceCondition);
  return Object.fromEntries(kept.map(([condition, inner]) => [condition, withoutSource(inner)]));
}
