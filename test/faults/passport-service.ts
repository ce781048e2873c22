import 'reflect-metadata';
import type { AddressInfo } from 'node:net';
import { Controller, Get, Req, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AuthGuard, PassportModule, PassportStrategy } from '@nestjs/passport';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Strategy, type StrategyOptionsWithoutRequest } from 'passport-jwt';

/** A service without code of Sallyport: Nest with a stock strategy of passport-jwt. */
export interface PassportService {
  readonly origin: string;
  close(): Promise<void>;
}

/** Starts a service with one route, `/me`, which answers with the claims of the caller. */
export async function startPassportService(options: StrategyOptionsWithoutRequest): Promise<PassportService> {
  class JwtStrategy extends PassportStrategy(Strategy) {
    constructor() {
      super(options);
    }

    validate(claims: unknown): unknown {
      return claims;
    }
  }
  class MeController {
    read({ user }: { readonly user: unknown }): unknown {
      return user;
    }
  }
  // By hand: the tests of the whole system are compiled without decorators.
  const method = Object.getOwnPropertyDescriptor(MeController.prototype, 'read') ?? {};
  Get('me')(MeController.prototype, 'read', method);
  Req()(MeController.prototype, 'read', 0);
  UseGuards(AuthGuard('jwt'))(MeController);
  Controller()(MeController);

  const root = {
    module: class Root {},
    imports: [PassportModule],
    providers: [{ provide: JwtStrategy, useFactory: () => new JwtStrategy() }],
    controllers: [MeController],
  };
  const app = await NestFactory.create<NestExpressApplication>(root, { logger: false, abortOnError: false });
  await app.listen(0, '127.0.0.1');
  // A server that listens on a port has an address of this shape.
  const { port } = app.getHttpServer().address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    close: async () => {
      app.getHttpServer().closeAllConnections();
      await app.close();
    },
  };
}
