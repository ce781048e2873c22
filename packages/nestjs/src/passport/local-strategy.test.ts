import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Controller, HttpCode, Injectable, Post, Req, UseGuards, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { PassportModule } from '@nestjs/passport';
import { ExpressAdapter } from '@nestjs/platform-express';
import { OptionsError } from '@sallyport/core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { LocalAuthGuard, LocalStrategy, type SignedInTokens } from './index.ts';

const tokens = { access_token: 'sp_at_1', refresh_token: 'sp_rt_1', token_type: 'Bearer', expires_in: 600 };

/** Answers as `POST /auth/token` of the gateway does. */
const sent: { url: string | undefined; body: unknown }[] = [];
let answer: { status: number; body: object | string; headers?: Record<string, string> };
const gateway = createServer((request, response) => {
  let text = '';
  request.on('data', (chunk) => (text += String(chunk)));
  request.on('end', () => {
    sent.push({ url: request.url, body: JSON.parse(text) });
    response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers });
    response.end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body));
  });
});

@Controller('auth')
class AuthController {
  @Post('login')
  @HttpCode(200)
  @UseGuards(LocalAuthGuard)
  login(@Req() request: { user: unknown }): unknown {
    return request.user;
  }
}

/** An application that answers in the form which its clients know. */
@Injectable()
class OurLocalStrategy extends LocalStrategy {
  override validate({ access_token }: SignedInTokens): unknown {
    return access_token === 'of-no-user' ? null : { access_token };
  }
}

let app: INestApplication;
let url: string;
let publicUrl: string;
beforeAll(async () => {
  await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve));
  publicUrl = `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`;
  const useFactory = (): LocalStrategy =>
    new OurLocalStrategy({ publicUrl, usernameField: 'email', timeoutMilliseconds: 300 });
  const root = {
    module: class Root {},
    imports: [PassportModule],
    providers: [{ provide: LocalStrategy, useFactory }],
    controllers: [AuthController],
  };
  app = await NestFactory.create<INestApplication>(root, new ExpressAdapter(), { logger: false, abortOnError: false });
  await app.listen(0, '127.0.0.1');
  url = `http://127.0.0.1:${(app.getHttpServer() as { address(): AddressInfo }).address().port}/auth/login`;
});
afterAll(async () => {
  await app.close();
  gateway.closeAllConnections();
  gateway.close();
});
beforeEach(() => {
  sent.length = 0;
  answer = { status: 200, body: tokens };
});

const login = (body: object): Promise<Response> =>
  fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
const ada = { email: 'ada@example.com', password: 'canary heron basalt' };

describe('a sign-in at a route of the application', () => {
  it('is checked by the gateway, whose tokens the handler gets', async () => {
    const response = await login(ada);
    expect([response.status, await response.json()]).toEqual([200, { access_token: 'sp_at_1' }]);
    expect(sent).toEqual([{ url: '/auth/token', body: ada }]);
  });

  it.each([
    { name: 'no password', body: { email: 'ada@example.com' } },
    { name: 'an empty password', body: { ...ada, password: '' } },
    { name: 'a list for a password', body: { ...ada, password: ['a'] } },
    { name: 'an object for an address', body: { ...ada, email: { $ne: null } } },
    { name: 'nothing', body: {} },
  ])('with $name is 401, and the gateway is not asked', async ({ body }) => {
    expect((await login(body)).status).toBe(401);
    expect(sent).toEqual([]);
  });

  it.each([
    { code: 'SP_CREDENTIALS_INVALID', sentStatus: 400, status: 401 },
    { code: 'SP_EMAIL_UNVERIFIED', sentStatus: 400, status: 403 },
    { code: 'SP_ACCOUNT_DISABLED', sentStatus: 400, status: 403 },
    { code: 'SP_STORE_UNAVAILABLE', sentStatus: 503, status: 503 },
  ])('that the gateway refuses with $code is $status', async ({ code, sentStatus, status }) => {
    answer = { status: sentStatus, body: { error: 'invalid_grant', code } };
    const response = await login(ada);
    expect(response.status).toBe(status);
    const text = await response.text();
    expect(JSON.parse(text)).toMatchObject({ statusCode: status, code });
    expect(text).not.toContain('canary');
  });

  it('that is limited stays limited', async () => {
    answer = { status: 429, body: { code: 'SP_TOO_MANY_ATTEMPTS' }, headers: { 'retry-after': '30' } };
    expect((await login(ada)).status).toBe(429);
  });

  it('for which a second factor is due gives the caller what the next step needs', async () => {
    const body = { error: 'mfa_required', mfa_token: 'm', methods: ['totp'], code: 'SP_SECOND_FACTOR_REQUIRED' };
    answer = { status: 401, body };
    const response = await login(ada);
    expect([response.status, await response.json()]).toEqual([401, body]);
  });

  it('that validate refuses is 401', async () => {
    answer = { status: 200, body: { ...tokens, access_token: 'of-no-user' } };
    expect((await login(ada)).status).toBe(401);
  });

  it.each([
    { name: 'a page', given: { status: 200, body: '<html>' } },
    { name: 'no tokens', given: { status: 200, body: {} } },
    { name: 'a redirect', given: { status: 307, body: '', headers: { location: 'http://127.0.0.1:9/' } } },
    { name: 'a gateway without such tokens', given: { status: 404, body: { code: 'SP_NOT_FOUND' } } },
    { name: 'a code that is not known', given: { status: 400, body: { code: 'constructor' } } },
    { name: 'a failure of a proxy', given: { status: 502, body: '{}' } },
  ])('at which $name answers is 503, never 401', async ({ given }) => {
    answer = given;
    expect((await login(ada)).status).toBe(503);
  });

  it.each(['http://app.example.com', 'ftp://app.example.com', 'app.example.com', ''])(
    'is not sent to %j, where the password would travel in clear',
    (address) => {
      expect(() => new LocalStrategy({ publicUrl: address })).toThrow(OptionsError);
    },
  );
});
