import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createTestIssuer, type TestIssuer, type TestKeyEndpoint } from '@sallyport/testing';
import { internalRevocationsPath, type LogFields, type Logger, type Principal } from '@sallyport/core';
import type { INestApplication, Type } from '@nestjs/common';
import { NestFactory, type AbstractHttpAdapter } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway, WsException } from '@nestjs/websockets';
import { Authenticated, Permissions, Public, Roles } from '../access/declare-access.ts';
import { callerOf, CurrentPrincipal } from '../request-caller.ts';
import { SallyportModule } from '../sallyport-module.ts';
import type { SallyportOptions } from '../sallyport-options.ts';

export const patience = { timeout: 10_000, interval: 10 };

/** What reached the gateways of a test: a refusal must never get that far. */
export interface Reached {
  readonly handled: string[];
  readonly connected: string[];
}

export const reached: Reached = { handled: [], connected: [] };

export function forgetReached(): void {
  reached.handled.length = 0;
  reached.connected.length = 0;
}

/** How each gateway is told where it is: by path for ws, by namespace for socket.io. */
export type PlaceOf = (name: 'live' | 'admin' | 'open') => object;

/** The same three gateways for both adapters. */
export function defineGateways(placeOf: PlaceOf): readonly Type[] {
  @WebSocketGateway(placeOf('live'))
  class LiveGateway {
    handleConnection(client: object): void {
      reached.connected.push(nameOf(client));
    }

    @SubscribeMessage('me')
    @Authenticated()
    me(@CurrentPrincipal() principal: Principal, @ConnectedSocket() client: object): object {
      reached.handled.push('me');
      return { event: 'me', data: { id: principal.id, isSame: callerOf(client) === principal } };
    }

    @SubscribeMessage('write')
    @Permissions('product:create')
    write(@MessageBody() body: unknown): object {
      reached.handled.push('write');
      return { event: 'written', data: body };
    }
  }

  @WebSocketGateway(placeOf('admin'))
  @Roles('admin')
  class AdminGateway {
    handleConnection(client: object): void {
      reached.connected.push(nameOf(client));
    }

    @SubscribeMessage('rule')
    rule(): object {
      reached.handled.push('rule');
      return { event: 'ruled' };
    }
  }

  @WebSocketGateway(placeOf('open'))
  @Public('everyone may look')
  class OpenGateway {
    @SubscribeMessage('look')
    look(@CurrentPrincipal() caller: { readonly kind: string }): object {
      reached.handled.push('look');
      return { event: 'looked', data: caller.kind };
    }

    @SubscribeMessage('closed')
    @Authenticated()
    closed(): object {
      reached.handled.push('closed');
      return { event: 'opened' };
    }

    @SubscribeMessage('sold-out')
    soldOut(): never {
      throw new WsException('sold out');
    }

    @SubscribeMessage('broken')
    broken(): never {
      throw new Error('the password is canary-hunter2');
    }
  }
  return [LiveGateway, AdminGateway, OpenGateway];
}

function nameOf(client: object): string {
  const caller = callerOf(client);
  return caller.kind === 'anonymous' ? 'anonymous' : caller.id;
}

export const lines: (LogFields & { message: string })[] = [];
export const logger: Logger = {
  info: (message, fields) => void lines.push({ message, ...fields }),
  warn: (message, fields) => void lines.push({ message, ...fields }),
  error: (message, fields) => void lines.push({ message, ...fields }),
};

/** A service with gateways, its issuer, and the stream by which it hears of revocations. */
export interface SocketService {
  readonly app: INestApplication;
  readonly port: number;
  readonly issuer: TestIssuer;
  readonly keys: TestKeyEndpoint;
  revoke(kind: 'session' | 'user', id: string): void;
  close(): Promise<void>;
}

/** Starts it. `useAdapter` stands where an application sets its own. */
export async function startSocketService(
  gateways: readonly Type[],
  useAdapter: (app: INestApplication) => void,
  {
    httpAdapter = new ExpressAdapter(),
    ...options
  }: Partial<SallyportOptions> & { httpAdapter?: AbstractHttpAdapter } = {},
): Promise<SocketService> {
  const issuer = createTestIssuer({
    issuer: 'https://app.test/internal',
    roles: { user: [], vendor: ['product:create'], admin: [] },
  });
  const keys = await issuer.listen();
  const streams: ServerResponse[] = [];
  const revocations = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    streams.push(response);
    response.write(`event: covered\ndata: ${JSON.stringify({ since: new Date(0).toISOString() })}\n\n`);
  });
  await once(revocations.listen(0, '127.0.0.1'), 'listening');
  const url = `http://127.0.0.1:${portOf(revocations)}${internalRevocationsPath}`;
  const root = {
    module: class Root {},
    imports: [
      SallyportModule.forRoot({
        issuer: issuer.issuer,
        audience: issuer.audience,
        keysUrl: keys.url,
        clockToleranceSeconds: 0,
        revocations: { url },
        logger,
        ...options,
      }),
    ],
    providers: [...gateways],
  };
  const app = await NestFactory.create<INestApplication>(root, httpAdapter, {
    logger: false,
    abortOnError: false,
  });
  useAdapter(app);
  const end = async (): Promise<void> => {
    revocations.closeAllConnections();
    await new Promise((resolve) => revocations.close(resolve));
    await keys.close();
  };
  try {
    await app.listen(0, '127.0.0.1');
  } catch (error) {
    await end();
    throw error;
  }
  return {
    app,
    port: portOf(app.getHttpServer() as Server),
    issuer,
    keys,
    revoke: (kind, id) => {
      const notice = { seq: 1, kind, id, minGeneration: Number.MAX_SAFE_INTEGER, at: new Date().toISOString() };
      for (const stream of streams) stream.write(`event: revocation\ndata: ${JSON.stringify(notice)}\n\n`);
    },
    close: async () => {
      await app.close();
      await end();
    },
  };
}

/** A server that listens on a port has an address of this shape. */
function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

/** A token whose signature is of this shape, and made by another key. */
export function forge(token: string): string {
  const [head = '', payload = '', signature = ''] = token.split('.');
  const other = signature.startsWith('A') ? 'B' : 'A';
  return [head, payload, other + signature.slice(1)].join('.');
}
