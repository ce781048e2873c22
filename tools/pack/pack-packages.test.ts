import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withBuildLock } from '../build/build-lock.ts';
import { buildPackages } from '../build/build-system.ts';
import { workspaceRoot } from '../workspace-root.ts';
import { findNpm } from './find-npm.ts';
import { judgeTarball } from './judge-tarball.ts';
import { packPackages, type Tarball } from './pack-packages.ts';
import { listPublicPackages } from './public-packages.ts';

const packages = await listPublicPackages(workspaceRoot);
const names = packages.map(({ manifest }) => manifest.name);

let folder: string;
let tarballs: readonly Tarball[];
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'sallyport-packed-'));
  await withBuildLock(workspaceRoot, undefined, () => buildPackages(workspaceRoot));
  tarballs = await packPackages(workspaceRoot, folder);
}, 240_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

const fileOf = (name: string): string => tarballs.find((tarball) => tarball.name === name)?.file ?? '';
const list = (file: string): string[] =>
  execFileSync('tar', ['-tzf', file], { encoding: 'utf8' }).trim().split('\n').sort();
const read = (file: string, member: string): string =>
  execFileSync('tar', ['-xzOf', file, `package/${member}`], { encoding: 'utf8' });

describe('the tarballs', () => {
  it('are those of every package that is not private, each after those that it depends on', () => {
    expect(tarballs.map(({ name }) => name)).toEqual(names);
    expect(names).toEqual(expect.arrayContaining(['sallyport', '@sallyport/core', '@sallyport/server']));
    for (const [index, { manifest }] of packages.entries())
      for (const name of Object.keys(manifest.dependencies ?? {}).filter((each) => names.includes(each)))
        expect(names.indexOf(name), `${name} before ${manifest.name}`).toBeLessThan(index);
  });

  it.each(names)('are accepted by publint and attw: %s', async (name) => {
    expect(await judgeTarball(fileOf(name))).toEqual([]);
  });

  it.each(names)('hold licence, pages and output alone: %s', (name) => {
    const members = list(fileOf(name));
    expect(members).toEqual(
      expect.arrayContaining(['package/LICENSE', 'package/README.md', 'package/CHANGELOG.md', 'package/package.json']),
    );
    const others = members.filter(
      (member) => !/^package\/(?:LICENSE|\w+\.md|package\.json|(?:dist|bin|assets)\/|docs\/.*\.md$)/.test(member),
    );
    expect(others).toEqual([]);
    expect(members.filter((member) => /\.test|test-support|\.map$|tsbuildinfo/.test(member))).toEqual([]);
  });

  it.each(names)('have a manifest that says what an adopter asks, and a page whose links work anywhere: %s', (name) => {
    const manifest: unknown = JSON.parse(read(fileOf(name), 'package.json'));
    expect(manifest).toMatchObject({
      description: expect.any(String) as string,
      keywords: expect.arrayContaining(['sallyport']) as string[],
      license: 'Apache-2.0',
      engines: { node: expect.any(String) as string },
      repository: { type: 'git' },
    });
    expect(JSON.stringify(manifest)).not.toMatch(/@sallyport\/source|test-support/);
    const page = read(fileOf(name), 'README.md');
    expect([...page.matchAll(/\]\((?!https:|#)[^)]*\)/g)].map(([link]) => link)).toEqual([]);
    // Nothing is published: a page says where the tarballs come from.
    expect(page).toMatch(/npm run pack -- /);
  });
});

describe('the tarball of sallyport', () => {
  it('holds the pages that its messages name, with links that lead to one another or to the repository', () => {
    const file = fileOf('sallyport');
    const pages = list(file).filter((member) => member.startsWith('package/docs/'));
    expect(pages).toEqual(
      expect.arrayContaining(['package/docs/reference/configuration.md', 'package/docs/deployment/README.md']),
    );
    const broken = pages.flatMap((page) =>
      [...read(file, page.replace(/^package\//, '')).matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)/g)]
        .map(([, target = '']) => path.posix.join(path.posix.dirname(page), target))
        .filter((target) => !pages.includes(target))
        .map((target) => `${page} links to ${target}`),
    );
    expect(broken).toEqual([]);
  });

  it('alone holds them', () => {
    const holders = names.filter((name) => list(fileOf(name)).some((member) => member.startsWith('package/docs/')));
    expect(holders).toEqual(['sallyport']);
  });
});

describe('the CommonJS build', () => {
  /** Inside the repository, so that other packages are found as they are for an adopter who has installed them. */
  const project = path.join(workspaceRoot, 'node_modules/.cache', `sallyport-commonjs-${process.pid}`);
  beforeAll(async () => {
    for (const name of names) {
      const place = path.join(project, 'node_modules', name);
      await mkdir(place, { recursive: true });
      execFileSync('tar', ['-xzf', fileOf(name), '--strip-components=1', '-C', place]);
    }
  });
  afterAll(() => rm(project, { recursive: true, force: true }));

  const run = (program: string, ...flags: string[]): unknown =>
    JSON.parse(execFileSync(process.execPath, [...flags, '-e', program], { cwd: project, encoding: 'utf8' }));

  it.each([
    '@sallyport/core',
    '@sallyport/core/browser',
    '@sallyport/client',
    '@sallyport/policy',
    '@sallyport/policy/opa',
    '@sallyport/policy/testing',
    '@sallyport/testing',
    '@sallyport/testing/faults',
  ])('gives %s to a require that knows no ES modules, with every export', (name) => {
    const program = (load: string) => `${load}.then((all) => console.log(JSON.stringify(Object.keys(all).sort())))`;
    const required = run(program(`Promise.resolve(require('${name}'))`), '--no-experimental-require-module');
    expect(required).toEqual(run(program(`import('${name}')`)));
  });

  it.each([
    { name: '@sallyport/nestjs', value: 'SallyportModule.forRoot' },
    { name: '@sallyport/nestjs/passport', value: 'JwtAuthGuard' },
  ])('gives $name to a require that finds Nest', ({ name, value }) => {
    expect(run(`console.log(JSON.stringify(typeof require('${name}').${value}))`)).toBe('function');
  });

  it('knows an error of the CommonJS build for one of the ES modules, as an exception of Nest', () => {
    const program = `
      const { SallyportError } = require('@sallyport/nestjs');
      const { HttpException } = require('@nestjs/common');
      import('@sallyport/core').then((core) => {
        const error = new SallyportError('SP_NOT_FOUND');
        const own = new core.SallyportError('SP_CONFLICT');
        console.log(JSON.stringify([error instanceof core.SallyportError, error instanceof HttpException, own instanceof SallyportError, error.getStatus()]));
      });`;
    expect(run(program)).toEqual([true, true, true, 404]);
  });

  it('gives @sallyport/nestjs/websockets to a require that finds Nest', () => {
    expect(run("console.log(JSON.stringify(Object.keys(require('@sallyport/nestjs/websockets')).sort()))")).toEqual([
      'SallyportIoAdapter',
      'SallyportWsAdapter',
    ]);
  });

  it('gives @sallyport/nestjs/microservices to a require that finds the package of Nest for them', () => {
    const program = `
      const { MessageSealer } = require('@sallyport/nestjs/microservices');
      const { SallyportModule } = require('@sallyport/nestjs');
      const options = { issuer: 'https://app.test/internal', audience: 'orders', keys: { keys: [{ kty: 'EC' }] } };
      const { providers } = SallyportModule.forRoot(options);
      console.log(JSON.stringify(providers.includes(MessageSealer)));`;
    expect(run(program)).toBe(true);
  });

  it('verifies a token that its own test issuer signed', () => {
    const program = `
      const { createLocalKeySource, createTokenVerifier } = require('@sallyport/core');
      const { createTestIssuer } = require('@sallyport/testing');
      const issuer = createTestIssuer({ audience: 'orders', roles: { clerk: ['order:read'] } });
      const keys = createLocalKeySource(issuer.jwks());
      const { verify } = createTokenVerifier({ issuer: issuer.issuer, audience: 'orders', keys });
      verify(issuer.tokenFor('clerk')).then(({ id }) => console.log(JSON.stringify(id)));`;
    expect(run(program, '--no-experimental-require-module')).toBe('clerk-1');
  });

  it('holds the licences of what it bundles', () => {
    expect(read(fileOf('@sallyport/core'), 'dist/cjs/LICENSES.txt')).toMatch(/^jose \d+[\s\S]*MIT/);
    expect(list(fileOf('@sallyport/testing')).filter((file) => file.includes('LICENSES'))).toEqual([]);
  });
});

describe('the judges', () => {
  it.each([
    {
      name: 'types that are missing',
      manifest: { exports: { types: './a.d.ts', default: './a.js' } },
      says: /a\.d\.ts/,
    },
    { name: 'a program that is missing', manifest: { exports: './b.js' }, says: /b\.js/ },
    {
      name: 'a build for require that is an ES module',
      manifest: { type: 'module', exports: { require: './a.js', default: './a.js' } },
      says: /\S/,
    },
  ])('refuse $name', async ({ manifest, says }) => {
    const place = await mkdtemp(path.join(tmpdir(), 'sallyport-judged-'));
    try {
      await writeFile(path.join(place, 'a.js'), 'export const a = 1;\n');
      const text = JSON.stringify({ name: 'judged', version: '1.0.0', license: 'Apache-2.0', ...manifest });
      await writeFile(path.join(place, 'package.json'), text);
      execFileSync(process.execPath, [findNpm(), 'pack', '--silent'], { cwd: place });
      expect((await judgeTarball(path.join(place, 'judged-1.0.0.tgz'))).join('\n')).toMatch(says);
    } finally {
      await rm(place, { recursive: true, force: true });
    }
  });
});
