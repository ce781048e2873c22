import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeRepository, makeTarballs, readTree, type Files } from '../test-support/repositories.ts';
import { flatFiles, lockFile, monorepoFiles, nestFiles, nextFiles } from '../test-support/team-files.ts';

const packages = makeTarballs();
const yes = ['--yes', '--packages', packages];

const nextManifest = (version: string, dev = 'next dev'): string =>
  JSON.stringify({ name: 'web', scripts: { dev }, dependencies: { next: version } });
const mainAt = (port: string): string =>
  `import { NestFactory } from '@nestjs/core';\nimport { AppModule } from "./app.module";\nconst app = await NestFactory.create(AppModule);\nawait app.listen(${port});\n`;

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
      name: 'a Next.js that is too old',
      files: flatFiles({ 'web/package.json': nextManifest('^14.2.0') }),
      says: /web depends on next \^14\.2\.0, and @sallyport\/nextjs works with \^15\.5\.28 \|\| \^16\.4\.3\. Update it first/,
    },
    {
      name: 'a Next.js whose version is fixed before the first that is supported',
      files: flatFiles({ 'web/package.json': nextManifest('16.4.2') }),
      says: /web depends on next 16\.4\.2/,
    },
    {
      name: 'a Nest that is too old',
      files: flatFiles({ 'api/package.json': '{ "dependencies": { "@nestjs/core": "^10.4.0" } }\n' }),
      says: /api depends on @nestjs\/core \^10\.4\.0, and @sallyport\/nestjs works with \^11\.0\.0 \|\| \^12\.0\.0/,
    },
    {
      name: 'a file of sallyport dev that is no JSON',
      files: flatFiles({ 'sallyport.dev.json': '{' }),
      says: /sallyport\.dev\.json is no JSON/,
    },
    {
      name: 'a file of sallyport dev with a member that it does not have',
      files: flatFiles({ 'sallyport.dev.json': '{ "applications": [{ "name": "web", "port": 3000 }] }' }),
      says: /sallyport\.dev\.json is not understood.*Unrecognized key: "port"/,
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

  it('nothing of a second run whose options say what the configuration says', async () => {
    const repository = makeRepository(flatFiles());
    const options = ['--name', 'Acme Reports', '--port', '4568'];
    expect(await repository.init([...yes, ...options])).toMatchObject({ code: 0 });
    const again = await repository.init([...yes, '--force', ...options]);
    expect(again).toMatchObject({ code: 0, errors: expect.not.stringContaining('stays as it is') as string });
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

  it('a framework that is installed in a version that is too old, whatever its range says', async () => {
    const files = flatFiles({ '.gitignore': 'node_modules/\n', 'web/package.json': nextManifest('^16.0.0') });
    const installed = 'node_modules/next/package.json';
    for (const [version, code] of [
      ['16.1.0', 1],
      ['16.4.5', 0],
    ] as const) {
      const repository = makeRepository({ ...files, [`web/${installed}`]: `{ "version": "${version}" }` });
      const result = await repository.init(yes);
      expect(result.code).toBe(code);
      if (code === 1) expect(result.errors).toMatch(/web has next 16\.1\.0 installed/);
    }
    const hoisted = makeRepository({ ...files, [installed]: '{ "version": "15.0.0" }' });
    expect((await hoisted.init(yes)).errors).toMatch(/web has next 15\.0\.0 installed/);
  });

  it.each([
    { port: '3000', files: flatFiles({ 'web/package.json': nextManifest('16.4.5', 'next dev -p 3000') }), says: /web/ },
    { port: '4000', files: flatFiles({ 'api/src/main.ts': mainAt('4000') }), says: /api/ },
    { port: '3025', files: flatFiles(), says: /the development mailbox/ },
    {
      port: '4100',
      files: flatFiles({
        'sallyport.dev.json':
          '{ "applications": [{ "name": "shop", "folder": "shop", "run": "x", "environment": { "PORT": "4100" } }] }',
      }),
      says: /shop/,
    },
  ])('the port $port, where something else listens', async ({ port, files, says }) => {
    const repository = makeRepository(files);
    const { code, errors } = await repository.init([...yes, '--port', port]);
    expect(errors).toMatch(new RegExp(`--port ${port} cannot be used: ${says.source} listens there`));
    expect(code).toBe(2);
    expect(repository.git('status', '--porcelain')).toBe('');
  });

  it.each(['127.0.0.1', '0.0.0.0', '::'])('a port at which another program listens on %s', async (address) => {
    const server = createServer();
    await once(server.listen(0, address), 'listening');
    try {
      const { port } = server.address() as AddressInfo; // It listens on TCP.
      const repository = makeRepository(flatFiles());
      const { code, errors } = await repository.init([...yes, '--port', String(port)]);
      expect(errors).toContain(`--port ${port} cannot be used: another program listens there. Nothing was changed.`);
      expect(code).toBe(2);
      expect(repository.git('status', '--porcelain')).toBe('');
    } finally {
      server.close();
    }
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
  { name: 'files that end in empty lines', files: withEnds(flatFiles(), '\n\n') },
  { name: 'files that end without a line feed', files: withEnds(flatFiles(), '') },
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

function withEnds(files: Files, end: string): Files {
  return Object.fromEntries(Object.entries(files).map(([file, text]) => [file, `${text.trimEnd()}${end}`]));
}

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
    shown.git('apply', '--check', join(shown.root, '..', 'change.diff'));
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
    // The folder of the run before is found.
    expect(await repository.init(['--yes'])).toMatchObject({ code: 0, output });
  });
});
