import type { AddressInfo } from 'node:net';
import { createTestIssuer } from '@sallyport/testing';
import {
  Body,
  ConflictException,
  Controller,
  ForbiddenException,
  Get,
  HttpException,
  InternalServerErrorException,
  NotFoundException,
  Param,
  ParseIntPipe,
  Post,
  ServiceUnavailableException,
  UnauthorizedException,
  ValidationPipe,
  type INestApplication,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { IsEmail, IsPositive } from 'class-validator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Public } from '../access/declare-access.ts';
import { SallyportModule } from '../sallyport-module.ts';

const issuer = createTestIssuer();

class NewOrder {
  @IsEmail({}, { message: 'Please enter an address that we can write to' })
  email!: string;

  @IsPositive()
  amount!: number;
}

/** What the health checks of @nestjs/terminus throw. */
const health = {
  status: 'error',
  info: { redis: { status: 'up' } },
  error: { database: { status: 'down', message: 'timeout' } },
  details: { database: { status: 'down', message: 'timeout' } },
};

const exceptions: Readonly<Record<string, () => unknown>> = {
  code: () => new ConflictException({ code: 'ORDER_ALREADY_PAID' }),
  text: () => new NotFoundException('Order 7 is not there'),
  described: () => new ConflictException('Paid already', 'Order'),
  bare: () => new ForbiddenException(),
  unauthorized: () => new UnauthorizedException(),
  plain: () => new HttpException('Out of stock', 418),
  list: () => new HttpException(['first', 'second'], 400),
  failure: () => new InternalServerErrorException('The supplier is away'),
  health: () => new ServiceUnavailableException(health),
  problem: () => new HttpException({ type: 'https://shop.test/out-of-stock', title: 'Out of stock', left: 0 }, 409),
};

@Controller()
@Public('errors are the subject')
class FaultsController {
  @Get('thrown/:name')
  thrown(@Param('name') name: string): never {
    throw exceptions[name]?.();
  }

  @Get('number/:id')
  number(@Param('id', ParseIntPipe) id: number): number {
    return id;
  }

  @Post('orders')
  create(@Body() order: NewOrder): NewOrder {
    return order;
  }
}
// A compiler without type information of decorators leaves this out, and the pipe finds its class by it.
Reflect.defineMetadata('design:paramtypes', [NewOrder], FaultsController.prototype, 'create');

async function start(platform: 'Express' | 'Fastify', imports: object[]): Promise<INestApplication> {
  const adapter = platform === 'Express' ? new ExpressAdapter() : new FastifyAdapter();
  const root = { module: class Root {}, imports, controllers: [FaultsController] } as never;
  const app = await NestFactory.create<INestApplication>(root, adapter, { logger: false, abortOnError: false });
  app.useGlobalPipes(new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true }));
  await app.listen(0, '127.0.0.1');
  return app;
}

const access = (errors?: 'passthrough' | 'problem') =>
  SallyportModule.forRoot({
    issuer: issuer.issuer,
    audience: issuer.audience,
    keys: issuer.jwks(),
    logger: { info: () => {}, warn: () => {}, error: () => {} },
    ...(errors === undefined ? {} : { errors }),
  });

interface Call {
  readonly name: string;
  readonly path: string;
  readonly body?: string;
  readonly type?: string;
}

const calls: readonly Call[] = [
  ...Object.keys(exceptions).map((name) => ({ name, path: `/thrown/${name}` })),
  { name: 'a parameter that a pipe of Nest refuses', path: '/number/seven' },
  { name: 'an unknown route', path: '/nowhere?secret=1' },
  { name: 'a body that class-validator refuses', path: '/orders', body: '{"email":"x","amount":-1}' },
  { name: 'a body with an unknown member', path: '/orders', body: '{"email":"a@b.test","amount":1,"x":1}' },
  { name: 'a body that is no JSON', path: '/orders', body: '{"email":' },
  { name: 'a body that is too large', path: '/orders', body: JSON.stringify('x'.repeat(2_000_000)) },
];
/** Fastify answers this by itself: no filter of Nest is asked. */
const undecodable: Call = { name: 'a path that cannot be decoded', path: '/number/%FF' };

async function send(app: INestApplication, { path, body, type = 'application/json' }: Call) {
  // A server that listens on a port has an address of this shape.
  const { port } = (app.getHttpServer() as { address(): AddressInfo }).address();
  const request = body === undefined ? {} : { method: 'POST', body, headers: { 'content-type': type } };
  const response = await fetch(`http://127.0.0.1:${port}${path}`, request);
  return {
    status: response.status,
    type: response.headers.get('content-type'),
    challenge: response.headers.get('www-authenticate'),
    body: (await response.json()) as Record<string, unknown>,
  };
}

describe.each(['Express', 'Fastify'] as const)('a service on %s', (platform) => {
  let plain: INestApplication;
  let guarded: INestApplication;
  let problems: INestApplication;
  beforeAll(async () => {
    plain = await start(platform, []);
    guarded = await start(platform, [access()]);
    problems = await start(platform, [access('problem')]);
  });
  afterAll(async () => {
    await Promise.all([plain.close(), guarded.close(), problems.close()]);
  });

  it.each([...calls, undecodable])('answers $name as it would without Sallyport', async (call) => {
    expect(await send(guarded, call)).toEqual(await send(plain, call));
  });

  it.each(calls)('answers $name as a problem of the same status where it is asked to', async (call) => {
    const [expected, answer] = [await send(plain, call), await send(problems, call)];
    expect(answer.status).toBe(expected.status);
    expect(answer.type).toContain('application/problem+json');
    expect(answer.body).toMatchObject({ status: expected.status, requestId: expect.any(String) as string });
    expect(JSON.stringify(answer.body)).not.toContain('secret');
  });

  it.each([
    { name: 'code', body: { type: 'about:blank', title: 'Conflict', code: 'ORDER_ALREADY_PAID' } },
    { name: 'text', body: { title: 'Not Found', detail: 'Order 7 is not there' } },
    { name: 'described', body: { title: 'Order', detail: 'Paid already' } },
    { name: 'bare', body: { code: 'SP_FORBIDDEN' } },
    { name: 'unauthorized', body: { code: 'SP_UNAUTHENTICATED' } },
    { name: 'plain', body: { title: "I'm a Teapot", detail: 'Out of stock' } },
    { name: 'failure', body: { title: 'Internal Server Error', detail: 'The supplier is away' } },
    { name: 'health', body: { info: health.info, error: health.error, details: health.details } },
    { name: 'problem', body: { type: 'https://shop.test/out-of-stock', title: 'Out of stock', left: 0 } },
  ])('passes all that the exception "$name" says as members of the problem', async ({ name, body }) => {
    expect((await send(problems, { name, path: `/thrown/${name}` })).body).toMatchObject(body);
  });

  it('says no code of ours for an exception that has something to say', async () => {
    for (const name of ['text', 'described', 'plain', 'failure', 'problem'])
      expect((await send(problems, { name, path: `/thrown/${name}` })).body).not.toHaveProperty('code');
  });

  it('challenges where a bare exception says 401', async () => {
    const { challenge } = await send(problems, { name: '', path: '/thrown/unauthorized' });
    expect(challenge).toContain('Bearer');
  });
});
