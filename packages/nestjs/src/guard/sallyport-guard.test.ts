import type { AddressInfo } from 'node:net';
import { createTestIssuer } from '@sallyport/testing';
import { Controller, Get, type INestApplication } from '@nestjs/common';
import { ExternalContextCreator, NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Authenticated, Public, Roles } from '../access/declare-access.ts';
import { SallyportModule } from '../sallyport-module.ts';

const issuer = createTestIssuer({ roles: { user: [], admin: [] } });

abstract class Report {
  @Get()
  read(): string {
    return 'the report';
  }
}

@Controller('staff/report')
@Roles('admin')
class StaffReport extends Report {}

@Controller('member/report')
@Authenticated()
class MemberReport extends Report {}

@Controller('open/report')
@Public('a report for everyone')
class OpenReport extends Report {}

let app: INestApplication;
let url: string;

beforeAll(async () => {
  const root = {
    module: class Root {},
    imports: [SallyportModule.forRoot({ issuer: issuer.issuer, audience: issuer.audience, keys: issuer.jwks() })],
    controllers: [StaffReport, MemberReport, OpenReport],
  };
  app = await NestFactory.create<INestApplication>(root, new ExpressAdapter(), { logger: false });
  await app.listen(0, '127.0.0.1');
  url = `http://127.0.0.1:${(app.getHttpServer() as { address(): AddressInfo }).address().port}`;
});
afterAll(() => app.close());

describe('a handler that several controllers inherit', () => {
  const statusOf = async (path: string, role?: string): Promise<number> => {
    const headers: Record<string, string> =
      role === undefined ? {} : { authorization: `Bearer ${issuer.tokenFor(role)}` };
    return (await fetch(`${url}${path}`, { headers })).status;
  };

  it('asks for what the controller of the request declares, also after requests to another one', async () => {
    // Twice, and so in every order: what was found out for one must not answer for another.
    for (let round = 0; round < 2; round++) {
      expect(await statusOf('/open/report')).toBe(200);
      expect(await statusOf('/member/report')).toBe(401);
      expect(await statusOf('/member/report', 'user')).toBe(200);
      expect(await statusOf('/staff/report', 'user')).toBe(403);
      expect(await statusOf('/staff/report', 'admin')).toBe(200);
    }
  });
});

describe('a call over another transport than HTTP', () => {
  /** Calls a handler as Nest does for transports that are not its own: guards included, with arguments of the caller. */
  const call = (controller: typeof StaffReport | typeof OpenReport, transport: string): Promise<unknown> => {
    const instance = app.get<Report>(controller);
    const options = { guards: true, interceptors: false, filters: false };
    const handle = app
      .get(ExternalContextCreator)
      // oxlint-disable-next-line typescript/unbound-method -- Nest finds the declarations by the method itself.
      .create(instance, instance.read, 'read', undefined, undefined, undefined, undefined, options, transport);
    // A message that is built like an HTTP request, with a token that would open the handler over HTTP.
    return handle({ headers: { authorization: `Bearer ${issuer.tokenFor('admin')}` } });
  };

  it.each([
    { transport: 'ws', code: 'SP_UNAUTHENTICATED', reason: 'no-token' },
    { transport: 'graphql', code: 'SP_UNAUTHENTICATED', reason: 'no-token' },
    { transport: 'custom', code: 'SP_ACCESS_UNDECLARED', reason: 'transport-not-guarded' },
  ])('is refused over $transport where the handler is guarded', async ({ transport, code, reason }) => {
    await expect(call(StaffReport, transport)).rejects.toMatchObject({ code, reason });
  });

  it('is refused over rpc by the exception that Nest answers with, whose cause says why', async () => {
    await expect(call(StaffReport, 'rpc')).rejects.toMatchObject({
      error: { code: 'SP_UNAUTHENTICATED', statusCode: 401 },
      cause: { code: 'SP_UNAUTHENTICATED', reason: 'no-token' },
    });
  });

  it.each(['rpc', 'ws', 'graphql', 'custom'])('passes over %s where the handler is public', async (transport) => {
    expect(await call(OpenReport, transport)).toBe('the report');
  });

  it('would pass over HTTP with the same token', async () => {
    expect(await call(StaffReport, 'http')).toBe('the report');
  });
});
