import { copyFile, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

const fixtures = path.join(import.meta.dirname, 'fixtures');

/** A service of the adopter, and with which Nest it is written. */
export interface LibraryService {
  readonly folder: 'api' | 'legacy';
  readonly nest: '11' | '12';
}

/** Peers of the entry points that `sallyport init` does not need. */
const peers: Readonly<Record<string, (nest: string) => string>> = {
  '@nestjs/microservices': (nest) => `^${nest}.0.0`,
  '@nestjs/passport': (nest) => `^${nest}.0.0`,
  '@nestjs/websockets': (nest) => `^${nest}.0.0`,
  '@types/ws': () => '8.18.2',
  passport: () => '0.7.0',
  ws: () => '8.23.0',
};

/**
 * Adds tests to a service that use what the library has beside what `sallyport init` writes, and the packages that they
 * need. To be called before the service is installed.
 */
export async function writeLibrarySpecs(team: string, packs: string, { folder, nest }: LibraryService): Promise<void> {
  const place = path.join(team, folder);
  const tarball = (await readdir(packs)).find((file) => file.startsWith('sallyport-testing-'));
  if (tarball === undefined) throw new Error('@sallyport/testing was not packed');
  await copyFile(path.join(packs, tarball), path.join(team, 'sallyport-packages', tarball));
  const manifestFile = path.join(place, 'package.json');
  const manifest = JSON.parse(await readFile(manifestFile, 'utf8')) as { devDependencies: Record<string, string> };
  for (const [name, version] of Object.entries(peers)) manifest.devDependencies[name] = version(nest);
  manifest.devDependencies['@sallyport/testing'] = `file:../sallyport-packages/${tarball}`;
  await writeFile(manifestFile, `${JSON.stringify(manifest, undefined, 2)}\n`);
  const spec = await readFile(path.join(fixtures, 'sallyport.spec.txt'), 'utf8');
  const globals = nest === '12' ? "import { afterAll, beforeAll, describe, expect, it } from 'vitest';\n" : '';
  await writeFile(path.join(place, 'src/sallyport.spec.ts'), globals + spec);
  await copyFile(path.join(fixtures, 'policy-program.txt'), path.join(place, 'src/policy-program.ts'));
  const script = await readFile(path.join(fixtures, 'identity-in-the-process.txt'), 'utf8');
  await writeFile(path.join(place, identityScript(nest)), `${loads(nest)}\n${script}\nvoid run();\n`);
}

/** What the program prints that asks a policy: a stranger, a note of another, none, one's own, a list that is masked. */
export const policyAnswers = [
  401,
  403,
  404,
  '1',
  '[{"id":"1","ownerId":"ann","secret":"one"},{"id":"2","ownerId":"bob"}]',
] as const;

/** The file that runs identity in the process of a service: an ES module on Nest 12, CommonJS on Nest 11. */
export function identityScript(nest: LibraryService['nest']): string {
  return nest === '12' ? 'identity.mjs' : 'identity.cjs';
}

/** `@sallyport/server` is found in the folder above, where the gateway is installed. */
const loaded: readonly (readonly [names: string, from: string])[] = [
  ['deepStrictEqual: deepEqual, strictEqual: equal', 'node:assert'],
  ['mkdtempSync, rmSync', 'node:fs'],
  ['createServer', 'node:net'],
  ['tmpdir', 'node:os'],
  ['join', 'node:path'],
  ['Body, Catch, Controller, Get, HttpCode, HttpException, Inject, Module, Post, Req', '@nestjs/common'],
  ['APP_FILTER, NestFactory', '@nestjs/core'],
  ['Authenticated, CurrentPrincipal, Public, SallyportIdentity, SallyportIdentityModule', '@sallyport/nestjs'],
  ['openInProcessIdentity', '@sallyport/server'],
];

function loads(nest: LibraryService['nest']): string {
  return loaded
    .map(([names, from]) =>
      nest === '12'
        ? `import { ${names.replaceAll(': ', ' as ')} } from '${from}';`
        : `const { ${names} } = require('${from}');`,
    )
    .join('\n');
}
