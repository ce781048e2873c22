import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { Injectable, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { ManagedUser } from '@sallyport/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OptionsError, SallyportUsers, SallyportUsersModule, UsersError } from '../index.ts';
import type { SallyportUsersOptions } from './users-options.ts';

const apiKey = `sp_key_${'k'.repeat(38)}`;
const robin: ManagedUser = {
  id: 'robin-1',
  email: 'robin@example.test',
  name: 'Robin',
  roles: ['user'],
  status: 'active',
  emailVerified: true,
  ban: null,
  createdAt: '2026-01-01T00:00:00.000Z',
  expiresAt: null,
};

interface Asked {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly key: unknown;
  readonly body: string;
}

let server: Server;
let asked: Asked[];
/** What is answered, one after the other; the last one again and again. */
let answers: ((response: ServerResponse, request: IncomingMessage) => void)[];
beforeEach(async () => {
  asked = [];
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method, url, headers } = request;
      asked.push({ method, url, key: headers['x-api-key'], body: Buffer.concat(chunks).toString() });
      const answer = answers.length > 1 ? answers.shift() : answers[0];
      answer?.(response, request);
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

const urlOf = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const open = (change: Partial<SallyportUsersOptions> = {}): SallyportUsers =>
  new SallyportUsers({ url: urlOf(), apiKey, ...change });
const json =
  (status: number, body: unknown, headers: Readonly<Record<string, string>> = {}) =>
  (response: ServerResponse): void =>
    void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
const problem = (status: number, code: string, more: object = {}, headers: Readonly<Record<string, string>> = {}) =>
  json(status, { status, code, title: 'No', requestId: 'req-1', ...more }, headers);
const user = json(200, { user: robin });
const breakOff = (response: ServerResponse): void => void response.destroy();

async function errorOf(work: Promise<unknown>): Promise<UsersError> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof UsersError) return error;
  throw new TypeError(`no UsersError: ${inspect(error)}`);
}

