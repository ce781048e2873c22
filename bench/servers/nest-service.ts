import 'reflect-metadata';
import type { AddressInfo } from 'node:net';
import { DatabaseSync } from 'node:sqlite';
import { silentLogger } from '@sallyport/core';
import { Permissions, SallyportModule } from '@sallyport/nestjs';
import { createTestIssuer } from '@sallyport/testing';
import { Controller, Get, UseGuards, type ModuleMetadata } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AuthGuard, PassportModule, PassportStrategy } from '@nestjs/passport';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { ExtractJwt, Strategy } from 'passport-jwt';
import { readServerSettings, reportServer, type NestAccess } from './server-report.ts';

/*
 * One Nest service that answers 1 KB of JSON: open to everybody, behind a guard that lets everybody pass, behind ours, or as the documentation of Nest has it
 * with passport-jwt, whose strategy looks the user up. The key is in the process, the users are in SQLite in memory: what
 * is compared is what each does for a request whose token it has seen before.
 */

const { nestAccess = 'open' } = readServerSettings();
const issuer = createTestIssuer({ audience: 'shop', roles: { vendor: ['product:read'] } });
const now = Math.floor(Date.now() / 1000);
const token = issuer.tokenFor('vendor', { iat: now, exp: now + 3600 });
const product = { id: 'p1', name: 'Lamp', description: 'x'.repeat(1024 - 47) };

class ProductController {
  read(): typeof product {
    return product;
  }
}
// By hand: what is loaded from its source has no decorators.
const method = Object.getOwnPropertyDescriptor(ProductController.prototype, 'read') ?? {};
Get('products/p1')(ProductController.prototype, 'read', method);

const imports: Record<NestAccess, () => ModuleMetadata> = {
  open: () => ({}),
  pass: () => {
    UseGuards({ canActivate: () => true })(ProductController.prototype, 'read', method);
    return {};
  },
  guard: () => {
    Permissions('product:read')(ProductController.prototype, 'read', method);
    const { issuer: name, audience } = issuer;
    return {
      imports: [SallyportModule.forRoot({ issuer: name, audience, keys: issuer.jwks(), logger: silentLogger })],
    };
  },
  passport: () => {
    UseGuards(AuthGuard('jwt'))(ProductController.prototype, 'read', method);
    return { imports: [PassportModule], providers: [createJwtStrategy()] };
  },
};
const parts = imports[nestAccess]();
Controller('api/shop')(ProductController);

const root = { module: class Root {}, ...parts, controllers: [ProductController] };
const app = await NestFactory.create<NestExpressApplication>(root, { logger: false, abortOnError: false });
await app.listen(0, '127.0.0.1');
const server = app.getHttpServer();
server.keepAliveTimeout = 60_000;
// A server that listens on a port has an address of this shape.
const { port } = server.address() as AddressInfo;
await requireRefusal();

reportServer({ port, authorization: `Bearer ${token}` });

function createJwtStrategy() {
  const users = new DatabaseSync(':memory:');
  users.exec('CREATE TABLE user (id TEXT PRIMARY KEY, role TEXT NOT NULL, is_banned INTEGER NOT NULL)');
  users.prepare('INSERT INTO user VALUES (?, ?, 0)').run('vendor-1', 'vendor');
  const findUser = users.prepare('SELECT id, role, is_banned FROM user WHERE id = ?');

  return class JwtStrategy extends PassportStrategy(Strategy) {
    constructor() {
      super({
        jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
        secretOrKey: issuer.publicKeyPem(),
        algorithms: ['ES256'],
        issuer: issuer.issuer,
        audience: issuer.audience,
      });
    }

    validate({ sub }: { readonly sub: string }): unknown {
      const user = findUser.get(sub);
      return user?.['is_banned'] === 0 ? user : null;
    }
  };
}

/** A guard that lets everybody pass costs little. */
async function requireRefusal(): Promise<void> {
  const { status } = await fetch(`http://127.0.0.1:${port}/api/shop/products/p1`);
  const expected = nestAccess === 'open' || nestAccess === 'pass' ? 200 : 401;
  if (status !== expected) throw new Error(`a request without a token was answered ${status}`);
}
