import type { AddressInfo } from 'node:net';
import type { TokenVerifier } from '@sallyport/core';
import { createTestIssuer, createTestPrincipal } from '@sallyport/testing';
import { Controller, Get, type INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { expect, it } from 'vitest';
import { Roles } from './declare-access.ts';
import { TOKEN_VERIFIER } from './injection-tokens.ts';
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
  // A server that listens on a port has an address of this shape.
  const { port } = (app.getHttpServer() as { address(): AddressInfo }).address();
  const statuses = await Promise.all(
    ['Bearer admin', 'Bearer user', undefined].map(async (authorization) => {
      const headers = authorization === undefined ? {} : { authorization };
      return (await fetch(`http://127.0.0.1:${port}/`, { headers })).status;
    }),
  );
  expect(statuses).toEqual([200, 403, 401]);
  await app.close();
});

it('a testing module fails when it has an undeclared handler', async () => {
  const compiled = Test.createTestingModule({ imports: [access], controllers: [BareController] }).compile();
  await expect(compiled).rejects.toThrow('BareController.read');
});
