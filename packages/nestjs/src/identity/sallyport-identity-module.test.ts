import type { AddressInfo } from 'node:net';
import {
  Catch,
  Controller,
  Get,
  HttpException,
  Inject,
  Req,
  type ArgumentsHost,
  type ExceptionFilter,
  type INestApplication,
  type Type,
} from '@nestjs/common';
import { APP_FILTER, NestFactory } from '@nestjs/core';
import { WsAdapter } from '@nestjs/platform-ws';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { createLocalKeySource, SallyportError, type InProcessIdentity } from '@sallyport/core';
import { createTestIssuer } from '@sallyport/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { Authenticated, Public } from '../access/declare-access.ts';
import { SallyportIdentityModule } from './sallyport-identity-module.ts';
import { SallyportIdentity } from './sallyport-identity.ts';

/* Identity in the hands of the test; examples/single-nest has a real one. */

const issuer = createTestIssuer({ audience: 'application' });
let app: INestApplication | undefined;
afterEach(async () => {
  await app?.close();
  app = undefined;
});

const identity = {
  issuer: issuer.issuer,
  audience: issuer.audience,
  keys: createLocalKeySource(issuer.jwks()),
  handle: (_request: object, _response: object, next: () => void) => next(),
  signIn: () => Promise.reject(new SallyportError('SP_CREDENTIALS_INVALID')),
  close: () => Promise.resolve(),
} as Partial<InProcessIdentity> as InProcessIdentity;

@Controller()
class AuthController {
  readonly #identity: InProcessIdentity;

  constructor(@Inject(SallyportIdentity) injected: InProcessIdentity) {
    this.#identity = injected;
  }

  @Get('login')
  @Public('callers who are not signed in')
  login(@Req() request: object): Promise<unknown> {
    return this.#identity.signIn(request, { email: 'ada@example.com', password: 'x' });
  }
}

/** As teams have it, from a time before ours. */
@Catch()
class TeamFilter implements ExceptionFilter {
  catch(thrown: unknown, host: ArgumentsHost): void {
    const status = thrown instanceof HttpException ? thrown.getStatus() : 500;
    host.switchToHttp().getResponse<{ status(code: number): { end(): void } }>().status(status).end();
  }
}

@WebSocketGateway({ path: '/live' })
class GuardedGateway {
  @SubscribeMessage('read')
  @Authenticated()
  read(): void {}
}

@WebSocketGateway({ path: '/open' })
@Public('a ticker for everyone')
class OpenGateway {
  @SubscribeMessage('price')
  price(): void {}
}

async function start(...providers: readonly Type[]): Promise<string> {
  const logger = { info: () => {}, warn: () => {}, error: () => {} };
  const root = {
    module: class Root {},
    imports: [SallyportIdentityModule.forRoot(() => Promise.resolve(identity), {}, { logger })],
    controllers: [AuthController],
    providers: [{ provide: APP_FILTER, useClass: TeamFilter }, ...providers],
  };
  app = await NestFactory.create<INestApplication>(root, { logger: false, abortOnError: false });
  app.useWebSocketAdapter(new WsAdapter(app));
  await app.listen(0, '127.0.0.1');
  return `http://127.0.0.1:${(app.getHttpServer() as { address(): AddressInfo }).address().port}`;
}

describe('an application with identity in its process', () => {
  it('answers a wrong password with 401, also where a filter of the team knows exceptions of Nest alone', async () => {
    expect((await fetch(`${await start()}/login`)).status).toBe(401);
  });

  it('does not start with a WebSocket handler that asks for a caller, and names what to do', async () => {
    const failed = await start(GuardedGateway, OpenGateway).then(
      () => '',
      (error: unknown) => String(error),
    );
    expect(failed).toContain('  - GuardedGateway.read\n');
    expect(failed).not.toContain('OpenGateway');
    expect(failed).toContain('@Sse');
  });

  it('serves WebSockets that are open to everyone', async () => {
    expect((await fetch(`${await start(OpenGateway)}/nowhere`)).status).toBe(404);
  });
});
