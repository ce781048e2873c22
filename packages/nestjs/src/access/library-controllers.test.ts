import type { AddressInfo } from 'node:net';
import { createTestIssuer } from '@sallyport/testing';
import { Controller, Get, type INestApplication, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { describe, expect, it } from 'vitest';
import { SallyportModule } from '../sallyport-module.ts';
import { Authenticated, Public, Roles } from './declare-access.ts';
import type { LibraryController } from './library-controllers.ts';

const issuer = createTestIssuer({ roles: { user: [], admin: [] } });

/** Each test has a library of its own: what is declared on a class stays there. */
function createLibrary(): Type {
  @Controller('metrics')
  class MetricsController {
    @Get()
    index(): string {
      return 'metrics';
    }
  }
  return MetricsController;
}

function create(
  controllers: readonly Type[],
  libraryControllers: readonly LibraryController[],
): Promise<INestApplication> {
  const options = { issuer: issuer.issuer, audience: issuer.audience, keys: issuer.jwks(), libraryControllers };
  const root = { module: class Root {}, imports: [SallyportModule.forRoot(options)], controllers: [...controllers] };
  return NestFactory.create<INestApplication>(root, new ExpressAdapter(), { logger: false, abortOnError: false });
}

async function statusesOf(
  app: INestApplication,
  ...roles: readonly (string | undefined)[]
): Promise<readonly number[]> {
  await app.listen(0, '127.0.0.1');
  const { port } = (app.getHttpServer() as { address(): AddressInfo }).address();
  const statuses: number[] = [];
  for (const role of roles) {
    const headers: Record<string, string> =
      role === undefined ? {} : { authorization: `Bearer ${issuer.tokenFor(role)}` };
    statuses.push((await fetch(`http://127.0.0.1:${port}/metrics`, { headers })).status);
  }
  await app.close();
  return statuses;
}

describe('a controller of a library', () => {
  it('stops the start where nothing is said of it', async () => {
    await expect(create([createLibrary()], [])).rejects.toThrow('MetricsController.index (HTTP) declares no access');
  });

  it('is open where the options say so', async () => {
    const library = createLibrary();
    const app = await create([library], [{ controller: library, access: Public('scraped inside the cluster') }]);
    expect(await statusesOf(app, undefined)).toEqual([200]);
  });

  it('is guarded where the options say so, also by its name', async () => {
    const app = await create([createLibrary()], [{ controller: 'MetricsController', access: Roles('admin') }]);
    expect(await statusesOf(app, undefined, 'user', 'admin')).toEqual([401, 403, 200]);
  });

  it('may be in several applications of one process, with the same access', async () => {
    const library = createLibrary();
    for (let turn = 0; turn < 2; turn++) {
      const app = await create([library], [{ controller: library, access: Roles('admin') }]);
      expect(await statusesOf(app, 'user')).toEqual([403]);
    }
    await expect(create([library], [{ controller: library, access: Public('now open') }])).rejects.toThrow(
      'which was declared in another way',
    );
  });
});

describe('the start with libraryControllers', () => {
  it('fails on a class that the application does not have', async () => {
    const access = Public('scraped');
    const library = createLibrary();
    await expect(create([], [{ controller: library, access }])).rejects.toThrow(
      'which is no class of this application',
    );
    await expect(create([], [{ controller: 'PrometheusController', access }])).rejects.toThrow('PrometheusController');
  });

  it('fails on a name that several classes have', async () => {
    const access = Public('scraped');
    await expect(
      create([createLibrary(), createLibrary()], [{ controller: 'MetricsController', access }]),
    ).rejects.toThrow('several classes have that name');
  });

  it('fails on a class that declares its access itself', async () => {
    @Controller('own')
    @Authenticated()
    class OwnController {
      @Get()
      read(): void {}
    }
    await expect(create([OwnController], [{ controller: OwnController, access: Public('why not') }])).rejects.toThrow(
      'which declares its access itself',
    );
  });

  it('fails on an access that is none', async () => {
    const library = createLibrary();
    await expect(create([library], [{ controller: library, access: () => undefined }])).rejects.toThrow(
      'with an access that is none',
    );
    expect(() => create([library], [{ controller: library } as never])).toThrow('libraryControllers must be a list');
  });
});
