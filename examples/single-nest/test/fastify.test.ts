import 'reflect-metadata';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Body, Controller, Get, Module, Post, Req, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import {
  Authenticated,
  CurrentPrincipal,
  Public,
  SallyportIdentity,
  SallyportIdentityModule,
  type IdentityTokens,
  type InProcessIdentity,
  type Principal,
  type SessionStart,
} from '@sallyport/nestjs';
import { openInProcessIdentity } from '@sallyport/server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCaller, freePort } from './http-caller.test-support.ts';

const credentials = { email: 'ada@example.com', password: 'violet-kettle-marches-north' };
const dataDir = mkdtempSync(path.join(tmpdir(), 'single-nest-fastify-'));

@Controller()
class TestController {
  constructor(private readonly identity: SallyportIdentity) {}

  @Public('callers who are not signed in')
  @Post('login')
  login(@Req() request: object, @Body() body: object): Promise<IdentityTokens> {
    return this.identity.signIn(request, body as typeof credentials); // Sent by this test.
  }

  @Public('callers who are not signed in')
  @Post('start')
  start(@Req() request: object, @Body() body: object): Promise<SessionStart> {
    return this.identity.startSession(request, body as typeof credentials); // Sent by this test.
  }

  @Authenticated()
  @Get('me')
  me(@CurrentPrincipal() principal: Principal): { readonly id: string } {
    return { id: principal.id };
  }
}

describe('identity in a Nest process on Fastify', () => {
  let app: INestApplication;
  let call: ReturnType<typeof createCaller>;
  let id: string;
  beforeAll(async () => {
    const port = await freePort();
    const publicUrl = `http://localhost:${port}`;
    @Module({
      imports: [
        SallyportIdentityModule.forRoot(openInProcessIdentity, {
          publicUrl,
          policy: { permissions: {}, roles: { user: [] } },
          firstPartyTokens: {},
          dataDir,
          passwords: { answerFloorMilliseconds: 100 },
        }),
      ],
      controllers: [TestController],
    })
    class TestModule {}
    app = await NestFactory.create<INestApplication>(TestModule, new FastifyAdapter(), {
      logger: false,
      abortOnError: false,
    });
    await app.listen(port, 'localhost');
    call = createCaller(publicUrl);
    const identity = app.get<InProcessIdentity>(SallyportIdentity);
    ({ id } = await identity.createUser({ name: 'Ada', ...credentials, roles: ['user'], emailVerified: true }));
  });
  afterAll(async () => {
    await app.close();
    rmSync(dataDir, { recursive: true, force: true });
  });

  it('knows a program by its token and a browser by its cookie', async () => {
    const { body } = await call('POST', '/login', { body: credentials });
    const byToken = await call('GET', '/me', { token: (body as IdentityTokens).accessToken });
    expect(byToken).toMatchObject({ status: 200, body: { id } });
    const { cookie } = await call('POST', '/start', { body: credentials });
    expect(await call('GET', '/me', { cookie })).toMatchObject({ status: 200, body: { id } });
  });

  it('refuses callers without either, and with a wrong password', async () => {
    expect((await call('GET', '/me')).status).toBe(401);
    expect((await call('GET', '/me', { token: 'rubbish' })).status).toBe(401);
    const wrong = { ...credentials, password: 'another-kettle-north-window' };
    expect(await call('POST', '/login', { body: wrong })).toMatchObject({ status: 401 });
  });
});
