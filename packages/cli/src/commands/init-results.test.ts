import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseConfig, zone } from '@sallyport/server';
import { describe, expect, it } from 'vitest';
import { initIn } from '../test-support/init-in.ts';
import { makeRepository, makeTarballs, type TeamRepository } from '../test-support/repositories.ts';
import { flatFiles, lockFile, monorepoFiles, nestFiles, nextFiles } from '../test-support/team-files.ts';

const packages = makeTarballs();

/** What the gateway makes of the configuration that was written. */
async function configOf(repository: TeamRepository, file = 'sallyport.config.ts') {
  const text = repository.read(file);
  expect(text).toMatch(/^import \{ defineConfig, zone \} from 'sallyport';\n/);
  // Nothing is installed there, so that what it imports is given to it. The rest is plain JavaScript.
  const copy = join(repository.root, 'config-without-packages.mjs');
  const written = text
    .replace(/^import .*\n/, '')
    .replace('export default defineConfig(', 'export default (zone) => (');
  writeFileSync(copy, written);
  const loaded = (await import(/* @vite-ignore */ pathToFileURL(copy).href)) as {
    readonly default: (given: typeof zone) => unknown;
  };
  return parseConfig(loaded.default(zone), file);
}

const routesOf = async (repository: TeamRepository) =>
  (await configOf(repository)).routes.map(({ name, prefix, upstream, access, stripPrefix }) => [
    name,
    prefix,
    upstream,
    access,
    stripPrefix,
  ]);

describe('the configuration that sallyport init writes', () => {
  it('is one that the gateway takes, with every application at its port', async () => {
    const repository = await initIn(packages, monorepoFiles('npm'));
    expect(await configOf(repository)).toMatchObject({
      publicUrl: 'http://localhost:3000',
      listen: { port: 3000 },
      internal: { port: 3010 },
      brand: { name: 'Acme Shop' },
    });
    expect(await routesOf(repository)).toEqual([
      ['web', '/', 'http://127.0.0.1:3001', 'optional', false],
      ['web-assets', '/_next', 'http://127.0.0.1:3001', 'public', false],
      ['api', '/api', 'http://127.0.0.1:3002', 'signed-in', true],
    ]);
  });

  it('tells applications of every permission, so that @Permissions() and <Show> work as soon as one is declared', async () => {
    const repository = await initIn(packages, monorepoFiles('npm'));
    const { routes } = await configOf(repository);
    expect(routes.map(({ name, permissions }) => [name, permissions])).toEqual([
      ['web', ['*']],
      ['web-assets', []],
      ['api', ['*']],
    ]);
    expect(repository.read('sallyport.config.ts')).toContain(`"permissions" of a route says which of them`);
  });

  it('gives no application a name that the gateway has already', async () => {
    const repository = await initIn(packages, {
      ...nextFiles('shared', {
        'package.json':
          '{ "name": "shared", "scripts": { "dev": "next dev" }, "dependencies": { "next": "16.4.5" } }\n',
      }),
      ...nestFiles('brand', 11, {
        'package.json': '{ "name": "brand", "dependencies": { "@nestjs/core": "^11.0.0" } }\n',
      }),
      ...lockFile('npm', 'shared'),
      ...lockFile('npm', 'brand'),
    });
    expect((await routesOf(repository)).map(([name]) => name)).toEqual(['shared-2', 'shared-2-assets', 'brand-2']);
    expect(repository.read('shared/next.config.ts')).toContain(`name: 'shared-2'`);
  });

  it('leaves ports that are fixed in the code to the applications', async () => {
    const repository = await initIn(
      packages,
      flatFiles({
        'web/package.json': '{ "scripts": { "dev": "next dev -p 3000" }, "dependencies": { "next": "16" } }',
        'api/src/main.ts': `import { NestFactory } from '@nestjs/core';\nimport { AppModule } from "./app.module";\nconst app = await NestFactory.create(AppModule);\nawait app.listen(3010);\n`,
      }),
    );
    expect(await configOf(repository)).toMatchObject({ publicUrl: 'http://localhost:8080', internal: { port: 3011 } });
    expect((await routesOf(repository)).map((route) => route[2])).toEqual([
      'http://127.0.0.1:3000',
      'http://127.0.0.1:3000',
      'http://127.0.0.1:3010',
    ]);
    expect(repository.read('sallyport.dev.json')).not.toContain('PORT');
  });

  it('keeps the prefix that a service has itself', async () => {
    const main = `import { NestFactory } from '@nestjs/core';\nimport { AppModule } from "./app.module";\nconst app = await NestFactory.create(AppModule);\napp.setGlobalPrefix('/v1/');\nawait app.listen(process.env.PORT);\n`;
    const repository = await initIn(packages, flatFiles({ 'api/src/main.ts': main }));
    expect((await routesOf(repository)).at(-1)).toEqual(['api', '/v1', 'http://127.0.0.1:3002', 'signed-in', false]);
  });

  it('has a path for each of several services, and beside API routes of Next.js', async () => {
    const several = await initIn(
      packages,
      { ...flatFiles(), ...nestFiles('services/orders') },
      '--package-manager',
      'npm',
    );
    expect((await routesOf(several)).slice(2)).toEqual([
      ['api', '/api/api', 'http://127.0.0.1:3002', 'signed-in', true],
      ['orders', '/api/orders', 'http://127.0.0.1:3003', 'signed-in', true],
    ]);
    const beside = await initIn(
      packages,
      flatFiles({ 'web/app/api/health/route.ts': 'export const GET = () => new Response();' }),
    );
    expect((await routesOf(beside)).at(-1)?.[1]).toBe('/api/api');
  });

  it('is a module of its own name where the package says that it is CommonJS', async () => {
    const repository = await initIn(
      packages,
      monorepoFiles('npm', { 'package.json': '{ "name": "x", "type": "commonjs", "workspaces": ["apps/*"] }' }),
    );
    expect((await configOf(repository, 'sallyport.config.mts')).routes).toHaveLength(3);
  });

  it('takes name and port from the command line, and quotes in them', async () => {
    const repository = await initIn(packages, flatFiles(), '--name', "Sam's shop", '--port', '4000');
    expect(await configOf(repository)).toMatchObject({
      publicUrl: 'http://localhost:4000',
      brand: { name: "Sam's shop" },
    });
  });
});

