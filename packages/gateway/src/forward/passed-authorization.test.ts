import type { RouteInput } from '@sallyport/core';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sendRaw } from '../test-support/raw-client.ts';
import { cookie, startTestGateway, type TestGateway } from '../test-support/test-gateway.ts';

let gateway: TestGateway;
let token: string;
beforeAll(async () => {
  gateway = await startTestGateway({
    moreRoutes: [
      { name: 'registry', prefix: '/v2', access: 'public', authorization: 'pass' },
      { name: 'callbacks', prefix: '/callbacks', access: 'public', csrf: 'off', authorization: 'pass' },
    ],
  });
  token = gateway.sessions.add();
});
afterAll(() => gateway.close());
beforeEach(() => gateway.upstream.reset());

const seen = (): readonly unknown[] => gateway.upstream.seen.map(({ headers }) => headers['authorization']);

describe('a route with authorization: "pass"', () => {
  it.each([
    ['a bearer token', 'GET', '/v2/x', 'Bearer sk_test_123'],
    ['a password', 'GET', '/v2/x', 'Basic dXNlcjpwYXNz'],
    ['a scheme of the service', 'POST', '/callbacks/x', 'AWS4-HMAC-SHA256 Credential=a/b, Signature=c'],
    ['what has no scheme', 'POST', '/callbacks/x', 'sk_test_123'],
  ])('hands %s to its service as it came', async (_what, method, target, authorization) => {
    expect((await gateway.send(method, target, { Authorization: authorization })).status).toBe(200);
    expect(seen()).toEqual([authorization]);
  });

  it('changes no byte, whatever it holds', async () => {
    await fc.assert(
      fc.asyncProperty(fc.stringMatching(/^[!-~](?:[ -~]{0,80}[!-~])?$/), async (authorization) => {
        gateway.upstream.reset();
        await gateway.send('GET', '/v2/x', { Authorization: authorization });
        expect(seen()).toEqual([authorization]);
      }),
      { numRuns: 50 },
    );
  });

  it('lets the challenge of its service back to the client', async () => {
    gateway.upstream.answer = (_, response) =>
      void response.writeHead(401, { 'www-authenticate': 'Bearer realm="registry"' }).end();
    const answer = await gateway.send('GET', '/v2/');
    expect(answer).toMatchObject({ status: 401, headers: { 'www-authenticate': 'Bearer realm="registry"' } });
  });

  it('hands on no session beside it, and no cookie of the gateway', async () => {
    await gateway.send('GET', '/v2/x', { ...cookie(token), Authorization: 'Bearer theirs' });
    expect(seen()).toEqual(['Bearer theirs']);
    expect(JSON.stringify(gateway.upstream.seen)).not.toContain(token);
  });

  it('refuses two of them', async () => {
    const answer = await sendRaw(
      gateway.port,
      'GET /v2/x HTTP/1.1\r\nHost: app.test\r\nConnection: close\r\nAuthorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n',
    );
    expect(answer.status).toBe(400);
    expect(gateway.upstream.seen).toEqual([]);
  });

  it('drops what Connection names, as for every header of a hop', async () => {
    await gateway.send('GET', '/v2/x', { Authorization: 'Bearer a', Connection: 'close, Authorization' });
    expect(seen()).toEqual([undefined]);
  });

  it('hands on no token of a zone that came to the internal listener', async () => {
    const answer = await sendRaw(
      gateway.internalPort,
      `GET /v2/x HTTP/1.1\r\nHost: 127.0.0.1:${gateway.internalPort}\r\nConnection: close\r\nAuthorization: Bearer inside\r\n\r\n`,
    );
    expect([200, 404]).toContain(answer.status);
    expect(JSON.stringify(gateway.upstream.seen)).not.toContain('inside');
  });

  it('is shown by explain', async () => {
    const { stages } = await gateway.gateway.explain({ method: 'GET', target: '/v2/x', headers: [] });
    expect(stages.at(-1)?.facts).toContainEqual({ name: 'authorization', value: 'passed on unjudged' });
  });
});

describe('without it', () => {
  it.each(['/public/x', '/hooks/x'])('%s hands on no Authorization', async (target) => {
    await gateway.send('GET', target, { Authorization: 'Bearer theirs' });
    expect(seen()).toEqual([undefined]);
  });
});

describe('the start', () => {
  it.each([['signed-in'], ['optional'], [{ roles: ['admin'] }], ['service']] satisfies [RouteInput['access']][])(
    'is refused where such a route has access %j',
    async (access) => {
      const started = startTestGateway({
        moreRoutes: [{ name: 'mixed', prefix: '/mixed', access, authorization: 'pass' }],
      });
      await expect(started).rejects.toThrow(/"mixed" passes Authorization on, but has to know its caller/);
    },
  );
});
