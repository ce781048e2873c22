import type { AddressInfo } from 'node:net';
import { createTestIssuer, type TestKeyEndpoint } from '@sallyport/testing';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import type { Logger, LogFields, Principal } from '@sallyport/core';
import {
  BadRequestException,
  Body,
  Controller,
  Get,
  GoneException,
  Head,
  MethodNotAllowedException,
  Post,
  Req,
  StandardSchemaValidationPipe,
  UnsupportedMediaTypeException,
  type INestApplication,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Authenticated, Permissions, Public, Roles } from './access/declare-access.ts';
import { callerOf, CurrentPrincipal } from './request-caller.ts';
import { SallyportModule } from './sallyport-module.ts';
import { toValidationError } from './errors/validation-error.ts';

export const issuer = createTestIssuer({
  issuer: 'https://app.test/internal',
  roles: { user: [], vendor: ['product:read', 'product:create'], admin: ['product:read', 'user:manage'] },
});

export const lines: (LogFields & { message: string })[] = [];
export const logger: Logger = {
  info: (message, fields) => void lines.push({ message, ...fields }),
  warn: (message, fields) => void lines.push({ message, ...fields }),
  error: (message, fields) => void lines.push({ message, ...fields }),
};

/** Counts what reached a handler: a refusal must never get that far. */
export const calls = { handled: 0 };

@Controller('guarded')
export class GuardedController {
  @Get('anyone')
  @Authenticated()
  anyone(@CurrentPrincipal() principal: Principal): Principal {
    calls.handled += 1;
    return principal;
  }

  @Get('role')
  @Roles('admin', 'vendor')
  role(): string {
    calls.handled += 1;
    return 'role';
  }

  @Get('permission')
  @Permissions('product:read', 'product:create')
  permission(): string {
    calls.handled += 1;
    return 'permission';
  }

  @Get('both')
  @Roles('admin')
  @Permissions('product:create')
  both(): string {
    calls.handled += 1;
    return 'both';
  }

  @Get('mutate')
  @Authenticated()
  mutate(@CurrentPrincipal() principal: Principal): string {
    calls.handled += 1;
    (principal.roles as string[]).push('admin');
    return 'mutated';
  }
}

@Controller('admin')
@Roles('admin')
class AdminController {
  @Get('inherits')
  inherits(): string {
    calls.handled += 1;
    return 'inherits';
  }

  @Get('adds')
  @Permissions('user:manage')
  adds(): string {
    calls.handled += 1;
    return 'adds';
  }

  @Get('opened')
  @Public('the sign-in page shows it')
  opened(): string {
    calls.handled += 1;
    return 'opened';
  }

  @Get('not-weakened')
  @Authenticated()
  notWeakened(): string {
    calls.handled += 1;
    return 'not-weakened';
  }
}

@Controller('extended')
class ExtendedController extends AdminController {}

@Controller('open')
@Public('everyone may look')
class OpenController {
  @Get()
  look(@CurrentPrincipal() caller: { kind: string }, @Req() request: object): { kind: string; same: boolean } {
    return { kind: caller.kind, same: callerOf(request) === caller };
  }

  @Head('head')
  head(): void {}

  @Get('closed')
  @Roles('admin')
  closed(): string {
    calls.handled += 1;
    return 'closed';
  }
}

const bodySchema = {
  '~standard': {
    version: 1 as const,
    vendor: 'test',
    validate: (value: unknown) =>
      typeof value === 'object' && value !== null && 'name' in value
        ? { value }
        : { issues: [{ message: 'Required', path: ['name'] }] },
  },
};

@Controller('faults')
@Public('errors are the subject here')
class FaultsController {
  @Post('body')
  body(@Body({ schema: bodySchema }) body: object): object {
    return body;
  }

  @Get('unknown')
  unknown(): never {
    throw new Error('the password of the database is canary-hunter2');
  }

  @Get('text')
  text(): never {
    // oxlint-disable-next-line no-throw-literal, typescript/only-throw-error -- libraries do throw such things
    throw 'canary-text';
  }

  @Get('gone')
  gone(): never {
    throw new GoneException('canary-gone');
  }

  @Get('method')
  method(): never {
    throw new MethodNotAllowedException();
  }

  @Get('media')
  media(): never {
    throw new UnsupportedMediaTypeException();
  }

  @Get('pipe')
  pipe(): never {
    throw new BadRequestException(['name: is too long', 'price must be positive']);
  }
}

const pipe = new StandardSchemaValidationPipe({ exceptionFactory: toValidationError });

export async function startService(platform: 'Express' | 'Fastify', keysUrl: string): Promise<INestApplication> {
  const root = {
    module: class Root {},
    imports: [
      SallyportModule.forRoot({
        issuer: issuer.issuer,
        audience: issuer.audience,
        keysUrl,
        logger,
        errors: 'problem',
      }),
    ],
    controllers: [GuardedController, AdminController, ExtendedController, OpenController, FaultsController],
  };
  const adapter =
    platform === 'Express'
      ? new ExpressAdapter()
      : new FastifyAdapter({ routerOptions: { ignoreTrailingSlash: true } });
  const app = await NestFactory.create<INestApplication>(root, adapter, { logger: false, abortOnError: false });
  app.useGlobalPipes(pipe);
  await app.listen(0, '127.0.0.1');
  return app;
}

export function urlOf(app: INestApplication): string {
  // A server that listens on a port has an address of this shape.
  const { port } = (app.getHttpServer() as { address(): AddressInfo }).address();
  return `http://127.0.0.1:${port}`;
}

/** The service under test, and how its tests call it. */
export interface TestService {
  readonly url: string;
  readonly keys: TestKeyEndpoint;
  readonly get: (path: string, authorization?: string, method?: string) => Promise<Response>;
  readonly withToken: (path: string, token: string) => Promise<Response>;
}

/** Starts the service before the tests of a `describe`, and ends it after them. */
export function useService(platform: 'Express' | 'Fastify'): TestService {
  let keys: TestKeyEndpoint;
  let app: INestApplication;
  let url: string;
  beforeAll(async () => {
    keys = await issuer.listen();
    app = await startService(platform, keys.url);
    url = urlOf(app);
  });
  afterAll(async () => {
    await app.close();
    await keys.close();
  });
  beforeEach(() => {
    calls.handled = 0;
    lines.length = 0;
  });
  const get: TestService['get'] = (path, authorization, method = 'GET') =>
    fetch(`${url}${path}`, { method, headers: authorization === undefined ? {} : { authorization } });
  return {
    get url() {
      return url;
    },
    get keys() {
      return keys;
    },
    get,
    withToken: (path, token) => get(path, `Bearer ${token}`),
  };
}
