import { describe, expect, it } from 'vitest';
import { importsOf, listWorkspaces, readManifest, readSources, resolveRelative } from './source-tree.ts';

/**
 * Files outside the packages that still read the sources of one by path: test doubles and parts that a package does not
 * export. A new one is refused, and so is an entry that is no longer needed.
 */
const readingByPath: readonly string[] = [
  'bench/servers/better-auth-verifier.ts',
  'bench/servers/hono-proxy.ts',
  'test/attack/properties.test.ts',
  'test/e2e/streams.test.ts',
  'test/transport/asking-proxy.ts',
  'test/transport/behind-nginx.test.ts',
  'test/transport/forward-auth-rows.ts',
  'test/transport/handshake.test.ts',
  'test/transport/http2-rows.ts',
  'test/transport/https-upstream.test.ts',
  'test/transport/proxy-in-front.ts',
  'test/transport/testssl.test.ts',
];

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
  it('are read by path from no file but those that are listed here', () => {
    const readers = sources
      .filter((source) =>
        importsOf(source).some((specifier) =>
          workspaces.some(
            (folder) => !source.file.startsWith(`${folder}/`) && isInside(source.file, specifier, `${folder}/src`),
          ),
        ),
      )
      .map(({ file }) => file);
    expect(readers.sort()).toEqual(readingByPath);
  });
});

function isPackage(specifier: string, name: string): boolean {
  return specifier === name || specifier.startsWith(`${name}/`);
}

function isInside(file: string, specifier: string, folder: string): boolean {
  return specifier.startsWith('.') && resolveRelative(file, specifier).startsWith(`${folder}/`);
}
