import { createServer, type AddressInfo } from 'node:net';
import { createTestIssuer } from '@sallyport/testing';
import { Catch, Controller, type ExceptionFilter, type INestApplication } from '@nestjs/common';
import { APP_FILTER, NestFactory } from '@nestjs/core';
import {
  ClientProxyFactory,
  MessagePattern,
  RpcException,
  Transport,
  type ClientProxy,
  type MicroserviceOptions,
} from '@nestjs/microservices';
import { ExpressAdapter } from '@nestjs/platform-express';
import { lastValueFrom, throwError, timeout, type Observable } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Public } from '../access/declare-access.ts';
import { SallyportError } from '../index.ts';
import { SallyportModule } from '../sallyport-module.ts';

const issuer = createTestIssuer();

class OutOfStock extends Error {}

@Controller()
@Public('errors are the subject')
class OrdersController {
  @MessagePattern('own')
  own(): never {
    throw new SallyportError('SP_CONFLICT');
  }

  @MessagePattern('rpc')
  rpc(): never {
    throw new RpcException({ status: 'error', left: 0 });
  }

  @MessagePattern('plain')
  plain(): never {
    throw new Error('canary-database');
  }

  @MessagePattern('foreign')
  foreign(): never {
    throw new OutOfStock();
  }
}

@Catch(OutOfStock)
class OutOfStockFilter implements ExceptionFilter {
  catch(): Observable<never> {
    return throwError(() => ({ by: 'the application' }));
  }
}

describe('exceptions of message handlers in a hybrid application with inheritAppConfig', () => {
  let app: INestApplication;
  let client: ClientProxy;
  beforeAll(async () => {
    const logger = { info: () => {}, warn: () => {}, error: () => {} };
    const root = {
      module: class Root {},
      imports: [
        SallyportModule.forRoot({ issuer: issuer.issuer, audience: issuer.audience, keys: issuer.jwks(), logger }),
      ],
      controllers: [OrdersController],
      providers: [{ provide: APP_FILTER, useClass: OutOfStockFilter }],
    };
    const port = await freePort();
    app = await NestFactory.create<INestApplication>(root, new ExpressAdapter(), { logger: false });
    const options = { transport: Transport.TCP, options: { host: '127.0.0.1', port } } as const;
    app.connectMicroservice<MicroserviceOptions>(options, { inheritAppConfig: true });
    await app.startAllMicroservices();
    client = ClientProxyFactory.create(options);
  });
  afterAll(async () => {
    client.close();
    await app.close();
  });

  it.each([
    {
      name: 'an error of ours',
      pattern: 'own',
      answer: { status: 'error', code: 'SP_CONFLICT', statusCode: 409, message: 'The record changed meanwhile' },
    },
    { name: 'an RpcException', pattern: 'rpc', answer: { status: 'error', left: 0 } },
    { name: 'what was not foreseen', pattern: 'plain', answer: { status: 'error', message: 'Internal server error' } },
    { name: 'what a filter of the application catches', pattern: 'foreign', answer: { by: 'the application' } },
  ])('are answered: $name', async ({ pattern, answer }) => {
    const asked = lastValueFrom(client.send(pattern, {}).pipe(timeout(5000)));
    await expect(asked).rejects.toMatchObject(answer);
  });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
