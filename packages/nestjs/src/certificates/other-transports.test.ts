import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LogFields, Logger, Principal } from '@sallyport/core';
import { createTestIssuer } from '@sallyport/testing';
import { createTestAuthority, type TestAuthority, type TestCertificate } from '@sallyport/testing/certificates';
import { Controller, Get, Injectable, UseGuards, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { PassportModule } from '@nestjs/passport';
import { ExpressAdapter } from '@nestjs/platform-express';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { Authenticated, GuardedElsewhere, MutualTls } from '../access/declare-access.ts';
import { MESSAGE_TRUST } from '../injection-tokens.ts';
import type { MessageTrust } from '../messages/message-trust.ts';
import { JwtAuthGuard, JwtStrategy, SallyportPassportModule } from '../passport/index.ts';
import { SallyportModule } from '../sallyport-module.ts';
import { SallyportWsAdapter } from '../websockets/index.ts';

const issuer = createTestIssuer();
const lines: LogFields[] = [];
const note = (_message: string, fields?: LogFields): void => void (fields !== undefined && lines.push(fields));
const logger: Logger = { info: note, warn: note, error: note };
const folder = mkdtempSync(join(tmpdir(), 'sallyport-nest-transports-'));

/** As an application has it that hands the verifier on, and knows of nothing else. */
@Injectable()
class OurJwtStrategy extends JwtStrategy {
  override validate({ id }: Principal): unknown {
    return { userId: id };
  }
}

@Controller()
class ClassicController {
  @Get('classic')
  @GuardedElsewhere('by JwtAuthGuard')
  @UseGuards(JwtAuthGuard)
  classic(): string {
    return 'classic';
  }
}

@WebSocketGateway({ path: '/live' })
@Authenticated()
class LiveGateway {
  @SubscribeMessage('me')
  me(): object {
    return { event: 'me' };
  }
}

@WebSocketGateway({ path: '/other' })
class AskingGateway {
  @SubscribeMessage('me')
  @MutualTls('with-token')
  @Authenticated()
  me(): object {
    return { event: 'me' };
  }
}

let authority: TestAuthority;
let gateway: TestCertificate;
let other: TestCertificate;
let app: INestApplication;
let port: number;

beforeAll(async () => {
  authority = await createTestAuthority();
  gateway = await authority.issue({ spiffeId: 'spiffe://acme/gateway' });
  other = await authority.issue({ spiffeId: 'spiffe://acme/other' });
  writeFileSync(join(folder, 'ca.pem'), authority.ca);
  app = await start([ClassicController], [OurJwtStrategy, LiveGateway]);
  await app.listen(0, '127.0.0.1');
  // A server that listens on a port has an address of this shape.
  ({ port } = (app.getHttpServer() as { address(): AddressInfo }).address());
});
afterAll(async () => {
  await app.close();
  rmSync(folder, { recursive: true });
});
beforeEach(() => void (lines.length = 0));

async function start(controllers: (new () => object)[], providers: (new (...values: never[]) => object)[]) {
  const certificates = {
    caFile: join(folder, 'ca.pem'),
    tokensFrom: ['spiffe://acme/gateway'],
    behindProxy: ['127.0.0.1'],
  };
  const options = { issuer: issuer.issuer, audience: issuer.audience, keys: issuer.jwks(), logger, certificates };
  const root = {
    module: class Root {},
    imports: [SallyportModule.forRoot(options), PassportModule],
    controllers,
    providers,
  };
  const made = await NestFactory.create<INestApplication>(root, new ExpressAdapter(), {
    logger: false,
    abortOnError: false,
  });
  made.useWebSocketAdapter(new SallyportWsAdapter(made));
  return made;
}

function headersOf(token: string, certificate: TestCertificate | undefined): Record<string, string> {
  const header = certificate?.cert.replaceAll(/-----[^-]+-----|\s/g, '');
  return { authorization: `Bearer ${token}`, ...(header === undefined ? {} : { 'client-cert': `:${header}:` }) };
}

describe.each<[string, () => string, () => TestCertificate | undefined, boolean]>([
  ['a token over the connection of the gateway', () => issuer.issueToken(), () => gateway, true],
  ['a bound token over its connection', () => issuer.issueToken({ certificate: gateway.cert }), () => gateway, true],
  ['a token over another connection', () => issuer.issueToken(), () => other, false],
  ['a token without a certificate', () => issuer.issueToken(), () => undefined, false],
  ['a bound token over another connection', () => issuer.issueToken({ certificate: other.cert }), () => gateway, false],
])('%s', (_, token, certificate, isTaken) => {
  it(`is ${isTaken ? 'taken' : 'refused'} by the strategy of Passport`, async () => {
    const answer = await fetch(`http://127.0.0.1:${port}/classic`, { headers: headersOf(token(), certificate()) });
    expect(answer.status).toBe(isTaken ? 200 : 401);
  });

  it(`is ${isTaken ? 'taken' : 'refused'} in the handshake of a WebSocket`, async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/live`, { headers: headersOf(token(), certificate()) });
    const [event] = await Promise.race([
      once(socket, 'open').then(() => ['open']),
      once(socket, 'unexpected-response').then(() => ['refused']),
    ]);
    socket.on('error', () => {}).terminate();
    expect(event).toBe(isTaken ? 'open' : 'refused');
  });
});

describe('a token in a message', () => {
  it('is refused where tokens count over connections alone, or it is bound to one', () => {
    const trust = app.get<MessageTrust>(MESSAGE_TRUST);
    const messageWith = (token: string) => ({
      call: {},
      sealedBy: undefined,
      authorization: `Bearer ${token}`,
      destination: 'orders.create',
      payload: {},
      delivery: undefined,
      isGrpc: false,
    });
    return Promise.all(
      [issuer.issueToken(), issuer.issueToken({ certificate: gateway.cert })].map((token) =>
        expect(trust.verify(messageWith(token))).rejects.toMatchObject({ reason: 'certificate-not-of-this-transport' }),
      ),
    );
  });
});

describe('what looks at no certificates', () => {
  it('refuses to start with a message of a WebSocket that asks for one', async () => {
    await expect(start([], [AskingGateway])).rejects.toThrow(/AskingGateway\.me \(WebSocket\).*HTTP and GraphQL alone/);
  });

  it('is the module for guards of the application, which has no use for them', () => {
    const certificates = { caFile: join(folder, 'ca.pem') };
    const options = { issuer: issuer.issuer, audience: issuer.audience, keys: issuer.jwks(), certificates };
    expect(() => SallyportPassportModule.forRoot(options)).toThrow(/no use for certificates/);
  });
});
