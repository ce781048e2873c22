import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeRepository, makeTarballs, readTree, type Files } from '../test-support/repositories.ts';
import { flatFiles, lockFile, monorepoFiles, nestFiles, nextFiles } from '../test-support/team-files.ts';

const packages = makeTarballs();
const yes = ['--yes', '--packages', packages];

describe('sallyport init refuses, and changes nothing,', () => {
  const withoutPackage = (folder: string): Files => ({ [`${folder}/package.json`]: '{ "name": "x" }\n' });

  it.each([
    { name: 'a repository without Next.js', files: flatFiles(withoutPackage('web')), says: /no Next\.js application/ },
    { name: 'a repository without Nest', files: flatFiles(withoutPackage('api')), says: /no Nest service/ },
    {
      name: 'two Next.js applications, of which one would be at /',
      files: { ...monorepoFiles('npm'), ...nextFiles('apps/admin') },
      says: /several Next\.js applications: apps\/admin, apps\/web.*--next/,
    },
    {
      name: 'a repository without a lock file',
      files: { ...nextFiles('web'), ...nestFiles('api') },
      says: /no lock file.*--package-manager/,
    },
    {
      name: 'lock files of two package managers',
      files: flatFiles({ 'web/yarn.lock': '' }),
      says: /lock files of npm and yarn: .*web\/yarn\.lock/,
    },
    {
      name: 'a package manager that it does not know',
      files: { ...nextFiles('web'), ...nestFiles('api'), 'bun.lock': '' },
      says: /bun is not a package manager that this command knows/,
    },
    {
      name: 'a package.json that is no JSON',
      files: flatFiles({ 'other/package.json': '{ "name": ' }),
      says: /other\/package\.json cannot be read/,
    },
    {
      name: 'a configuration of Next.js that cannot be parsed',
      files: flatFiles({ 'web/next.config.ts': 'export default {\n  a:\n' }),
      says: /web\/next\.config\.ts cannot be read: line 3/,
    },
    {
      name: 'a configuration of the gateway that cannot be parsed',
      files: flatFiles({ 'sallyport.config.ts': 'export default defineConfig({' }),
      says: /sallyport\.config\.ts cannot be read/,
    },
    {
      name: 'a configuration of the gateway that exports nothing readable',
      files: flatFiles({ 'sallyport.config.ts': 'export default makeConfig();\n' }),
      says: /sallyport\.config\.ts cannot be read: it has no export default defineConfig/,
    },
    {
      name: 'two configurations of the gateway',
      files: flatFiles({ 'sallyport.config.ts': 'export default {};', 'sallyport.config.mjs': 'export default {};' }),
      says: /sallyport\.config\.ts and sallyport\.config\.mjs: keep one/,
    },
    {
      name: 'a main.ts that cannot be parsed',
      files: flatFiles({ 'api/src/main.ts': 'import {' }),
      says: /api\/src\/main\.ts cannot be read/,
    },
    {
      name: 'a workspace file that is no YAML',
      files: monorepoFiles('pnpm', { 'pnpm-workspace.yaml': 'packages: [\n' }),
      says: /pnpm-workspace\.yaml cannot be read/,
    },
  ])('$name', async ({ files, says }) => {
    const repository = makeRepository(files);
    const { code, output, errors } = await repository.init(yes);
    expect(errors.replaceAll('\n', ' ')).toMatch(says);
    expect({ code, output }).toEqual({ code: 1, output: '' });
    expect(repository.git('status', '--porcelain')).toBe('');
  });

  it('changes that are not committed, names them, and says what to do', async () => {
    const repository = makeRepository(flatFiles());
    writeFileSync(join(repository.root, 'web/app/page.tsx'), 'changed');
    writeFileSync(join(repository.root, 'new.txt'), 'new');
    const { code, errors } = await repository.init(yes);
    expect(code).toBe(1);
    expect(errors).toMatch(/ {2}web\/app\/page\.tsx\n {2}new\.txt\nCommit or stash them, or add --force/);
    expect(await repository.init([...yes, '--force'])).toMatchObject({ code: 0 });
    expect(repository.read('web/app/page.tsx')).toBe('changed');
  });

  it('a folder that is in no git repository', async () => {
    const repository = makeRepository(flatFiles());
    rmSync(join(repository.root, '.git'), { recursive: true });
    const { code, errors } = await repository.init(yes);
    expect(errors).toMatch(/no git repository.*--force/);
    expect(code).toBe(1);
  });

  it('to guess where packages come from', async () => {
    const { code, errors } = await makeRepository(flatFiles()).init(['--yes']);
    expect(errors).toMatch(/not published yet.*npm run pack/);
    expect(code).toBe(1);
    expect(errors).not.toContain('npx');
  });

  it.each([
    {
      name: 'a folder of tarballs that is not there',
      args: ['--packages', './absent'],
      code: 2,
      says: /does not exist/,
    },
    {
      name: 'a folder that lacks one',
      args: ['--packages', makeTarballs(['-nextjs'])],
      code: 1,
      says: /@sallyport\/nextjs/,
    },
    { name: 'a name that the brand refuses', args: ['--name', '<b>Acme</b>'], code: 2, says: /--name.*"<"/ },
    { name: 'a name of two lines', args: ['--name', 'Acme\nInc'], code: 2, says: /--name.*one line/ },
    { name: 'a port that is none', args: ['--port', '0'], code: 2, says: /--port/ },
    { name: 'a package manager of another name', args: ['--package-manager', 'deno'], code: 1, says: /deno/ },
    { name: 'a folder without Next.js', args: ['--next', 'api'], code: 1, says: /There is web/ },
    { name: 'to ask where there is no terminal', args: [], code: 2, says: /no terminal.*--yes.*--dry-run/ },
  ])('$name', async ({ args, code, says }) => {
    const repository = makeRepository(flatFiles());
    const given = args.includes('--packages') ? args : [...args, '--packages', packages];
    const result = await repository.init(args.length === 0 ? given : ['--yes', ...given]);
    expect(result.errors).toMatch(says);
    expect(result.code).toBe(code);
    expect(repository.git('status', '--porcelain')).toBe('');
  });

  it.each([
    ['--name', 'Other'],
    ['--port', '4567'],
  ])('%s where the configuration is there already and says something else', async (...option) => {
    const repository = makeRepository(flatFiles());
    expect(await repository.init(yes)).toMatchObject({ code: 0 });
    const { code, errors } = await repository.init([...yes, '--force', ...option]);
    expect(errors).toMatch(/sallyport\.config\.ts is there and stays as it is/);
    expect(code).toBe(2);
  });

  it('two versions of one tarball', async () => {
    const folder = makeTarballs();
    writeFileSync(join(folder, 'sallyport-core-0.2.0.tgz'), '');
    const { errors } = await makeRepository(flatFiles()).init(['--yes', '--packages', folder]);
    expect(errors).toMatch(/two files of @sallyport\/core/);
  });
});