describe('the client of the users API', () => {
  it('sends each order as the gateway reads it, with the key in its header', async () => {
    answers = [user];
    const users = open();
    await users.findById('robin-1');
    await users.create({ email: robin.email, name: 'Robin', roles: ['user'] });
    await users.invite('robin-1');
    await users.setRoles('robin-1', ['vendor']);
    await users.ban('robin-1', { until: new Date('2199-01-01T00:00:00Z'), reason: 'Spam' });
    await users.unban('robin-1');
    answers = [(response) => void response.writeHead(204).end()];
    expect(await users.delete('robin-1')).toBe(true);
    expect(asked.map(({ method, url, body }) => [method, url, body])).toEqual([
      ['GET', '/manage/users/robin-1', ''],
      ['POST', '/manage/users', '{"email":"robin@example.test","name":"Robin","roles":["user"]}'],
      ['POST', '/manage/users/robin-1/invitation', ''],
      ['PUT', '/manage/users/robin-1/roles', '{"roles":["vendor"]}'],
      ['PUT', '/manage/users/robin-1/ban', '{"until":"2199-01-01T00:00:00.000Z","reason":"Spam"}'],
      ['DELETE', '/manage/users/robin-1/ban', ''],
      ['DELETE', '/manage/users/robin-1', ''],
    ]);
    expect(new Set(asked.map(({ key }) => key))).toEqual(new Set([apiKey]));
  });

  it('reads a list page by page, also over pages that are empty, and stops where the caller does', async () => {
    const page = (ids: readonly string[], next: string | null) =>
      json(200, { users: ids.map((id) => ({ ...robin, id })), next });
    answers = [page(['a', 'b'], 'b'), page([], 'x'), page(['c'], null)];
    const ids: string[] = [];
    for await (const { id } of open().list({ role: 'user', createdFrom: new Date(0) })) ids.push(id);
    expect(ids).toEqual(['a', 'b', 'c']);
    expect(asked.map(({ url }) => url)).toEqual(
      ['', '&after=b', '&after=x'].map(
        (after) => `/manage/users?role=user&createdFrom=1970-01-01T00%3A00%3A00.000Z&limit=100${after}`,
      ),
    );
    answers = [page(['a', 'b'], 'b')];
    for await (const { id } of open().list()) if (id === 'a') break;
    expect(asked).toHaveLength(4);
  });

  it('ends a list that a gateway would continue for ever', async () => {
    answers = [json(200, { users: [], next: 'same' })];
    for await (const _ of open().list());
    expect(asked).toHaveLength(2);
  });

  it('finds by an address in any letters, and nothing as null', async () => {
    answers = [json(200, { users: [robin], next: null })];
    expect(await open().findByEmail('a+b&c@example.test')).toEqual(robin);
    expect(asked[0]?.url).toBe('/manage/users?email=a%2Bb%26c%40example.test');
    answers = [json(200, { users: [], next: null })];
    expect(await open().findByEmail('x@example.test')).toBeNull();
    answers = [problem(404, 'SP_NOT_FOUND', { errors: [{ field: 'id', message: 'is that of no account' }] })];
    expect(await open().findById('gone')).toBeNull();
    expect(await open().delete('gone')).toBe(false);
  });

  it.each(['', '.', '..', '../roles', 'a/b', 'a?b', 'a#b', '%2e%2e', 'a'.repeat(101), 'ä'])(
    'sends no request for the id "%s"',
    async (id) => {
      answers = [user];
      const users = open();
      expect(await users.findById(id)).toBeNull();
      expect(await users.delete(id)).toBe(false);
      const works = [users.ban(id), users.unban(id), users.invite(id), users.setRoles(id, [])];
      const errors = await Promise.all(works.map(errorOf));
      expect(errors.map(({ kind }) => kind)).toEqual(works.map(() => 'not-found'));
      expect(asked).toEqual([]);
    },
  );

  it.each([
    [400, 'SP_JSON_MALFORMED', 'invalid'],
    [401, 'SP_UNAUTHENTICATED', 'unauthenticated'],
    [403, 'SP_FORBIDDEN', 'forbidden'],
    [403, 'SP_AUTHORITY_EXCEEDED', 'forbidden'],
    [409, 'SP_CONFLICT', 'conflict'],
    [409, 'SP_LAST_MANAGER', 'conflict'],
    [413, 'SP_BODY_TOO_LARGE', 'invalid'],
    [422, 'SP_VALIDATION_FAILED', 'invalid'],
    [422, 'SP_PASSWORD_UNACCEPTABLE', 'invalid'],
    [429, 'SP_TOO_MANY_REQUESTS', 'limited'],
    [500, 'SP_INTERNAL', 'unavailable'],
    [503, 'SP_STORE_UNAVAILABLE', 'unavailable'],
  ] as const)('tells apart a change that is answered %i %s', async (status, code, kind) => {
    const fields = [{ field: 'email', message: 'has an account' }];
    answers = [problem(status, code, { errors: fields }, { 'retry-after': '60' })];
    const error = await errorOf(open().create({ email: robin.email, name: 'Robin' }));
    expect(error).toMatchObject({ kind, status, code, fields, requestId: 'req-1', retryAfterSeconds: 60 });
    expect(error.message).toBe(`${code}: No (email has an account)`);
    expect(asked).toHaveLength(1);
  });

  it.each([
    ['a page of a proxy', (response: ServerResponse) => void response.writeHead(404).end('<html>')],
    ['a 404 that is about no account', problem(404, 'SP_NOT_FOUND')],
    ['a 403 without a code of ours', json(403, { message: 'Forbidden' })],
    ['a redirect', (response: ServerResponse) => void response.writeHead(302, { location: urlOf() }).end()],
    ['text', (response: ServerResponse) => void response.end('ok')],
    ['a list', json(200, [])],
    ['a user without an address', json(200, { user: { ...robin, email: undefined } })],
    ['a user of an unknown status', json(200, { user: { ...robin, status: 'frozen' } })],
    ['a user with roles of another kind', json(200, { user: { ...robin, roles: 'admin' } })],
    ['nothing', json(200, {})],
  ])('is not read from %s', async (_name, answer) => {
    answers = [answer];
    expect((await errorOf(open().findById('robin-1'))).kind).toBe('unreadable');
    expect(asked).toHaveLength(1);
  });

  it('takes no more of an answer than it could hold', async () => {
    answers = [(response) => void response.end(`{"user":"${'a'.repeat(5_000_000)}"}`)];
    expect((await errorOf(open().findById('robin-1'))).kind).toBe('unreadable');
  });

  describe('asks again', () => {
    it.each([
      ['is broken off', breakOff],
      ['is 502', problem(502, 'SP_UPSTREAM_UNAVAILABLE')],
      ['is 503', problem(503, 'SP_STORE_UNAVAILABLE', {}, { 'retry-after': '0' })],
      ['is 429', problem(429, 'SP_TOO_MANY_REQUESTS', {}, { 'retry-after': '0' })],
    ])('for what changes nothing, when an answer %s', async (_name, failure) => {
      answers = [failure, failure, user];
      expect(await open().findById('robin-1')).toEqual(robin);
      expect(asked).toHaveLength(3);
    });

    it('no more often than it was told', async () => {
      answers = [problem(503, 'SP_STORE_UNAVAILABLE')];
      expect((await errorOf(open({ retries: 1 }).page())).kind).toBe('unavailable');
      expect(asked).toHaveLength(2);
      expect((await errorOf(open({ retries: 0 }).page())).kind).toBe('unavailable');
      expect(asked).toHaveLength(3);
    });

    it('for no change whose answer is missing: it may have been made', async () => {
      answers = [breakOff];
      const users = open();
      const changes = [
        users.create({ email: robin.email, name: 'Robin' }),
        users.invite('robin-1'),
        users.setRoles('robin-1', []),
        users.ban('robin-1'),
        users.unban('robin-1'),
        users.delete('robin-1'),
      ];
      const errors = await Promise.all(changes.map(errorOf));
      expect(errors.map(({ kind }) => kind)).toEqual(changes.map(() => 'unreachable'));
      expect(asked).toHaveLength(changes.length);
    });

    it('for a change that was refused for its number, and so was not made', async () => {
      answers = [problem(429, 'SP_TOO_MANY_REQUESTS', {}, { 'retry-after': '0' }), user];
      expect(await open().unban('robin-1')).toEqual(robin);
    });

    it('for nothing that would wait long', async () => {
      answers = [problem(429, 'SP_TOO_MANY_REQUESTS', {}, { 'retry-after': '6' })];
      expect(await errorOf(open().page())).toMatchObject({ kind: 'limited', retryAfterSeconds: 6 });
      expect(asked).toHaveLength(1);
    });
  });

  it('does not wait for an answer that does not come', async () => {
    answers = [() => {}];
    const error = await errorOf(open({ timeoutMilliseconds: 50, retries: 0 }).findById('robin-1'));
    expect(error).toMatchObject({ kind: 'unreachable', message: 'the gateway did not answer within 50 ms' });
  });
});

