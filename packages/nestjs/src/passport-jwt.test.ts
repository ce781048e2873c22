import type { AddressInfo } from 'node:net';
import { createTestIssuer, type TestKeyEndpoint } from '@sallyport/testing';
import { Controller, Get, Injectable, Req, UseGuards, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AuthGuard, PassportModule, PassportStrategy } from '@nestjs/passport';
import { ExpressAdapter } from '@nestjs/platform-express';
import { passportJwtSecret } from 'jwks-rsa';
import { ExtractJwt, Strategy } from 'passport-jwt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const issuer = createTestIssuer({ roles: { vendor: ['product:create'] } });
let keys: TestKeyEndpoint;
let app: INestApplication;
let url: string;

beforeAll(async () => {
  keys = await issuer.listen();

  // As the documentation of passport-jwt and jwks-rsa has it, with nothing of ours but the address of the keys, and an
  // error where jwks-rsa 4.1.0 would go on without a key: jsonwebtoken 9 then throws where nothing catches it.
  @Injectable()
  class JwtStrategy extends PassportStrategy(Strategy) {
    constructor() {
      super({
        jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
        secretOrKeyProvider: passportJwtSecret({
          jwksUri: keys.url,
          cache: true,
          rateLimit: true,
          handleSigningKeyError: (error, done) => done(error),
        }),
        algorithms: ['ES256', 'RS256'],
        issuer: issuer.issuer,
        audience: issuer.audience,
      });
    }

    validate(claims: unknown): unknown {
      return claims;
    }
  }

  @Controller()
  class MeController {
    @Get('me')
    @UseGuards(AuthGuard('jwt'))
    me(@Req() request: { user: unknown }): unknown {
      return request.user;
    }
  }

  const root = {
    module: class Root {},
    imports: [PassportModule],
    providers: [JwtStrategy],
    controllers: [MeController],
  };
  app = await NestFactory.create<INestApplication>(root, new ExpressAdapter(), { logger: false, abortOnError: false });
  await app.listen(0, '127.0.0.1');
  // A server that listens on a port has an address of this shape.
  url = `http://127.0.0.1:${(app.getHttpServer() as { address(): AddressInfo }).address().port}/me`;
});

afterAll(async () => {
  await app.close();
  await keys.close();
});

const call = (token?: string): Promise<Response> =>
  fetch(url, { headers: token === undefined ? {} : { authorization: `Bearer ${token}` } });

describe('a stock passport-jwt strategy at our keys', () => {
  it('accepts our tokens', async () => {
    const response = await call(issuer.tokenFor('vendor'));
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ sub: 'vendor-1', roles: ['vendor'], scope: 'product:create' });
  });

  it('accepts tokens of a new key after a rotation', async () => {
    issuer.rotate();
    expect((await call(issuer.sign())).status).toBe(200);
  });

  it('accepts tokens of a key for RS256', async () => {
    issuer.rotate({ algorithm: 'RS256' });
    expect((await call(issuer.sign())).status).toBe(200);
    expect((await call(issuer.sign({}, { alg: 'ES256' }))).status).toBe(401);
    issuer.rotate();
  });

  it.each([
    { name: 'none', token: () => undefined },
    { name: 'one for another service', token: () => issuer.sign({ aud: 'account' }) },
    { name: 'one of another issuer', token: () => issuer.sign({ iss: 'https://elsewhere.test' }) },
    { name: 'an expired one', token: () => issuer.sign({ exp: 1 }) },
    { name: 'one of another issuer', token: () => createTestIssuer().sign() },
    { name: 'an unsigned one', token: () => issuer.sign().replace(/[^.]*$/, '') },
    { name: 'an unsigned one of no key', token: () => issuer.sign({}, { kid: 'unknown' }).replace(/[^.]*$/, '') },
    { name: 'one of a shared secret', token: () => createTestIssuer({ sharedSecret: 'any' }).sign() },
    {
      name: 'one of a shared secret under the id of a key',
      token: () =>
        createTestIssuer({ sharedSecret: issuer.publicKeyPem() }).sign({}, { kid: issuer.jwks().keys[0]?.kid }),
    },
    { name: 'a changed one', token: () => `${issuer.sign().slice(0, -6)}AAAAAA` },
  ])('refuses $name', async ({ token }) => {
    expect((await call(token())).status).toBe(401);
  });
});
