import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { rolldown } from 'rolldown';
import { readManifest, type Manifest } from './public-packages.ts';

/** Dependencies that `require` cannot load everywhere (in Jest, and before Node 22.12): they go into the build itself. */
const esModulesOnly = ['jose'];

/** Where the CommonJS build of a package is, below its folder. */
const commonJsFolder = 'dist/cjs';

/** A relative import of a declaration file, which names the source: `from './a.ts'`, `import('./a.ts')`. */
const relativeImport = /(['"])(\.{1,2}\/[^'"]+)\.tsx?\1/g;

/**
 * Makes the CommonJS build of a staged package from its ES modules, where its manifest has entry points for `require`:
 * a file for each, chunks that they share, and the declarations again, as those of CommonJS.
 *
 * @param modules the `node_modules` of the repository, from which dependencies are bundled.
 * @throws when one of them is not there: the build would ask for it with `require`, which cannot load it.
 */
export async function buildCommonJs(stage: string, modules: string): Promise<void> {
  const manifest = await readManifest(stage);
  const entries = commonJsEntries(manifest);
  if (entries.length === 0) return;
  const bundled = Object.keys(manifest.dependencies ?? {}).filter((name) => esModulesOnly.includes(name));
  const build = await rolldown({
    cwd: stage,
    platform: 'node',
    input: Object.fromEntries(entries.map((name) => [name, `./dist/${name}.js`])),
    external: (id) => !/^[./]/.test(id) && !path.isAbsolute(id) && !bundled.includes(packageOf(id)),
    resolve: { modules: [modules] },
  });
  const { output } = await build.write({
    dir: path.join(stage, commonJsFolder),
    format: 'cjs',
    exports: 'named',
    // Jest runs modules without a way to `import()` from CommonJS.
    dynamicImportInCjs: false,
    entryFileNames: '[name].cjs',
    chunkFileNames: '[name]-[hash].cjs',
  });
  await build.close();
  const imported = output.flatMap((part) => (part.type === 'chunk' ? [...part.imports, ...part.dynamicImports] : []));
  const outside = bundled.filter((name) => imported.some((specifier) => packageOf(specifier) === name));
  if (outside.length > 0) throw new Error(`${outside.join(', ')} cannot be bundled: it is not in ${modules}`);
  for (const entry of entries) await writeDeclarations(stage, `${entry}.d.ts`, new Set());
  const sources = output.flatMap((part) => (part.type === 'chunk' ? part.moduleIds : []));
  const inside = bundled.filter((name) => sources.some((file) => file.startsWith(path.join(modules, name) + path.sep)));
  if (inside.length > 0) await writeLicences(stage, modules, inside);
}

/** Entry points for `require`, as paths below `dist` without an ending. */
function commonJsEntries({ exports = {} }: Manifest): readonly string[] {
  return Object.values(exports).flatMap((target) => {
    const required = typeof target === 'object' ? target['require'] : undefined;
    const file = typeof required === 'object' ? required['default'] : required;
    if (typeof file !== 'string') return [];
    const prefix = `./${commonJsFolder}/`;
    if (!file.startsWith(prefix) || !file.endsWith('.cjs'))
      throw new Error(`${file} is an entry point for require, and not one of ${prefix}*.cjs`);
    return [file.slice(prefix.length, -'.cjs'.length)];
  });
}

/** Writes a declaration file and what it imports once more, with the ending that says CommonJS. */
async function writeDeclarations(stage: string, file: string, written: Set<string>): Promise<void> {
  if (written.has(file)) return;
  written.add(file);
  const text = await readFile(path.join(stage, 'dist', file), 'utf8');
  const target = path.join(stage, commonJsFolder, file.replace(/\.d\.ts$/, '.d.cts'));
  await mkdir(path.dirname(target), { recursive: true });
  await writeFile(target, text.replaceAll(relativeImport, '$1$2.cjs$1'));
  for (const [, , specifier = ''] of text.matchAll(relativeImport))
    await writeDeclarations(stage, path.posix.join(path.posix.dirname(file), `${specifier}.d.ts`), written);
}

/** The licences of what was bundled ask to stand beside it. */
async function writeLicences(stage: string, modules: string, names: readonly string[]): Promise<void> {
  const parts = await Promise.all(
    names.map(async (name) => {
      const { version } = await readManifest(path.join(modules, name));
      const text = await readFile(path.join(modules, name, 'LICENSE.md'), 'utf8');
      return `${name} ${version}\n\n${text.trim()}\n`;
    }),
  );
  await writeFile(path.join(stage, commonJsFolder, 'LICENSES.txt'), parts.join('\n\n'));
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}