describe('the key', () => {
  it('is read before each request, and blanks around it do not count', async () => {
    answers = [user];
    const keys = [`${apiKey}\n`, `sp_key_${'n'.repeat(38)}`];
    const users = open({ apiKey: async () => keys.shift() ?? '' });
    await users.findById('robin-1');
    await users.findById('robin-1');
    expect(asked.map(({ key }) => key)).toEqual([apiKey, `sp_key_${'n'.repeat(38)}`]);
  });

  it.each([
    ['is none', () => 'canary\nof-a-secret'],
    ['cannot be read', () => Promise.reject(new Error('ENOENT'))],
  ])('that %s is sent nowhere and repeated nowhere', async (_name, read) => {
    const error = await errorOf(open({ apiKey: read }).findById('robin-1'));
    expect(error.kind).toBe('unauthenticated');
    expect(inspect(error)).not.toContain('canary');
    expect(asked).toEqual([]);
  });

  it('is in no error and in nothing that is printed', async () => {
    const users = open({ retries: 0, timeoutMilliseconds: 200 });
    for (const answer of [breakOff, problem(401, 'SP_UNAUTHENTICATED'), json(200, []), () => {}]) {
      answers = [answer];
      expect(inspect(await errorOf(users.findById('robin-1')), { depth: 9 })).not.toContain(apiKey);
    }
    expect(`${inspect(users, { depth: 9, showHidden: true })}${JSON.stringify(users)}`).not.toContain(apiKey);
  });
});

describe('its options', () => {
  it.each([
    ['url', { url: 'app.example.com' }],
    ['url', { url: 'ftp://app.example.com' }],
    ['url', { url: 'https://app.example.com/base' }],
    ['url', { url: 'https://canary:secret@app.example.com' }],
    ['url', { url: 'http://app.example.com' }],
    ['apiKey', { apiKey: '' }],
    ['apiKey', { apiKey: 'canary' }],
    ['apiKey', { apiKey: undefined }],
    ['timeoutMilliseconds', { timeoutMilliseconds: 0 }],
    ['timeoutMilliseconds', { timeoutMilliseconds: Number.NaN }],
    ['retries', { retries: -1 }],
    ['retries', { retries: 11 }],
    ['retry', { retry: 1 }],
  ])('are refused by the name %s, and no value is shown', (key, change) => {
    const construct = (): unknown =>
      SallyportUsersModule.forRoot({ url: 'https://app.example.com', apiKey, ...(change as object) });
    expect(construct).toThrow(OptionsError);
    expect(construct).toThrow(key);
    expect(construct).not.toThrow(/canary/);
  });

  it.each([
    { url: 'http://localhost:3000', apiKey },
    { url: 'http://gateway:3000/', apiKey, allowPlainHttpOnPrivateNetwork: true },
    { url: 'https://app.example.com', apiKey: () => 'later', retries: 0 },
  ])('are accepted: $url', (options) => {
    expect(() => new SallyportUsers(options)).not.toThrow();
  });
});

describe('the module', () => {
  it.each([
    ['forRoot', () => SallyportUsersModule.forRoot({ url: urlOf(), apiKey })],
    ['forRootAsync', () => SallyportUsersModule.forRootAsync({ useFactory: () => ({ url: urlOf(), apiKey }) })],
  ])('gives the client to the providers of who imports it: %s', async (_name, describeModule) => {
    answers = [user];
    @Injectable()
    class Onboarding {
      readonly #users: SallyportUsers;
      constructor(users: SallyportUsers) {
        this.#users = users;
      }
      find(): Promise<ManagedUser | null> {
        return this.#users.findById('robin-1');
      }
    }
    @Module({ imports: [describeModule()], providers: [Onboarding] })
    class Root {}
    const app = await Test.createTestingModule({ imports: [Root] }).compile();
    expect(await app.get(Onboarding).find()).toEqual(robin);
    await app.close();
  });

  it('keeps an application with bad options from starting', async () => {
    const bad = SallyportUsersModule.forRootAsync({ useFactory: () => ({ url: 'nowhere', apiKey }) });
    await expect(Test.createTestingModule({ imports: [bad] }).compile()).rejects.toThrow(OptionsError);
  });
});
