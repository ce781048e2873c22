import 'reflect-metadata';
import type { AddressInfo } from 'node:net';
import { silentLogger } from '@sallyport/core';
import { Authenticated, SallyportModule, type SallyportOptions } from '@sallyport/nestjs';
import { Controller, Get, Req } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';

/** A real service that notes which tokens it was sent. */
export interface NestService {
  readonly origin: string;
  /** Key ids of the tokens that were accepted. */
  readonly acceptedKeys: ReadonlySet<string>;
  /** The last token that was accepted. */
  lastToken(): string | undefined;
  close(): Promise<void>;
}

interface CallRequest {
  readonly headers: { readonly authorization?: string };
}

/** Starts a service with one guarded route, `/me`. */
export async function startNestService(access: SallyportOptions): Promise<NestService> {
  const acceptedKeys = new Set<string>();
  let lastToken: string | undefined;

  class MeController {
    read({ headers }: CallRequest): { readonly isServed: true } {
      lastToken = headers.authorization?.slice('Bearer '.length) ?? '';
      acceptedKeys.add(kidOf(lastToken));
      return { isServed: true };
    }
  }
  // By hand: the tests of the whole system are compiled without decorators.
  const method = Object.getOwnPropertyDescriptor(MeController.prototype, 'read') ?? {};
  Get('me')(MeController.prototype, 'read', method);
  Req()(MeController.prototype, 'read', 0);
  Authenticated()(MeController);
  Controller()(MeController);

  const root = {
    module: class Root {},
    imports: [SallyportModule.forRoot({ logger: silentLogger, ...access })],
    controllers: [MeController],
  };
  const app = await NestFactory.create<NestExpressApplication>(root, { logger: false, abortOnError: false });
  await app.listen(0, '127.0.0.1');
  // A server that listens on a port has an address of this shape.
  const { port } = app.getHttpServer().address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    acceptedKeys,
    lastToken: () => lastToken,
    close: async () => {
      app.getHttpServer().closeAllConnections();
      await app.close();
    },
  };
}

/** Resolves to the id of the key that signed a token. */
function kidOf(token: string): string {
  const header: unknown = JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString());
  return typeof header === 'object' && header !== null && 'kid' in header ? String(header.kid) : '';
}
