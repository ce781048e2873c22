import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** `import` or `export` at the beginning of a line. */
const moduleSyntax = /^(?:import[\s{*'"]|export[\s{*])/m;

/**
 * Imports a configuration file and resolves to its exports.
 *
 * `npm init` writes `"type": "commonjs"`, under which Node takes a `.ts` file for CommonJS, however it is written: here the
 * file and what it imports are ES modules when they are written as such.
 *
 * @see {@link https://nodejs.org/api/module.html#moduleregisterhooksoptions registerHooks}
 */
export async function importConfig(path: string): Promise<unknown> {
  const hooks = registerHooks({
    load: (url, context, nextLoad) =>
      context.format === 'commonjs-typescript' && moduleSyntax.test(readFileSync(fileURLToPath(url), 'utf8'))
        ? nextLoad(url, { ...context, format: 'module-typescript' })
        : nextLoad(url, context),
  });
  try {
    return await import(pathToFileURL(path).href);
  } finally {
    hooks.deregister();
  }
}
