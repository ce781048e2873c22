import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { INestApplication } from '@nestjs/common';
import { mongo } from 'mongoose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApplication } from '../src/create-application.ts';
import { createCaller, freePort, type Answer } from './http-caller.test-support.ts';

const mongodbUrl = process.env['TEST_MONGODB_URL'];
const redisUrl = process.env['TEST_REDIS_URL'];
const password = 'violet-kettle-marches-north';

interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: string;
}

describe.skipIf(mongodbUrl === undefined || redisUrl === undefined)('one Nest process [mongodb, redis]', () => {
  let app: INestApplication;
  let origin: string;
  let database: URL;
  let call: ReturnType<typeof createCaller>;
  const dataDir = mkdtempSync(path.join(tmpdir(), 'single-nest-'));
  const mails: { readonly to: string; readonly text: string }[] = [];

  beforeAll(async () => {
    const port = await freePort();
    origin = `http://localhost:${port}`;
    call = createCaller(origin);
    database = new URL(mongodbUrl ?? '');
    database.pathname = `/single-${randomUUID()}`;
    const environment = { DATABASE_URL: database.href, REDIS_URL: redisUrl };
    app = await createApplication(
      { port, publicUrl: origin, mongodbUrl: database.href, environment },
      {
        dataDir,
        redis: { prefix: `single-${randomUUID()}:` },
        passwords: { answerFloorMilliseconds: 100 },
        mailer: { send: async ({ to, text }) => void mails.push({ to, text }) },
      },
    );
    await app.listen(port, 'localhost');
  });
  afterAll(async () => {
    await app.close();
    const client = new mongo.MongoClient(database.href);
    await client.db().dropDatabase();
    await client.close();
    rmSync(dataDir, { recursive: true, force: true });
  });

  /** Registers, and opens the mailed link in the same browser. */
  const newUser = async (): Promise<string> => {
    const email = `${randomUUID()}@example.com`;
    const registered = await call('POST', '/auth/register', { body: { name: 'Ada', email, password } });
    expect(registered).toMatchObject({ status: 202, body: { status: 'verification-sent' } });
    await expect.poll(() => mails.some(({ to }) => to === email)).toBe(true);
    const token = /#token=([\w-]+)|[?&]token=([\w-]+)/.exec(mails.find(({ to }) => to === email)?.text ?? '');
    const verified = await call('POST', '/auth/verify-email', {
      body: { token: token?.[1] ?? token?.[2] },
      cookie: registered.cookie,
    });
    expect(verified.status).toBe(200);
    return email;
  };
  /** Most tests are of one user: to make one takes a mail and three requests. */
  let ada: Promise<string> | undefined;
  const known = (): Promise<string> => (ada ??= newUser());
  const login = async (email: string): Promise<Tokens> => {
    const { status, body } = await call('POST', '/auth/login', { body: { email, password, device: 'Laptop' } });
    expect(status).toBe(200);
    return body as Tokens;
  };
  const signIn = (email: string, secret = password): Promise<Answer> =>
    call('POST', '/sign-in', { form: { email, password: secret }, headers: { origin } });

  describe('a program', () => {
    it('registers, proves the address, signs in and is known by its access token', async () => {
      const email = await known();
      const { accessToken } = await login(email);
      const { status, body } = await call('GET', '/auth/me', { token: accessToken });
      expect({ status, body }).toEqual({
        status: 200,
        body: { id: expect.any(String) as unknown, email, roles: ['user'] },
      });
    });

    it('is not signed in before the address is proved', async () => {
      const email = `${randomUUID()}@example.com`;
      await call('POST', '/auth/register', { body: { name: 'Ada', email, password } });
      const { status, body } = await call('POST', '/auth/login', { body: { email, password } });
      expect({ status, code: (body as { code: string }).code }).toEqual({ status: 403, code: 'SP_EMAIL_UNVERIFIED' });
    });

    it('learns nothing from a second registration with an address', async () => {
      const email = await known();
      const again = await call('POST', '/auth/register', { body: { name: 'Eve', email, password } });
      expect(again).toMatchObject({ status: 202, body: { status: 'verification-sent' } });
    });

    it('is refused with a wrong password, and with one that is too short', async () => {
      const email = await known();
      const wrong = await call('POST', '/auth/login', { body: { email, password: 'another-kettle-north' } });
      expect(wrong).toMatchObject({ status: 401, body: { code: 'SP_CREDENTIALS_INVALID' } });
      const person = { name: 'Ada', email: 'short@example.com', password: 'short' };
      const short = await call('POST', '/auth/register', { body: person });
      expect(short).toMatchObject({ status: 422, body: { errors: [{ field: 'password' }] } });
    });

    it('refreshes, each token once, and is signed out with all its tokens', async () => {
      const first = await login(await known());
      const { status, body } = await call('POST', '/auth/refresh', { body: { refreshToken: first.refreshToken } });
      expect(status).toBe(200);
      const second = body as Tokens;
      expect(second.refreshToken).not.toBe(first.refreshToken);
      expect((await call('GET', '/auth/me', { token: second.accessToken })).status).toBe(200);
      const out = await call('POST', '/auth/logout', { body: { refreshToken: second.refreshToken } });
      expect(out.status).toBe(204);
      expect((await call('GET', '/auth/me', { token: second.accessToken })).status).toBe(401);
      const late = await call('POST', '/auth/refresh', { body: { refreshToken: second.refreshToken } });
      expect(late).toMatchObject({ status: 400, body: { code: 'SP_REFRESH_TOKEN_INVALID' } });
    });

    it('gets one successor for two refreshes at once', async () => {
      const { refreshToken } = await login(await known());
      const answers = await Promise.all([1, 2].map(() => call('POST', '/auth/refresh', { body: { refreshToken } })));
      expect(answers.map(({ status }) => status)).toEqual([200, 200]);
      expect(new Set(answers.map(({ body }) => (body as Tokens).refreshToken)).size).toBe(1);
    });

    it.each(['rubbish', 'eyJhbGciOiJub25lIn0.e30.'])('is refused with the token %s', async (token) => {
      expect((await call('GET', '/auth/me', { token })).status).toBe(401);
    });

    it('is told 401 where it presents nothing, whatever headers it makes up', async () => {
      const headers = { 'x-forwarded-user': 'admin', 'x-sallyport-principal': '{}' };
      expect((await call('GET', '/auth/me', { headers })).status).toBe(401);
      expect((await call('POST', '/notes', { body: { text: 'x' } })).status).toBe(401);
    });
  });

  describe('a browser', () => {
    it('signs in by the form, writes and reads notes on pages, and signs out', async () => {
      const started = await signIn(await known());
      expect(started).toMatchObject({ status: 303, location: '/my-notes' });
      const { cookie } = started;
      const own = { cookie, headers: { origin } };
      const written = await call('POST', '/my-notes', { ...own, form: { text: '<b>bread</b>' } });
      expect(written).toMatchObject({ status: 303, location: '/my-notes' });
      const page = await call('GET', '/my-notes', { cookie });
      expect(page.status).toBe(200);
      expect(page.body).toContain('Notes of Ada');
      expect(page.body).toContain('&lt;b&gt;bread&lt;/b&gt;');
      expect(page.headers.get('cache-control')).toBe('no-store');
      expect(await call('POST', '/sign-out', own)).toMatchObject({ status: 303, location: '/' });
      expect((await call('GET', '/my-notes', { cookie })).status).toBe(401);
    });

    it('holds a cookie that no script can read, and no token', async () => {
      const { setCookie, body } = await signIn(await known());
      expect(setCookie.join('\n')).toMatch(/^sallyport-\d+=.*HttpOnly; SameSite=Lax/m);
      expect(JSON.stringify(body)).not.toMatch(/eyJ|sp_rt_/);
    });

    it('is led back to the form by a wrong password, without a session', async () => {
      const { status, location, setCookie } = await signIn(await known(), 'another-kettle-north');
      expect({ status, location }).toEqual({ status: 303, location: '/sign-in?failed' });
      expect(setCookie.filter((one) => /^sallyport-\d+=./.test(one))).toEqual([]);
    });

    it('cannot be made to write by another site', async () => {
      const { cookie } = await signIn(await known());
      const foreign = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' };
      const answer = await call('POST', '/my-notes', { cookie, headers: foreign, form: { text: 'written elsewhere' } });
      expect(answer).toMatchObject({ status: 403 });
      const page = await call('GET', '/my-notes', { cookie });
      expect(page.body).not.toContain('written elsewhere');
    });

    it('cannot be signed in to another account by another site', async () => {
      const email = await known();
      const foreign = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' };
      const answer = await call('POST', '/sign-in', { form: { email, password }, headers: foreign });
      expect({ status: answer.status, setCookie: answer.setCookie }).toEqual({ status: 403, setCookie: [] });
    });

    it('is shown the built-in pages beside those of the application', async () => {
      const page = await call('GET', '/auth/forgot', { headers: { accept: 'text/html' } });
      expect(page.status).toBe(200);
      expect(page.body).toContain('<form');
    });

    it('sees its device in the list of sessions', async () => {
      const { cookie } = await signIn(await known());
      const { body } = await call('GET', '/auth/sessions', { cookie });
      expect(
        (body as { sessions: readonly { current: boolean }[] }).sessions.filter(({ current }) => current),
      ).toHaveLength(1);
    });
  });
});
