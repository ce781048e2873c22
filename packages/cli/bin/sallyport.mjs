#!/usr/bin/env node
/*
 * Starts the command line. Plain JavaScript, so that a Node that is too old, or a repository that was not built, says so
 * instead of failing on the first line.
 */
import { existsSync } from 'node:fs';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 19) || major === 23) {
  console.error(
    `sallyport needs Node 22.19 or later (24 is best); this is ${process.versions.node}.\n` +
      'Install Node 24 from https://nodejs.org or with your version manager.\n' +
      'In the repository of Sallyport "npx --no-install sallyport" brings its own on Linux and Windows.',
  );
  process.exit(3);
}

// Node 22 announces node:sqlite and type stripping as experimental on every start; both are meant here. A configuration
// in a package of CommonJS is read as a module, and its owner cannot turn the whole package into modules to silence that.
const { emitWarning } = process;
process.emitWarning = (warning, ...rest) => {
  const [first, code] = rest;
  const type = typeof first === 'object' ? first?.type : first;
  const isMeant =
    type === 'ExperimentalWarning' || (first?.code ?? code ?? warning?.code) === 'MODULE_TYPELESS_PACKAGE_JSON';
  if (!isMeant) Reflect.apply(emitWarning, process, [warning, ...rest]);
};

const program = new URL('../dist/main.js', import.meta.url);
if (!existsSync(program)) {
  console.error('sallyport is not built yet. Run "npm run build" in the repository, then try again.');
  process.exit(3);
}
await import(program.href);
