import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createTestIssuer, type TestIssuer, type TestKeyEndpoint } from '@sallyport/testing';
import { keyAlgorithms, silentLogger } from '@sallyport/core';
import { Controller, Get, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { afterEach, describe, expect, it } from 'vitest';
import { Authenticated } from './access/declare-access.ts';
import { SallyportModule } from './sallyport-module.ts';
import type { SallyportOptions } from './sallyport-options.ts';

@Controller()
@Authenticated()
class MeController {
  @Get('me')
  me(): string {
    return 'served';
  }
}

const open: (INestApplication | TestKeyEndpoint)[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

async function startService(
  issuer: TestIssuer,
  options: Partial<SallyportOptions> = {},
): Promise<(token: string) => Promise<number>> {
  const keys = await issuer.listen();
  const access = { issuer: issuer.issuer, audience: issuer.audience, keysUrl: keys.url, logger: silentLogger };
  const root = {
    module: class Root {},
    imports: [SallyportModule.forRoot({ ...access, ...options })],
    controllers: [MeController],
  };
  const app = await NestFactory.create(root, new ExpressAdapter(), { logger: false, abortOnError: false });
  open.push(app, keys);
  await app.listen(0, '127.0.0.1');
  // A server that listens on a port has an address of this shape.
  const { port } = (app.getHttpServer() as Server).address() as AddressInfo;
  return async (token) =>
    (await fetch(`http://127.0.0.1:${port}/me`, { headers: { authorization: `Bearer ${token}` } })).status;
}

describe.each(keyAlgorithms)('a gateway that signs with %s', (algorithm) => {
  it('is believed by a service that was told nothing of that', async () => {
    const issuer = createTestIssuer({ algorithm });
    const ask = await startService(issuer);
    expect(await ask(issuer.sign())).toBe(200);
    expect(await ask(createTestIssuer({ algorithm }).sign())).toBe(401);
    expect(await ask(`${issuer.sign().slice(0, -6)}AAAAAA`)).toBe(401);
  });

  it.each(['ES256', 'EdDSA', 'RS256', 'PS256', 'HS256', 'none'].filter((other) => other !== algorithm))(
    'is not believed when a token says that its key is one for %s',
    async (other) => {
      const issuer = createTestIssuer({ algorithm });
      const ask = await startService(issuer);
      expect(await ask(issuer.sign({}, { alg: other }))).toBe(401);
      expect(await ask(issuer.sign())).toBe(200);
    },
  );

  it('is believed before, during and after a change from and to another algorithm', async () => {
    const issuer = createTestIssuer({ algorithm });
    const before = issuer.sign();
    for (const next of keyAlgorithms) issuer.rotate({ algorithm: next });
    const ask = await startService(issuer);
    expect(await ask(before)).toBe(200);
    expect(await ask(issuer.sign())).toBe(200);
  });

  it('is not believed by a service that was told to take others only', async () => {
    const issuer = createTestIssuer({ algorithm });
    const ask = await startService(issuer, { algorithms: [algorithm === 'ES256' ? 'RS256' : 'ES256'] });
    expect(await ask(issuer.sign())).toBe(401);
  });
});