const layouts: readonly { readonly name: string; readonly files: Files }[] = [
  { name: 'web and api with packages of their own', files: flatFiles() },
  { name: 'a workspace of npm', files: monorepoFiles('npm') },
  { name: 'a workspace of pnpm', files: monorepoFiles('pnpm') },
  { name: 'a workspace of Yarn', files: monorepoFiles('yarn') },
  {
    name: 'a workspace of Nest with two applications',
    files: {
      ...nextFiles('web'),
      ...lockFile('npm'),
      ...lockFile('npm', 'web'),
      'package.json': '{\n  "name": "acme",\n  "dependencies": { "@nestjs/core": "^11.0.0" }\n}\n',
      'nest-cli.json': JSON.stringify({
        monorepo: true,
        projects: {
          orders: { type: 'application', root: 'apps/orders', sourceRoot: 'apps/orders/src', entryFile: 'main' },
          billing: { type: 'application', root: 'apps/billing', sourceRoot: 'apps/billing/src', entryFile: 'main' },
          shared: { type: 'library', root: 'libs/shared', sourceRoot: 'libs/shared/src' },
        },
      }),
      ...sourcesOf('apps/orders'),
      ...sourcesOf('apps/billing'),
    },
  },
  {
    name: 'one package with both',
    files: {
      ...lockFile('npm'),
      ...nextFiles(''),
      'package.json': JSON.stringify({ name: 'both', dependencies: { next: '16.4.5', '@nestjs/core': '12.0.0' } }),
      ...sourcesOf('', 12),
    },
  },
];

function sourcesOf(folder: string, version: 11 | 12 = 11): Files {
  return Object.fromEntries(Object.entries(nestFiles(folder, version)).filter(([file]) => /src\/\w/.test(file)));
}

describe.each(layouts)('sallyport init in $name', ({ files }) => {
  it('shows the diff that it would make, and git applies it', async () => {
    const [shown, done] = [makeRepository(files), makeRepository(files)];
    const { code, output, errors } = await shown.init(['--dry-run', '--packages', packages]);
    expect(code).toBe(0);
    expect(errors).toContain('What comes next:');
    expect(shown.git('status', '--porcelain')).toBe('');

    writeFileSync(join(shown.root, '..', 'change.diff'), output);
    shown.git('apply', join(shown.root, '..', 'change.diff'));
    expect(await done.init(yes)).toMatchObject({ code: 0 });
    const withoutTarballs = Object.entries(readTree(done.root)).filter(([file]) => !file.endsWith('.tgz'));
    expect(Object.entries(readTree(shown.root))).toEqual(withoutTarballs);
  });

  it('changes nothing at the second time', async () => {
    const repository = makeRepository(files);
    await repository.init(yes);
    repository.commit();
    const { code, output } = await repository.init(yes);
    expect(output).toContain('Nothing had to be changed');
    expect(code).toBe(0);
    expect(repository.git('status', '--porcelain')).toBe('');
  });
});
