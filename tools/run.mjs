/*
 * Starts a TypeScript tool: `node tools/run.mjs tools/launch/start.ts …`.
 * Plain JavaScript, so that a Node that is too old says so instead of failing on the first type annotation.
 */
import { pathToFileURL } from 'node:url';

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 18) || major === 23) {
  console.error(
    `Sallyport needs Node 22.18 or later (24 is best); this is ${process.versions.node}.\n` +
      'On Linux and Windows "npm ci" brings its own: start it with npm, for example "npm start".\n' +
      'On macOS install Node 24 from https://nodejs.org or with your version manager (.nvmrc names it).',
  );
  process.exit(1);
}

// Node 22 announces type stripping and node:sqlite as experimental on every start; both are meant here.
const { emitWarning } = process;
process.emitWarning = (warning, ...rest) => {
  const type = typeof rest[0] === 'object' ? rest[0]?.type : rest[0];
  if (type !== 'ExperimentalWarning') Reflect.apply(emitWarning, process, [warning, ...rest]);
};

process.argv.splice(1, 1);
await import(pathToFileURL(process.argv[1]).href);
