import type { AddressInfo } from 'node:net';
import { createTestIssuer } from '@sallyport/testing';
import {
  Catch,
  ConflictException,
  Controller,
  Get,
  HttpException,
  Injectable,
  Scope,
  UseFilters,
  UseGuards,
  UseInterceptors,
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  type DynamicModule,
  type ExceptionFilter,
  type ExecutionContext,
  type INestApplication,
  type NestInterceptor,
  type Provider,
  type Type,
} from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE, HttpAdapterHost, NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import fc from 'fast-check';
import { map, type Observable } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { Public, Roles } from '../access/declare-access.ts';
import type { LogFields } from '@sallyport/core';
import { SallyportError } from '../index.ts';
import { callerOf } from '../request-caller.ts';
import { SallyportModule } from '../sallyport-module.ts';

/*
 * What an application brings along: a guard that asks who is calling, a filter as tutorials have it, an interceptor and a
 * pipe, in every order and by every way of registering them. None may be lost, and none may lose what we answer.
 */
const issuer = createTestIssuer({ roles: { user: [], admin: [] } });

class PaymentRefused extends Error {}

@Controller()
class OrdersController {
  @Get('admin')
  @Roles('admin')
  admin(): object {
    return { data: 'admin' };
  }

  @Get('conflict')
  @Public('its error is the subject')
  conflict(): never {
    throw new ConflictException({ code: 'ORDER_ALREADY_PAID', order: 7 });
  }

  @Get('payment')
  @Public('its error is the subject')
  payment(): never {
    throw new PaymentRefused('canary-card');
  }

  @Get('own')
  @Public('its error is the subject')
  own(): never {
    throw new SallyportError('SP_NOT_FOUND');
  }
}

/** The filter of the documentation of Nest, and of most applications. */
@Catch()
class CatchAllFilter implements ExceptionFilter {
  catch(thrown: unknown, host: ArgumentsHost): void {
    const status = thrown instanceof HttpException ? thrown.getStatus() : 500;
    const said = thrown instanceof HttpException ? thrown.getResponse() : {};
    answer(host, status, { by: 'catch-all', said });
  }
}

@Catch(PaymentRefused)
class PaymentFilter implements ExceptionFilter {
  catch(_thrown: PaymentRefused, host: ArgumentsHost): void {
    answer(host, 402, { by: 'payment' });
  }
}

/** Sends a body whatever the platform is. */
function answer(host: ArgumentsHost, status: number, body: object): void {
  const response = host.switchToHttp().getResponse<{
    status(code: number): { json?(value: object): void; send(value: object): void };
  }>();
  const chosen = response.status(status);
  if (chosen.json === undefined) chosen.send(body);
  else chosen.json(body);
}

const seen: { guard: string[]; pipe: number } = { guard: [], pipe: 0 };

@Injectable()
class CallerGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    seen.guard.push(callerOf(context.switchToHttp().getRequest<object>()).kind);
    return true;
  }
}

@Injectable()
class EnvelopeInterceptor implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler<object>): Observable<object> {
    return next.handle().pipe(map((value) => ({ ...value, by: 'interceptor' })));
  }
}

type Way = 'root' | 'module' | 'global' | 'decorator' | 'request';
type Catches = 'all' | 'payment';

interface SetUp {
  readonly platform: 'Express' | 'Fastify';
  readonly isSallyportFirst: boolean;
  readonly filter: Way;
  readonly catches: Catches;
  readonly guard: Way;
  readonly interceptor: Way;
}

const way = fc.constantFrom<Way>('root', 'module', 'global', 'decorator', 'request');
const setUps = fc.record<SetUp>({
  platform: fc.constantFrom('Express', 'Fastify'),
  isSallyportFirst: fc.boolean(),
  filter: way,
  catches: fc.constantFrom<Catches>('all', 'payment'),
  guard: way,
  interceptor: way,
});

interface RunningApplication {
  readonly lines: (LogFields & { message: string })[];
  readonly get: (path: string, token?: string) => Promise<Response>;
  readonly close: () => Promise<void>;
}

async function start({ platform, isSallyportFirst, ...ways }: SetUp): Promise<RunningApplication> {
  const lines: RunningApplication['lines'] = [];
  const write = (message: string, fields: LogFields): void => void lines.push({ message, ...fields });
  const access = SallyportModule.forRoot({
    issuer: issuer.issuer,
    audience: issuer.audience,
    keys: issuer.jwks(),
    logger: { info: write, warn: write, error: write },
  });
  const filter = ways.catches === 'all' ? CatchAllFilter : PaymentFilter;
  const enhancers = [
    { token: APP_FILTER, type: filter, way: ways.filter },
    { token: APP_GUARD, type: CallerGuard, way: ways.guard },
    { token: APP_INTERCEPTOR, type: EnvelopeInterceptor, way: ways.interceptor },
  ];
  const at = (chosen: readonly Way[]): Provider[] =>
    enhancers
      .filter((enhancer) => chosen.includes(enhancer.way))
      .map(({ token, type, way: by }) => ({
        provide: token,
        useClass: type as Type,
        ...(by === 'request' ? { scope: Scope.REQUEST } : {}),
      }));
  const controller = class extends OrdersController {};
  Controller()(controller);
  if (ways.filter === 'decorator') UseFilters(filter)(controller);
  if (ways.guard === 'decorator') UseGuards(CallerGuard)(controller);
  if (ways.interceptor === 'decorator') UseInterceptors(EnvelopeInterceptor)(controller);

  const pipe = { transform: (value: unknown) => ((seen.pipe += 1), value) };
  const foreign: DynamicModule = { module: class Foreign {}, providers: at(['module']) };
  const root: DynamicModule = {
    module: class Root {},
    imports: isSallyportFirst ? [access, foreign] : [foreign, access],
    controllers: [controller],
    providers: [...at(['root', 'request']), { provide: APP_PIPE, useValue: pipe }],
  };
  const adapter = platform === 'Express' ? new ExpressAdapter() : new FastifyAdapter();
  const app = await NestFactory.create<INestApplication>(root, adapter, { logger: false, abortOnError: false });
  if (ways.filter === 'global') app.useGlobalFilters(new filter());
  if (ways.guard === 'global') app.useGlobalGuards(new CallerGuard());
  if (ways.interceptor === 'global') app.useGlobalInterceptors(new EnvelopeInterceptor());
  await app.listen(0, '127.0.0.1');
  // A server that listens on a port has an address of this shape.
  const { port } = (app.getHttpServer() as { address(): AddressInfo }).address();
  return {
    lines,
    get: (path, token) =>
      fetch(
        `http://127.0.0.1:${port}/${path}`,
        token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } },
      ),
    close: () => app.close(),
  };
}

