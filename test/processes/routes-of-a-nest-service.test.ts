import { execFile } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildPackages } from '../../tools/build/build-system.ts';
import { workspaceRoot } from '../../tools/workspace-root.ts';
import { buildOf } from './gateway-process.ts';

const run = promisify(execFile);
/** Inside the repository, so that packages are found as they are for an adopter who has installed them. */
const folder = path.join(workspaceRoot, 'node_modules/.cache', `sallyport-routes-${process.pid}`);

/** Compiled, as the command wants it: decorators by hand. It would fail if anything of it were made. */
const service = (isWhole: boolean): string => `
import 'reflect-metadata';
import { Controller, Get, Module, Post } from '@nestjs/common';
import { Permissions, Public, Roles, SallyportModule } from '@sallyport/nestjs';
const method = (owner, name, ...decorators) => {
  for (const decorate of decorators) decorate(owner.prototype, name, Object.getOwnPropertyDescriptor(owner.prototype, name));
};
class OrdersController {
  constructor() { throw new Error('made'); }
  list() {}
  refund() {}
  open() {}
}
method(OrdersController, 'list', Get(), ${isWhole ? "Roles('clerk', 'admin')" : '() => {}'});
method(OrdersController, 'refund', Post('refunds'), Permissions('order:refund'));
method(OrdersController, 'open', Get('open'), Public('shown before sign-in'));
Controller('orders')(OrdersController);
export class AppModule {}
Module({
  imports: [SallyportModule.forRootAsync({ useFactory: () => { throw new Error('made'); } })],
  controllers: [OrdersController],
})(AppModule);
`;

const configuration = `export default ${JSON.stringify({
  publicUrl: 'http://localhost:3000',
  mail: { from: 'Sallyport <no-reply@localhost>' },
  policy: {
    permissions: { 'order:refund': 'Refund orders' },
    roles: { user: [], clerk: ['order:refund'], admin: [] },
  },
  routes: [{ name: 'all', prefix: '/', upstream: 'http://127.0.0.1:9', audience: 'all', access: 'optional' }],
})};\n`;

beforeAll(async () => {
  await buildPackages(workspaceRoot);
  await mkdir(path.join(folder, 'gateway'), { recursive: true });
  await writeFile(path.join(folder, 'app.module.mjs'), service(true));
  await writeFile(path.join(folder, 'bare.module.mjs'), service(false));
  await writeFile(path.join(folder, 'gateway/sallyport.config.mjs'), configuration);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function routes(
  place: string,
  ...args: readonly string[]
): Promise<{ code: number; output: string; errors: string }> {
  const [program = '', ...parameters] = [...buildOf('packages/cli/dist/main.js'), 'routes', ...args];
  const options = {
    cwd: place,
    env: { PATH: process.env['PATH'], SALLYPORT_SECRET: 'kL9x2Qm7Vw4Rt8Zp1Bn6Yc3Hd5Jf0GsA' },
  };
  return run(program, parameters, options).then(
    ({ stdout, stderr }) => ({ code: 0, output: stdout, errors: stderr }),
    (error: { code: number; stdout: string; stderr: string }) => ({
      code: error.code,
      output: error.stdout,
      errors: error.stderr,
    }),
  );
}

describe('sallyport routes --nest', () => {
  it('lists the handlers of a service by the roles of the configuration, and makes nothing of the service', async () => {
    const { code, output, errors } = await routes(
      path.join(folder, 'gateway'),
      '--nest',
      '../app.module.mjs',
      '--markdown',
    );
    expect([code, errors]).toEqual([0, '']);
    expect(output.trimEnd().split('\n')).toEqual([
      '| Transport | Route | Access | admin | clerk | user | Handler |',
      '| --- | --- | --- | --- | --- | --- | --- |',
      '| HTTP | GET /orders | role clerk or admin | yes | yes | - | OrdersController.list |',
      '| HTTP | GET /orders/open | public: shown before sign-in | yes | yes | yes | OrdersController.open |',
      '| HTTP | POST /orders/refunds | permission order:refund | - | yes | - | OrdersController.refund |',
    ]);
  });

  it('says what depends on a policy that is not there', async () => {
    const { code, output } = await routes(folder, '--nest', 'app.module.mjs', '--json');
    expect(code).toBe(0);
    const { roles, routes: found } = JSON.parse(output) as { roles: string[]; routes: { mayCall: object }[] };
    expect(roles).toEqual(['admin', 'clerk']);
    expect(found.map(({ mayCall }) => mayCall)).toEqual([
      { admin: 'yes', clerk: 'yes' },
      { admin: 'yes', clerk: 'yes' },
      { admin: 'unknown', clerk: 'unknown' },
    ]);
  });

  it('has the prefix that main.js sets, and says so', async () => {
    const place = path.join(folder, 'prefixed');
    await mkdir(place);
    await writeFile(path.join(place, 'app.module.mjs'), service(true));
    await writeFile(path.join(place, 'main.js'), "app.setGlobalPrefix('/api/shop/'); throw new Error('run');");
    const { output } = await routes(folder, '--nest', 'prefixed/app.module.mjs', '--json');
    expect(JSON.parse(output)).toMatchObject({
      globalPrefix: 'api/shop',
      notes: ['"/api/shop" is the prefix that main.js sets'],
      routes: [{ route: 'GET /api/shop/orders' }, {}, {}],
    });
  });

  it('ends with 1 and names a handler that declares nothing', async () => {
    const { code, output } = await routes(folder, '--nest', 'bare.module.mjs');
    expect(code).toBe(1);
    expect(output).toMatch(/GET \/orders +UNDECLARED/);
  });

  it.each([
    { name: 'a file that is not there', args: ['--nest', 'none.mjs'], code: 3, says: 'cannot be loaded' },
    {
      name: 'an export that is no module',
      args: ['--nest', 'app.module.mjs', '--export', 'x'],
      code: 3,
      says: 'AppModule',
    },
    { name: '--prefix alone', args: ['--prefix', '/api'], code: 2, says: 'goes with --nest' },
    { name: '--markdown alone', args: ['--markdown'], code: 2, says: 'goes with --nest' },
  ])('refuses $name', async ({ args, code, says }) => {
    const result = await routes(folder, ...args);
    expect([result.code, result.output]).toEqual([code, '']);
    expect(result.errors).toContain(says);
  });
});
