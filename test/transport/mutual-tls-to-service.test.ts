import 'reflect-metadata';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Controller, Get, Module, Req, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import type { LogFields } from '@sallyport/core';
import { cookie, startTestGateway, type TestGateway } from '@sallyport/gateway/test-support';
import { Authenticated, callerOf, MutualTls, Public, SallyportModule } from '@sallyport/nestjs';
import { createTestAuthority, type TestAuthority, type TestCertificate } from '@sallyport/testing/certificates';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { findFreePorts } from '../../tools/launch/free-ports.ts';

/*
 * A user, the gateway, and a Nest service that takes tokens over its connections alone: what the gateway presents and binds
 * is what the service looks for, also while the certificate is renewed. A thief has tokens and a certificate of the same
 * authority.
 */

const gatewayId = 'spiffe://acme/gateway';
/** What the service was sent, as a thief inside it would read it. */
let stolen: string | undefined;
const reasons: unknown[] = [];

class OrdersController {
  read(incoming: { readonly headers: { readonly authorization?: string } }): object {
    stolen = incoming.headers.authorization;
    const caller = callerOf(incoming);
    return { id: caller.kind === 'anonymous' ? undefined : caller.id };
  }

  health(): string {
    return 'healthy';
  }
}
// By hand: the tests of the whole system are compiled without decorators.
function decorate(name: 'read' | 'health', ...decorators: readonly MethodDecorator[]): void {
  const descriptor = Object.getOwnPropertyDescriptor(OrdersController.prototype, name) ?? {};
  for (const decorator of decorators) decorator(OrdersController.prototype, name, descriptor);
}
decorate('read', Get('orders/:id'), MutualTls('with-token'), Authenticated());
decorate('health', Get('healthz'), Public('the gateway asks how the service is'));
Req()(OrdersController.prototype, 'read', 0);
Controller()(OrdersController);

const note = (_message: string, fields: LogFields): void => void reasons.push(fields['reason']);

const folder = mkdtempSync(join(tmpdir(), 'sallyport-mutual-tls-'));
let authority: TestAuthority;
let first: TestCertificate;
let second: TestCertificate;
let thief: TestCertificate;
let app: INestApplication;
let port: number;
let gateway: TestGateway;
let session: string;

beforeAll(async () => {
  authority = await createTestAuthority();
  [first, second, thief] = await Promise.all([
    authority.issue({ spiffeId: gatewayId }),
    authority.issue({ spiffeId: gatewayId }),
    authority.issue({ spiffeId: 'spiffe://acme/other' }),
  ]);
  writeFileSync(join(folder, 'ca.pem'), authority.ca);
  const own = await authority.issue({ spiffeId: 'spiffe://acme/orders' });
  // The service needs the keys of the gateway, and the gateway the port of the service.
  [port = 0] = await findFreePorts(1);
  gateway = await startTestGateway({
    upstreamTls: { ...first, ca: authority.ca },
    moreRoutes: [
      {
        name: 'orders',
        prefix: '/orders',
        upstream: `https://127.0.0.1:${port}`,
        upstreamTls: { serverId: 'spiffe://acme/orders', bindTokens: true },
      },
      {
        name: 'unbound',
        prefix: '/orders/unbound',
        audience: 'orders',
        upstream: `https://127.0.0.1:${port}`,
        upstreamTls: {},
      },
    ],
  });
  const options = {
    issuer: 'https://app.test/internal',
    audience: 'orders',
    keys: gateway.keyRing.publicKeys('internal'),
    logger: { info: note, warn: note, error: note },
    certificates: { caFile: join(folder, 'ca.pem'), tokensFrom: [gatewayId] },
  };
  class Root {}
  Module({ imports: [SallyportModule.forRoot(options)], controllers: [OrdersController] })(Root);
  app = await NestFactory.create<INestApplication>(Root, new ExpressAdapter(), {
    logger: false,
    abortOnError: false,
    httpsOptions: { ...own, ca: authority.ca, requestCert: true, rejectUnauthorized: false },
  });
  await app.listen(port, '127.0.0.1');
  session = gateway.sessions.add();
});
afterAll(async () => {
  await gateway.close();
  await app.close();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  reasons.length = 0;
  stolen = undefined;
});

const read = (id: string) => gateway.send('GET', `/orders/${id}`, cookie(session));

/** Past the gateway, as a thief comes who has reached its network. */
function sendPast(headers: Record<string, string>, own?: TestCertificate, path = '/orders/1'): Promise<number> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path, headers, agent: false, ca: authority.ca, ...own }, (answer) => {
      answer.resume().on('end', () => resolve(answer.statusCode ?? 0));
    })
      .on('error', reject)
      .end();
  });
}

describe('a service behind mutual TLS', () => {
  it('is told by the gateway who the user is, by bound tokens and by others', async () => {
    for (const id of ['1', 'unbound']) {
      expect(await read(id)).toMatchObject({ status: 200, body: '{"id":"alice"}' });
      expect(stolen).toMatch(/^Bearer /);
    }
  });

  it.each([
    ['with the certificate of another service', () => thief, 'token-of-another-certificate'],
    ['without a certificate', () => undefined, 'certificate-missing'],
  ])('refuses a stolen token %s', async (_, own, reason) => {
    await read('1');
    expect(await sendPast({ authorization: stolen ?? '' }, own())).toBe(401);
    expect(reasons).toContain(reason);
  });

  it('refuses a stolen token that is bound to none, with the certificate of another service', async () => {
    await read('unbound');
    expect(await sendPast({ authorization: stolen ?? '' }, thief)).toBe(401);
    expect(reasons).toContain('certificate-not-of-a-gateway');
  });

  it('refuses a forged certificate of the gateway, and the header of a proxy', async () => {
    await read('1');
    const stranger = await createTestAuthority();
    expect(await sendPast({ authorization: stolen ?? '' }, await stranger.issue({ spiffeId: gatewayId }))).toBe(401);
    const header = `:${first.cert.replaceAll(/-----[^-]+-----|\s/g, '')}:`;
    expect(await sendPast({ authorization: stolen ?? '', 'client-cert': header })).toBe(401);
    expect(reasons).toEqual(
      expect.arrayContaining(['certificate-unknown-authority', 'client-cert-from-undeclared-address']),
    );
  });

  it('refuses what the gateway itself is not signed in for', async () => {
    expect(await sendPast({}, first)).toBe(401);
    expect(reasons).toContain('no-token');
    expect((await gateway.send('GET', '/orders/1')).status).toBe(401);
  });

  it('serves its health check to every client', async () => {
    expect(await sendPast({}, undefined, '/healthz')).toBe(200);
  });

  it('refuses nothing while the certificate of the gateway is renewed under load', async () => {
    const answers: Promise<number>[] = [];
    for (let wave = 0; wave < 8; wave++) {
      for (let n = 0; n < 15; n++) answers.push(read(`${wave}-${n}`).then(({ status }) => status));
      await new Promise((resolve) => setTimeout(resolve, 10));
      gateway.gateway.replaceUpstreamTls({ ...(wave % 2 === 0 ? second : first), ca: authority.ca });
    }
    expect(new Set(await Promise.all(answers))).toEqual(new Set([200]));
    expect(reasons.filter((reason) => reason !== undefined)).toEqual([]);
  });
});
