import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { toCheckedToken } from '@sallyport/core';
import { createTestAuthority, type TestAuthority, type TestCertificate } from '@sallyport/testing/certificates';
import { Controller, Get, type INestApplication } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Accepts, Authenticated, MutualTls } from '../access/declare-access.ts';
import { bearer, createCaller, issuer, startOrders, writeTestFile } from './certificate-service.test-support.ts';

const key = toCheckedToken('sp_key_', 'k'.repeat(32));

@Controller()
class StockController {
  @Get('both')
  @Authenticated()
  @MutualTls('with-token')
  @Accepts('api-key')
  both(): object {
    return {};
  }

  @Get('key')
  @Authenticated()
  @Accepts('api-key')
  key(): object {
    return {};
  }
}

/** A gateway that knows the key. */
const introspection: Server = createServer((_request, response) => {
  response.setHeader('content-type', 'application/json').end(
    JSON.stringify({
      active: true,
      iss: new URL(issuer.issuer).origin,
      sub: 'stock-robot',
      aud: issuer.audience,
      exp: Math.floor(Date.now() / 1000) + 300,
      client_id: 'key_1',
      sub_type: 'service',
      cred: 'api-key',
      scope: '',
      roles: [],
      acr: 'pwd',
      amr: [],
      auth_time: 1,
      gen: { s: 1, u: 1, p: 1 },
    }),
  );
});
let authority: TestAuthority;
let gateway: TestCertificate;
let app: INestApplication;
let call: ReturnType<typeof createCaller>;

beforeAll(async () => {
  authority = await createTestAuthority();
  gateway = await authority.issue({ spiffeId: 'spiffe://acme/gateway' });
  await new Promise<void>((resolve) => introspection.listen(0, '127.0.0.1', resolve));
  // A server that listens on a port has an address of this shape.
  const { port: introspectionPort } = introspection.address() as AddressInfo;
  const started = await startOrders({
    tls: { ...(await authority.issue()), ca: authority.ca },
    certificates: { caFile: writeTestFile('keys-ca.pem', authority.ca) },
    introspection: { url: `http://127.0.0.1:${introspectionPort}/oauth2/introspect`, apiKey: key },
    controllers: [StockController],
  });
  app = started.app;
  call = createCaller(started.port, authority);
});
afterAll(async () => {
  await app.close();
  introspection.close();
});

describe('an API key at a handler that asks for a certificate with a token', () => {
  it.each([
    { name: 'alone', headers: { 'x-api-key': key }, hasCertificate: false },
    { name: 'as Authorization', headers: { authorization: `ApiKey ${key}` }, hasCertificate: false },
    { name: 'over a connection with a certificate', headers: { 'x-api-key': key }, hasCertificate: true },
  ])('is refused $name', async ({ headers, hasCertificate }) => {
    // The second time the key would be remembered.
    expect(await call('/key', undefined, headers)).toMatchObject({ status: 200 });
    expect(await call('/both', hasCertificate ? gateway : undefined, headers)).toMatchObject({ status: 401 });
  });

  it('counts when the gateway made a token of it that is bound to its certificate', async () => {
    const token = issuer.issueToken({ credential: 'api-key', certificate: gateway.cert });
    expect(await call('/both', gateway, bearer(token))).toMatchObject({ status: 200 });
    expect(await call('/both', undefined, bearer(token))).toMatchObject({ status: 401, reason: 'certificate-missing' });
  });
});
