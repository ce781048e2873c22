import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { goodPassword, onDatabase, startHarness, type Harness } from './identity.test-support.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness.close());

const signIn = { email: 'robin@example.test', password: goodPassword };

describe(onDatabase('a request'), () => {
  it.each([
    { name: 'malformed JSON', rawBody: '{"email":', status: 400, code: 'SP_JSON_MALFORMED' },
    { name: 'an empty body', rawBody: '', status: 400, code: 'SP_JSON_MALFORMED' },
    { name: 'a list', rawBody: '[]', status: 400, code: 'SP_JSON_MALFORMED' },
    { name: 'null', rawBody: 'null', status: 400, code: 'SP_JSON_MALFORMED' },
    {
      name: 'bytes that are not UTF-8',
      rawBody: Uint8Array.of(0x22, 0xff, 0x22),
      status: 400,
      code: 'SP_JSON_MALFORMED',
    },
    { name: 'more than 16 KB', rawBody: ' '.repeat(16 * 1024 + 1), status: 413, code: 'SP_BODY_TOO_LARGE' },
  ])('with $name is refused', async ({ rawBody, status, code }) => {
    const answer = await harness.call('POST', '/auth/sign-in/email', undefined, { rawBody });
    expect(answer).toMatchObject({ status, body: { code, requestId: 'req-test' }, cookie: undefined });
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'application/jsonp', 'application/json-seq', ''])(
    'with content type %j is refused',
    async (type) => {
      const rawBody = JSON.stringify(signIn);
      const answer = await harness.call('POST', '/auth/sign-in/email', undefined, {
        rawBody,
        headers: { 'content-type': type },
      });
      expect(answer).toMatchObject({ status: 415, body: { code: 'SP_MEDIA_TYPE_UNSUPPORTED' } });
    },
  );

  it('with a body that never ends is refused while it is read', async () => {
    let sent = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 1024;
        controller.enqueue(new Uint8Array(1024).fill(0x20));
      },
    });
    const request = new Request('http://localhost:3000/auth/sign-in/email', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: endless,
      duplex: 'half',
    });
    const context = { requestId: 'req-test', clientAddress: '203.0.113.7', caller: { kind: 'anonymous' } } as const;
    expect((await harness.identity.app.fetch(request, { context })).status).toBe(413);
    expect(sent).toBeLessThan(64 * 1024);
  });

  it('names every field that is wrong, and repeats no value', async () => {
    const answer = await harness.call('POST', '/auth/sign-in/email', {
      email: 'canary-value',
      password: 7,
      admin: true,
      ['__proto__x']: 1,
    });
    expect(answer).toMatchObject({ status: 422, body: { code: 'SP_VALIDATION_FAILED' } });
    const { errors } = answer.body as { errors: { field: string }[] };
    expect(errors.map(({ field }) => field).sort()).toEqual(['__proto__x', 'admin', 'email', 'password']);
    expect(answer.text).not.toContain('canary-value');
  });

  it.each([
    { method: 'GET', path: '/auth/sign-in/email', allow: 'POST' },
    { method: 'DELETE', path: '/auth/session', allow: 'GET, HEAD' },
    { method: 'POST', path: '/auth/sessions/abc', allow: 'DELETE' },
    { method: 'PATCH', path: '/auth/users/abc/roles', allow: 'PUT' },
  ])('by $method to $path is refused with the methods that work', async ({ method, path, allow }) => {
    const answer = await harness.call(method, path);
    expect(answer).toMatchObject({ status: 405, body: { code: 'SP_METHOD_NOT_ALLOWED' } });
    expect(answer.headers.get('allow')).toBe(allow);
  });

  it.each([
    ['GET', '/auth/get-session'],
    ['GET', '/auth/list-sessions'],
    ['POST', '/auth/revoke-session'],
    ['POST', '/auth/revoke-sessions'],
    ['POST', '/auth/revoke-other-sessions'],
    ['POST', '/auth/update-session'],
    ['POST', '/auth/update-user'],
    ['POST', '/auth/change-password'],
    ['POST', '/auth/change-email'],
    ['POST', '/auth/delete-user'],
    ['POST', '/auth/sign-in/social'],
    ['GET', '/auth/verify-email?token=x'],
    ['GET', '/auth/reset-password/x'],
    ['GET', '/auth/ok'],
    ['GET', '/auth/error'],
    ['POST', '/auth/sign-in/email/'],
    ['POST', '/auth//sign-in/email'],
    ['GET', '/'],
  ])('to a route of the engine, %s %s, reaches nothing', async (method, path) => {
    const answer = await harness.call(method, path, method === 'POST' ? signIn : undefined);
    expect([404, 405]).toContain(answer.status);
    expect(answer.headers.get('set-cookie')).toBeNull();
  });

  it('of an anonymous caller takes no session from a cookie', async () => {
    await harness.makeUser(signIn.email);
    const { token } = await harness.signIn(signIn.email);
    const headers = { cookie: `sallyport-3000=${token}; better-auth.session_token=${token}` };
    expect(await harness.call('GET', '/auth/session', undefined, { headers })).toMatchObject({
      body: { status: 'signed-out' },
    });
    expect((await harness.call('GET', '/auth/sessions', undefined, { headers })).status).toBe(401);
  });

  it('that fails on our side says nothing about why', async () => {
    const failing = await startHarness({
      counters: {
        increment: () => Promise.reject(new Error('canary-detail')),
        decrement: () => Promise.reject(new Error('canary-detail')),
        read: () => Promise.reject(new Error('canary-detail')),
        reset: () => Promise.resolve(),
      },
    });
    const answer = await failing.call('POST', '/auth/sign-in/email', signIn);
    expect(answer).toMatchObject({ status: 500, body: { code: 'SP_INTERNAL' } });
    expect(answer.text + failing.logLines.join('')).not.toContain('canary-detail');
    await failing.close();
  });
});
