import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { askingNginx, startAskingVisitors } from './asking-proxy.ts';
import { ada } from './gateway-behind.ts';
import { askSecurely, type ClientAnswer, type ClientRequest } from './secure-client.ts';
import { nginx } from './start-proxy.ts';

let between: Awaited<ReturnType<typeof startAskingVisitors>>;

const ask = (target: string, request?: ClientRequest): Promise<ClientAnswer> => askSecurely(between, target, request);

describe.skipIf(nginx === undefined)('nginx as ingress-nginx configures it (skipped without nginx)', () => {
  beforeAll(async () => {
    between = await startAskingVisitors({ ...askingNginx, file: '../test/proxies/ingress-nginx.conf' });
  });
  afterAll(() => between.close());
  beforeEach(() => between.behind.upstream.reset());

  it('a person who is signed in gets through, with a token in place of the session', async () => {
    const headers = { 'content-type': 'application/json', origin: 'https://app.test' };
    const signedIn = await ask('/auth/sign-in/email', { method: 'POST', headers, body: JSON.stringify(ada) });
    const cookie = signedIn.headers['set-cookie']?.[0]?.split(';', 1)[0] ?? '';
    const target = '/api/a%20b?x=%2F';
    expect((await ask(target, { headers: { cookie: `theme=dark; ${cookie}` } })).status).toBe(200);
    const seen = between.behind.upstream.seen.at(-1);
    expect(seen?.target).toBe(target);
    expect(seen?.headers).toMatchObject({ cookie: 'theme=dark', 'x-forwarded-for': '127.0.0.2' });
    expect(String(seen?.headers['authorization'])).toMatch(/^Bearer eyJ/);
    const posted = await ask('/api/x', { method: 'POST', headers: { ...headers, cookie }, body: '{"a":1}' });
    expect(posted.status).toBe(200);
    expect(between.behind.upstream.seen.at(-1)?.body).toBe('{"a":1}');
  });

  it('a stranger is sent to the sign-in page', async () => {
    const answer = await ask('/api/x');
    expect(answer.status).toBe(302);
    expect(answer.headers['location']).toBe('https://app.test/auth/sign-in?returnTo=/api/x');
    expect(between.behind.upstream.seen).toEqual([]);
  });

  it('a public page gets through, and nothing that a client says about identity', async () => {
    expect((await ask('/open/x', { headers: { authorization: 'Bearer made-up' } })).status).toBe(200);
    expect(between.behind.upstream.seen.at(-1)?.headers['authorization'] ?? '').toBe('');
  });

  it.each<Readonly<Record<string, string>>>([
    { 'x-original-uri': '/open/x' },
    { 'x-original-url': 'https://app.test/open/x', 'x-original-method': 'GET' },
    { 'x-forwarded-uri': '/open/x' },
    {
      'x-forwarded-uri': '/open/x',
      'x-forwarded-method': 'GET',
      'x-forwarded-host': 'app.test',
      'x-forwarded-proto': 'https',
    },
    { 'x-auth-request-redirect': '/open/x' },
    { connection: 'close, X-Original-URL, X-Original-Method' },
  ])('a client cannot have another request decided on by %o', async (headers) => {
    expect((await ask('/api/x', { headers })).status).toBeGreaterThanOrEqual(300);
    expect(between.behind.upstream.seen).toEqual([]);
  });

  it.each(['/open/../api/x', '/open/%2e%2e/api/x', '//api/x', '/open/..%2fapi/x', '/open/x;/../api', '/%61pi/x'])(
    '%s reaches no service without a session',
    async (target) => {
      expect((await ask(target)).status).toBeGreaterThanOrEqual(300);
      expect(between.behind.upstream.seen).toEqual([]);
    },
  );

  it.each(['app.test@evil.test', 'app.test?x', 'app.test#x', 'evil.test', 'app.test:1:2'])(
    'the host %s reaches no service',
    async (host) => {
      const answer = await ask('/open/x', { headers: { host } }).catch(() => undefined);
      expect(answer?.status ?? 400).toBeGreaterThanOrEqual(400);
      expect(between.behind.upstream.seen).toEqual([]);
    },
  );
});
