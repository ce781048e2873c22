import type { AddressInfo } from 'node:net';
import { createTestIssuer, createTestPrincipal } from '@sallyport/testing';
import { Controller, Get, type INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { expect, it } from 'vitest';
import { Roles } from './access/declare-access.ts';
import { SALLYPORT_OPTIONS, TOKEN_VERIFIER } from './injection-tokens.ts';
import type { TokenVerifier } from './index.ts';
import { SallyportModule } from './sallyport-module.ts';

const issuer = createTestIssuer();
const access = SallyportModule.forRoot({ issuer: issuer.issuer, audience: issuer.audience, keys: issuer.jwks() });

@Controller()
class AdminController {
  @Get()
  @Roles('admin')
  read(): string {
    return 'read';
  }
}

@Controller('bare')
class BareController {
  @Get()
  read(): void {}
}

it('a testing module lets a test stand in for the verifier, and still checks what is declared', async () => {
  const verifier: TokenVerifier = {
    recall: (token) => createTestPrincipal({ roles: [token] }),
    verify: () => Promise.reject(new Error('everything is recalled here')),
  };
  const built = await Test.createTestingModule({ imports: [access], controllers: [AdminController] })
    .overrideProvider(TOKEN_VERIFIER)
    .useValue(verifier)
    .compile();
  const app = built.createNestApplication<INestApplication>({ logger: false });
  await app.listen(0, '127.0.0.1');
  const statuses = await Promise.all(
    ['Bearer admin', 'Bearer user', undefined].map(async (authorization) => {
      const headers = authorization === undefined ? {} : { authorization };
      return (await fetch(urlOf(app), { headers })).status;
    }),
  );
  expect(statuses).toEqual([200, 403, 401]);
  await app.close();
});

it('a testing module fails when it has an undeclared handler', async () => {
  const compiled = Test.createTestingModule({ imports: [access], controllers: [BareController] }).compile();
  await expect(compiled).rejects.toThrow('BareController.read');
});

it('a testing module lets a test replace the options, and with them the issuer', async () => {
  const other = createTestIssuer({ issuer: 'http://localhost:4000/internal', roles: { admin: [] } });
  const built = await Test.createTestingModule({ imports: [access], controllers: [AdminController] })
    .overrideProvider(SALLYPORT_OPTIONS)
    .useValue({ issuer: other.issuer, audience: other.audience, keys: other.jwks() })
    .compile();
  const app = built.createNestApplication<INestApplication>({ logger: false });
  await app.listen(0, '127.0.0.1');
  const statuses = await Promise.all(
    [other.tokenFor('admin'), issuer.sign({ roles: ['admin'] })].map(async (token) => {
      return (await fetch(urlOf(app), { headers: { authorization: `Bearer ${token}` } })).status;
    }),
  );
  expect(statuses).toEqual([200, 401]);
  await app.close();
});

function urlOf(app: INestApplication): string {
  // A server that listens on a port has an address of this shape.
  const { port } = (app.getHttpServer() as { address(): AddressInfo }).address();
  return `http://127.0.0.1:${port}/`;
}
