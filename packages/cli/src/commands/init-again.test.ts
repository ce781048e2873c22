import { describe, expect, it } from 'vitest';
import { initIn } from '../test-support/init-in.ts';
import { makeRepository, makeTarballs, type Files, type TeamRepository } from '../test-support/repositories.ts';
import { monorepoFiles, nestFiles } from '../test-support/team-files.ts';

const packages = makeTarballs();

describe('the applications of a repository in which sallyport init has run', () => {
  it('that come later are added, and the configuration that people changed stays theirs', async () => {
    const repository = await initIn(packages, monorepoFiles('npm'));
    const { root } = repository;
    const own = repository.read('sallyport.config.ts').replaceAll('localhost:3000', 'localhost:9000');
    const next = makeRepository({
      ...readAll(repository, root),
      ...nestFiles('apps/billing'),
      'sallyport.config.ts': own,
    });
    const { code, output } = await next.init(['--yes', '--packages', packages]);
    expect(code).toBe(0);
    expect(next.read('sallyport.config.ts')).toBe(own);
    expect(next.read('apps/billing/src/app.module.ts')).toContain("?? 'http://localhost:9000'}/internal`");
    expect(output).toContain(
      [
        'sallyport.config.ts has no route with the audience "billing". Add to its routes:',
        '    // NestJS: apps/billing',
        '    {',
        "      name: 'billing',",
        "      prefix: '/api/billing',",
        '      stripPrefix: true,',
        "      upstream: 'http://127.0.0.1:3000',",
        "      audience: 'billing',",
        "      access: 'signed-in',",
        "      permissions: ['*'],",
        '    },',
      ].join('\n'),
    );
    expect(next.git('status', '--porcelain')).not.toMatch(/members|apps\/api/);
  });

  it('that come later run with the others, which keep their ports and what people wrote', async () => {
    const repository = await initIn(packages, monorepoFiles('npm'));
    const written = JSON.parse(repository.read('sallyport.dev.json')) as {
      readonly applications: readonly { readonly name: string }[];
    };
    const [web, api] = written.applications;
    const own = {
      applications: [
        { ...web, run: 'make web' },
        { ...api, environment: { PORT: '3002', DEBUG: '1' } },
      ],
    };
    const next = makeRepository({
      ...readAll(repository, repository.root),
      // In front of those that have their ports.
      ...nestFiles('apps/accounts'),
      'sallyport.dev.json': `${JSON.stringify(own, null, 4)}\n`,
    });
    expect(await next.init(['--yes', '--packages', packages])).toMatchObject({ code: 0 });
    const text = next.read('sallyport.dev.json');
    expect(JSON.parse(text)).toEqual({
      applications: [
        ...own.applications,
        { name: 'accounts', folder: 'apps/accounts', run: 'npm run start:dev', environment: { PORT: '3003' } },
      ],
    });
    expect(text).toMatch(/^\{\n {4}"applications"/);
    next.commit();
    await next.init(['--yes', '--packages', packages]);
    expect(next.git('status', '--porcelain')).toBe('');
  });

  it('that people renamed for sallyport dev are not added again', async () => {
    const repository = await initIn(packages, monorepoFiles('npm'));
    const renamed = repository
      .read('sallyport.dev.json')
      .replace('"api"', '"orders"')
      .replace('"apps/api"', '"./apps/api/"');
    const next = makeRepository({ ...readAll(repository, repository.root), 'sallyport.dev.json': renamed });
    expect(await next.init(['--yes', '--packages', packages])).toMatchObject({ code: 0 });
    expect(next.read('sallyport.dev.json')).toBe(renamed);
  });

  it('are run by a script of another name where dev:all is one of their own, which is kept', async () => {
    const manifest = (scripts: object) => ({
      'package.json': JSON.stringify({ name: 'acme', workspaces: ['apps/*'], scripts }),
    });
    const scriptsOf = (repository: TeamRepository) =>
      (JSON.parse(repository.read('package.json')) as { readonly scripts: unknown }).scripts;
    const taken = await initIn(packages, monorepoFiles('npm', manifest({ 'dev:all': 'turbo dev' })));
    expect(scriptsOf(taken)).toEqual({ 'dev:all': 'turbo dev', 'dev:sallyport': 'sallyport dev' });
    expect(taken.output).toContain(
      'package.json has a script dev:all of its own, which stays. The one for this is dev:sallyport.',
    );
    expect(taken.output).toMatch(/npm run dev:sallyport {5}runs the gateway/);
    expect(taken.output).not.toContain('npm run dev:all');

    const renamed = await initIn(packages, monorepoFiles('npm', manifest({ everything: 'DEBUG=1 sallyport dev' })));
    expect(scriptsOf(renamed)).toEqual({ everything: 'DEBUG=1 sallyport dev' });
    expect(renamed.output).toContain('npm run everything');
  });
});

function readAll(repository: TeamRepository, root: string): Files {
  const files = repository.git('-C', root, 'ls-files', '--cached', '--others', '--exclude-standard').trim().split('\n');
  return Object.fromEntries(files.map((file) => [file, repository.read(file)]));
}