describe('the packages that sallyport init adds', () => {
  it.each(['npm', 'yarn'] as const)(
    'are files of the repository, those inside others too, in a workspace of %s',
    async (manager) => {
      const repository = await initIn(packages, monorepoFiles(manager));
      const manifest = (file: string) => JSON.parse(repository.read(file)) as Record<string, Record<string, string>>;
      expect(manifest('package.json')).toMatchObject({
        scripts: { 'dev:all': 'sallyport dev' },
        dependencies: { sallyport: 'file:./sallyport-packages/sallyport-0.1.0.tgz' },
        [manager === 'npm' ? 'overrides' : 'resolutions']: {
          '@sallyport/core': 'file:./sallyport-packages/sallyport-core-0.1.0.tgz',
          '@sallyport/oauth': 'file:./sallyport-packages/sallyport-oauth-0.1.0.tgz',
          '@sallyport/pages': 'file:./sallyport-packages/sallyport-pages-0.1.0.tgz',
        },
        // bcrypt comes compiled, and runs nothing when it is installed.
        ...(manager === 'npm'
          ? { allowScripts: { bcrypt: false } }
          : { dependenciesMeta: { bcrypt: { built: false } } }),
      });
      expect(manifest('apps/web/package.json')['dependencies']).toMatchObject({
        '@sallyport/nextjs': 'file:../../sallyport-packages/sallyport-nextjs-0.1.0.tgz',
      });
      for (const key of ['overrides', 'allowScripts', 'dependenciesMeta'])
        expect(manifest('apps/api/package.json')).not.toHaveProperty(key);
      expect(repository.read('.gitignore')).toBe('# Sallyport\n/.sallyport/\n/sallyport-packages/\n');
      expect(repository.read('sallyport-packages/sallyport-nestjs-0.1.0.tgz')).toBe('tarball-nestjs');
    },
  );

  it('are named in the workspace file of pnpm, which keeps its comments', async () => {
    const text = (await initIn(packages, monorepoFiles('pnpm'))).read('pnpm-workspace.yaml');
    expect(text).toMatch(/^# Ours\npackages:\n {2}- apps\/\*\n/);
    expect(text).toContain('"@sallyport/core": file:./sallyport-packages/sallyport-core-0.1.0.tgz');
    // Else pnpm 11 and later end with ERR_PNPM_IGNORED_BUILDS.
    expect(text).toMatch(/^allowBuilds:\n {2}bcrypt: false\n/m);
  });

  it('leave what a workspace of pnpm says of builds', async () => {
    const own = 'packages:\n  - apps/*\nallowBuilds:\n  bcrypt: true\n';
    const repository = await initIn(packages, monorepoFiles('pnpm', { 'pnpm-workspace.yaml': own }));
    expect(repository.read('pnpm-workspace.yaml')).toMatch(/^allowBuilds:\n {2}bcrypt: true\noverrides:/m);
  });

  it('are replaced in each folder that is installed by itself', async () => {
    const repository = await initIn(packages, flatFiles());
    expect(JSON.parse(repository.read('api/package.json'))).toMatchObject({
      dependencies: { '@sallyport/nestjs': 'file:../sallyport-packages/sallyport-nestjs-0.1.0.tgz' },
      overrides: { '@sallyport/core': 'file:../sallyport-packages/sallyport-core-0.1.0.tgz' },
    });
    expect(JSON.parse(repository.read('package.json'))).toMatchObject({ allowScripts: { bcrypt: false } });
    for (const file of ['api/package.json', 'web/package.json'])
      expect(JSON.parse(repository.read(file))).not.toHaveProperty('allowScripts');
    expect(repository.output).toMatch(/npm install\n.*\(cd api && npm install\)\n.*\(cd web && npm install\)/);
  });
});

describe('the applications after sallyport init', () => {
  it('run together with the gateway', async () => {
    expect(JSON.parse((await initIn(packages, monorepoFiles('pnpm'))).read('sallyport.dev.json'))).toEqual({
      applications: [
        { name: 'web', folder: 'apps/web', run: 'pnpm run dev', environment: { PORT: '3001' } },
        { name: 'api', folder: 'apps/api', run: 'pnpm run start:dev', environment: { PORT: '3002' } },
      ],
    });
  });

  it('are set up, with a page that asks the service', async () => {
    const repository = await initIn(packages, monorepoFiles('npm'));
    expect(repository.read('apps/web/next.config.ts')).toContain(`withZone({}, { name: 'web', mount: '/' })`);
    expect(repository.read('apps/web/proxy.ts')).toContain('zoneProxy()');
    expect(repository.read('apps/web/app/layout.tsx')).toContain('<SallyportProvider');
    expect(repository.read('apps/web/app/members/page.tsx')).toContain(`fetchApi('/api/orders')`);
    expect(repository.read('apps/api/src/app.module.ts')).toContain(`audience: 'api'`);
    expect(repository.read('apps/api/src/app.controller.ts')).toContain('@Authenticated()');
    expect(repository.read('apps/api/src/app.controller.spec.ts')).not.toContain('Authenticated');
  });

  it.each([
    { version: '^16.4.3', name: 'proxy' },
    { version: '^15.5.28', name: 'middleware' },
  ])('get a $name where they are of Next.js $version', async ({ version, name }) => {
    const manifest = `${JSON.stringify({ name: 'web', scripts: { dev: 'next dev' }, dependencies: { next: version } })}\n`;
    const repository = await initIn(packages, flatFiles({ 'web/package.json': manifest }));
    expect(repository.read(`web/${name}.ts`)).toContain(`export const ${name} = zoneProxy();`);
    expect(repository.git('status', '--porcelain', '--untracked-files=all').match(/(?:proxy|middleware)\.ts/g)).toEqual(
      [`${name}.ts`],
    );
  });

  it.each([
    { name: 'a proxy', file: 'web/proxy.ts', says: /web\/proxy\.ts: it has a job of its own/ },
    { name: 'a middleware', file: 'web/src/middleware.ts', says: /web\/src\/middleware\.ts/ },
  ])('keep $name that they have, and people read what to add', async ({ file, says }) => {
    const repository = await initIn(packages, flatFiles({ [file]: 'export function proxy() {}\n' }));
    expect(repository.output).toMatch(says);
    expect(repository.output).toContain('zoneProxy()');
    expect(repository.git('status', '--porcelain')).not.toMatch(/proxy|middleware/);
  });

  it('whose tests call a handler without signing in are named, with what signs tokens for them', async () => {
    const repository = await initIn(packages, flatFiles({ 'api/test/app.e2e-spec.ts': '' }));
    expect(repository.output).toMatch(
      /api: tests .* such as api\/test\/app\.e2e-spec\.ts, get 401 now\. @sallyport\/testing/,
    );
    const beside = flatFiles({ 'api-other/test/app.e2e-spec.ts': '' });
    for (const files of [flatFiles(), beside])
      expect((await initIn(packages, files)).output).not.toContain('get 401 now');
  });

  it('are left alone where they are not understood, with the lines to add', async () => {
    const repository = await initIn(
      packages,
      flatFiles({
        'web/next.config.ts': 'export default () => ({});\n',
        'api/src/main.ts': `import { createApp } from "./create-app";\nawait (await createApp()).listen(4000);\n`,
      }),
    );
    expect(repository.output).toMatch(/web\/next\.config\.ts: what it exports is not an object/);
    expect(repository.output).toMatch(/api\/src\/main\.ts: it was not found which module/);
    expect(repository.output).toContain("audience: 'api',");
    expect(repository.read('api/src/app.module.ts')).not.toContain('Sallyport');
  });

  it('of the Pages Router are told what is not supported', async () => {
    const files = { ...flatFiles(), 'web/pages/index.tsx': 'export default () => null;\n' };
    const pages = Object.fromEntries(Object.entries(files).filter(([file]) => !file.startsWith('web/app/')));
    const repository = await initIn(packages, pages);
    expect(repository.output).toMatch(/web\/pages: the Pages Router has no server components/);
  });

  it('that are several of Next.js are chosen from', async () => {
    const repository = await initIn(
      packages,
      { ...monorepoFiles('npm'), ...nextFiles('apps/admin') },
      '--next',
      './apps/web/',
    );
    expect(repository.output).toContain('apps/admin was left alone');
    expect(repository.read('apps/admin/next.config.ts')).toBe('export default {};\n');
  });
});

describe('at a terminal sallyport init', () => {
  const init = (answers: readonly string[]) => {
    const repository = makeRepository(flatFiles());
    return { repository, done: repository.init(['--packages', packages], answers) };
  };

  it('asks, asks again what cannot be, and writes what was answered', async () => {
    const { repository, done } = init([
      'Sam',
      '99999',
      '3001',
      '4000',
      'orders',
      '/auth/x',
      '/orders',
      'n',
      'maybe',
      'n',
      'y',
    ]);
    const { code, errors } = await done;
    expect(code).toBe(0);
    expect(errors).toMatch(/Name of the product.*\[Acme\]/);
    expect(errors).toContain('An application, the internal listener or the mailbox listens there.');
    expect(errors).toContain('Answer y or n.');
    expect(await configOf(repository)).toMatchObject({ publicUrl: 'http://localhost:4000', brand: { name: 'Sam' } });
    expect((await routesOf(repository)).at(-1)?.[1]).toBe('/orders');
    expect(repository.read('api/src/app.controller.ts')).not.toContain('Authenticated');
    expect(() => repository.read('web/app/members/page.tsx')).toThrow('ENOENT');
  });

  it.each([
    { name: 'when the last answer is no', answers: ['', '', '', '', '', 'n'] },
    { name: 'when the answers end', answers: ['', ''] },
  ])('changes nothing $name', async ({ answers }) => {
    const { repository, done } = init(answers);
    const { code, errors } = await done;
    expect(errors).toContain('Nothing was changed.');
    expect(code).toBe(1);
    expect(repository.git('status', '--porcelain')).toBe('');
  });
});

it('a run with --json says what was done', async () => {
  const repository = makeRepository(flatFiles());
  const { json } = await repository.init(['--yes', '--json', '--packages', packages]);
  const result = json() as { readonly changes: readonly unknown[] };
  expect(result).toMatchObject({ isDone: true, copies: 12, byHand: [] });
  expect(result.changes).toContainEqual({ file: 'sallyport.config.ts', change: 'new' });
});