describe('an application with filters, guards and interceptors of its own, in whatever order', () => {
  it('keeps them all, and our refusals their status, challenge and line in the log', async () => {
    await fc.assert(
      fc.asyncProperty(setUps, async (setUp) => {
        const app = await start(setUp);
        try {
          seen.guard = [];
          const isCaughtByAll = setUp.catches === 'all';
          const bodyOf = async (response: Response): Promise<unknown> => response.json();

          const anonymous = await app.get('admin');
          expect(anonymous.status).toBe(401);
          expect(anonymous.headers.get('www-authenticate')).toContain('Bearer');
          expect(anonymous.headers.get('cache-control')).toBe('no-store');
          expect(await bodyOf(anonymous)).toMatchObject(
            isCaughtByAll
              ? { by: 'catch-all', said: { statusCode: 401, message: 'Authentication is required' } }
              : { status: 401, code: 'SP_UNAUTHENTICATED', statusCode: 401 },
          );

          const forbidden = await app.get('admin', issuer.tokenFor('user'));
          expect(forbidden.status).toBe(403);
          expect(await bodyOf(forbidden)).toMatchObject(
            isCaughtByAll ? { by: 'catch-all', said: { code: 'SP_FORBIDDEN' } } : { code: 'SP_FORBIDDEN' },
          );
          expect(app.lines.map(({ reason }) => reason)).toEqual(['no-token', 'role-missing']);
          expect(app.lines[1]).toMatchObject({ subject: 'user-1', requiredRoles: 'admin', heldRoles: 'user' });
          // What is refused never came to the guard of the application.
          expect(seen.guard).toEqual([]);

          const admitted = await app.get('admin', issuer.tokenFor('admin'));
          expect(admitted.status).toBe(200);
          expect(await bodyOf(admitted)).toEqual({ data: 'admin', by: 'interceptor' });
          expect(seen.guard).toEqual(['user']);

          const conflict = await app.get('conflict');
          expect(conflict.status).toBe(409);
          const said = { code: 'ORDER_ALREADY_PAID', order: 7 };
          expect(await bodyOf(conflict)).toEqual(isCaughtByAll ? { by: 'catch-all', said } : said);

          const own = await app.get('own');
          expect(own.status).toBe(404);
          expect(await bodyOf(own)).toMatchObject(
            isCaughtByAll ? { by: 'catch-all', said: { code: 'SP_NOT_FOUND' } } : { code: 'SP_NOT_FOUND' },
          );

          const payment = await app.get('payment');
          expect([payment.status, await bodyOf(payment)]).toEqual(
            isCaughtByAll ? [500, { by: 'catch-all', said: {} }] : [402, { by: 'payment' }],
          );
        } finally {
          await app.close();
        }
      }),
      { numRuns: 20 },
    );
  }, 60_000);

  it('passes what its own filters leave to the last one, which hides what was not foreseen', async () => {
    @Catch(ConflictException)
    class NarrowFilter implements ExceptionFilter {
      catch(_thrown: ConflictException, host: ArgumentsHost): void {
        answer(host, 409, { by: 'narrow' });
      }
    }
    const root: DynamicModule = {
      module: class Root {},
      imports: [SallyportModule.forRoot({ issuer: issuer.issuer, audience: issuer.audience, keys: issuer.jwks() })],
      controllers: [OrdersController],
      providers: [{ provide: APP_FILTER, useClass: NarrowFilter }],
    };
    const app = await NestFactory.create<INestApplication>(root, new ExpressAdapter(), { logger: false });
    await app.listen(0, '127.0.0.1');
    expect(app.get(HttpAdapterHost).httpAdapter.getType()).toBe('express');
    const { port } = (app.getHttpServer() as { address(): AddressInfo }).address();
    const get = async (path: string) => {
      const response = await fetch(`http://127.0.0.1:${port}/${path}`);
      return { status: response.status, text: await response.text() };
    };
    expect(await get('conflict')).toEqual({ status: 409, text: '{"by":"narrow"}' });
    const payment = await get('payment');
    expect(payment.status).toBe(500);
    expect(JSON.parse(payment.text)).toMatchObject({ code: 'SP_INTERNAL', message: 'Something failed on our side' });
    expect(payment.text).not.toContain('canary');
    await app.close();
  });
});
