import { describe, expect, it } from 'vitest';
import { importsOf, isTestFile, readSources, resolveRelative } from './source-tree.ts';

const source = 'packages/gateway/src/';

/**
 * Folders of the gateway, and single files that others are built on. Each imports only from those before it in this list
 * and from itself, and types count. A file that is named by itself is no part of its folder.
 */
const layers: readonly string[] = [
  'random-hex.ts',
  'per-connection.ts',
  'read-within.ts',
  'firewall/',
  'machines/',
  'limits/',
  'webhooks/',
  'mcp/problems-of-mcp.ts',
  'routing/',
  'mcp/',
  'sessions/',
  'credentials/session-cookie-reader.ts',
  'credentials/feature-credential.ts',
  'credentials/token-mint.ts',
  'pipeline/request-state.ts',
  'pipeline/request-intent.ts',
  'pipeline/request-source.ts',
  'credentials/',
  'pipeline/stages/',
  'record/',
  'response/',
  'streams/stream-options.ts',
  'forward/upstream-options.ts',
  'listeners/secure-context.ts',
  'forward/upstream-tls.ts',
  'forward-auth/forward-auth-options.ts',
  'introspection/introspection-options.ts',
  'provider-tokens/',
  'messages/',
  'gateway-options.ts',
  'streams/',
  'forward/',
  'listeners/',
  'pipeline/',
  'forward-auth/',
  'in-process/',
  'introspection/',
  'explain/',
  'persistent-state.ts',
  'routing-snapshot.ts',
  'gateway.ts',
  'index.ts',
  'hono/',
];

const imports = readSources('packages/gateway/src')
  .filter(({ file }) => !isTestFile(file))
  .flatMap((read) =>
    importsOf(read)
      .filter((specifier) => specifier.startsWith('.'))
      .map((specifier) => ({ file: read.file, target: resolveRelative(read.file, specifier) })),
  );

describe('the folders of the gateway', () => {
  it('have a layer for each file', () => {
    const files = imports.flatMap(({ file, target }) => [file, target]);
    expect(files.filter((file) => layerOf(file) === -1)).toEqual([]);
  });

  it('import only from layers before their own', () => {
    const upwards = imports
      .filter(({ file, target }) => layerOf(target) > layerOf(file))
      .map(({ file, target }) => `${file} imports ${target}`);
    expect(upwards).toEqual([]);
  });

  it('all hold something', () => {
    const used = new Set(imports.flatMap(({ file, target }) => [layerOf(file), layerOf(target)]));
    expect(layers.filter((_, index) => !used.has(index))).toEqual([]);
  });
});

/** The file itself where it is a layer, else the deepest folder that is one. */
function layerOf(file: string): number {
  const name = file.slice(source.length);
  const fitting = layers.filter((layer) => name === layer || (layer.endsWith('/') && name.startsWith(layer)));
  const closest = fitting.toSorted((one, other) => other.length - one.length)[0];
  return closest === undefined ? -1 : layers.indexOf(closest);
}
