import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sendRaw } from '../test-support/raw-client.ts';
import { cookie, startTestGateway, type TestGateway } from '../test-support/test-gateway.ts';

/* Ids are those of the catalogue of hostile cases. Bytes go over a socket, because clients tidy them up. */

let gateway: TestGateway;
let alice: string;
let root: string;
beforeAll(async () => {
  gateway = await startTestGateway();
  alice = gateway.sessions.add();
  root = gateway.sessions.add({ id: 'root', roles: ['admin'] });
});
afterAll(() => gateway.close());
beforeEach(() => gateway.upstream.reset());

describe('credentials', () => {
  it.each([
    ['I07 a cookie and a bearer', '/api/x', { Authorization: 'Bearer evil' }, true, 400, 'SP_CREDENTIALS_CONFLICT'],
    ['a bearer alone', '/api/x', { Authorization: 'Bearer evil' }, false, 401, 'SP_TOKEN_INVALID'],
    ['a bearer on an optional route', '/page', { Authorization: 'Bearer evil' }, false, 401, 'SP_TOKEN_INVALID'],
    ['T01 another scheme', '/api/x', { Authorization: 'Basic evil' }, false, 401, 'SP_UNAUTHENTICATED'],
    ['a cookie and an empty credential', '/api/x', { Authorization: '' }, true, 400, 'SP_CREDENTIALS_CONFLICT'],
    [
      'a cookie and a bearer behind a tab',
      '/api/x',
      { Authorization: 'Bearer\tx' },
      true,
      400,
      'SP_CREDENTIALS_CONFLICT',
    ],
    ['a cookie and a proof', '/api/x', { Authorization: 'DPoP x' }, true, 400, 'SP_CREDENTIALS_CONFLICT'],
  ])('%s', async (_id, target, headers, withCookie, status, code) => {
    const answer = await gateway.send('GET', target, { ...headers, ...(withCookie ? cookie(alice) : {}) });
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.body)).toMatchObject({ code });
    expect(gateway.upstream.started).toBe(0);
  });

  it.each(['Basic cm9vdDpyb290', 'basic x', 'Digest username="root"', 'Negotiate YII=', 'NTLM x', 'ApiKey x', 'Basic'])(
    'P4: of the proxy in front are dropped, and never judged: %s',
    async (value) => {
      const answer = await gateway.send('GET', '/api/x', { Authorization: value, ...cookie(alice) });
      expect(answer.status).toBe(200);
      expect(gateway.upstream.seen[0]?.headers['authorization']).toMatch(/^Bearer /);
      expect(JSON.stringify(gateway.upstream.seen)).not.toContain(value);
      expect((await gateway.send('GET', '/page', { Authorization: value })).status).toBe(200);
      expect(gateway.upstream.seen[1]?.headers).not.toHaveProperty('authorization');
    },
  );

  it('P4: a scheme that an authenticator recognizes is judged', async () => {
    const own = await startTestGateway({
      authenticators: [
        {
          kind: 'api-key',
          recognize: ({ value }) => (value.startsWith('ApiKey ') ? value.slice(7) : undefined),
          authenticate: () => ({ kind: 'rejected', code: 'SP_UNAUTHENTICATED', reason: 'api-key-unknown' }),
          recheck: () => Promise.resolve(null),
        },
      ],
    });
    const token = own.sessions.add();
    expect((await own.send('GET', '/page', { Authorization: 'ApiKey x' })).status).toBe(401);
    expect((await own.send('GET', '/page', { Authorization: 'ApiKey x', ...cookie(token) })).status).toBe(400);
    expect((await own.send('GET', '/page', { Authorization: 'Basic x', ...cookie(token) })).status).toBe(200);
    await own.close();
  });

  it('I08: refuses two Authorization headers', async () => {
    const answer = await sendRaw(
      gateway.port,
      'GET /public/x HTTP/1.1\r\nHost: app.test\r\nAuthorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n',
    );
    expect(answer.status).toBe(400);
  });

  it('drops both on a route that never carries identity', async () => {
    const reads = gateway.sessions.reads;
    await gateway.send('GET', '/public/x', { Authorization: 'Bearer evil', ...cookie(alice) });
    expect(gateway.upstream.seen[0]?.headers).not.toHaveProperty('authorization');
    expect(gateway.upstream.seen[0]?.headers).not.toHaveProperty('cookie');
    expect(gateway.sessions.reads).toBe(reads);
  });

  it('never accepts at the front the token that it made for a service', async () => {
    await gateway.send('GET', '/api/x', cookie(alice));
    const minted = String(gateway.upstream.seen[0]?.headers['authorization']);
    expect((await gateway.send('GET', '/api/x', { Authorization: minted })).status).toBe(401);
  });
});

describe('cookies', () => {
  const name = '__Host-sallyport';
  it.each([
    ['C02 two sessions', () => `${name}=${alice}; ${name}=${root}`],
    ['C05 a nameless cookie', () => `=${name}=${alice}`],
    ['C07 one byte', () => `${name}=a`],
    ['C07 4 KB', () => `${name}=${'a'.repeat(4096)}`],
    ['C07 an encoded NUL', () => `${name}=%00${alice}`],
    ['C07 a path', () => `${name}=../../../../../../../../../../../../etc`],
    ['C08 chunks', () => `${name}.0=${alice}; ${name}.1=x; ${name}.count=999999999`],
    ['C10 the name without its prefix', () => `sallyport=${alice}; __Secure-sallyport=${alice}`],
    ['a no-break space before the name', () => `\u00a0${name}=${alice}`],
    ['the name in a value, where some split at commas', () => `theme=dark,${name}=${alice}`],
    ['the name in a value, where some split at spaces', () => `theme=dark ${name}=${alice}`],
    ['a quoted value', () => `${name}="${alice}"`],
    ['an unknown token', () => `${name}=${'x'.repeat(43)}`],
    ['another case', () => `__host-sallyport=${alice}`],
  ])('%s is no session', async (_id, header) => {
    const closed = await gateway.send('GET', '/api/x', { Cookie: header() });
    expect(closed.status).toBe(401);
    expect(gateway.upstream.started).toBe(0);
    const open = await gateway.send('GET', '/page', { Cookie: header() });
    expect(open.status).toBe(200);
    expect(gateway.upstream.seen[0]?.headers).not.toHaveProperty('authorization');
    expect(String(gateway.upstream.seen[0]?.headers['cookie'] ?? '')).not.toMatch(/sallyport=/i);
    expect(open.headers['set-cookie']).toBeUndefined();
  });

  it('C07: looks nothing up that cannot be a token', async () => {
    const reads = gateway.sessions.reads;
    await gateway.send('GET', '/api/x', { Cookie: `${name}=short` });
    await gateway.send('GET', '/api/x', { Cookie: `${name}=${'a'.repeat(129)}` });
    expect(gateway.sessions.reads).toBe(reads);
  });

  it('takes the same session twice for one', async () => {
    expect((await gateway.send('GET', '/api/x', { Cookie: `${name}=${alice}; ${name}=${alice}` })).status).toBe(200);
  });
});

describe('requests that another site makes a browser send', () => {
  it.each([
    ['X01', { Origin: 'https://evil.test' }, 403],
    ['X02 a sibling', { Origin: 'https://blog.app.test' }, 403],
    ['X02 a sibling by Fetch Metadata', { 'Sec-Fetch-Site': 'same-site' }, 403],
    ['X04 nothing at all', {}, 403],
    ['X05', { 'Sec-Fetch-Site': 'cross-site', Origin: 'https://app.test' }, 403],
    ['X07 a form', { 'Content-Type': 'text/plain', Origin: 'null' }, 403],
    ['X16 a server action', { 'Next-Action': 'a1', Origin: 'https://evil.test', 'Sec-Fetch-Site': 'same-origin' }, 403],
    ['another scheme', { Origin: 'http://app.test' }, 403],
    ['two origins', { Origin: 'https://app.test, https://evil.test' }, 403],
    ['its own page', { Origin: 'https://app.test' }, 200],
    ['its own page by Fetch Metadata', { 'Sec-Fetch-Site': 'same-origin' }, 200],
    ['its own page without a referrer', { 'Sec-Fetch-Site': 'same-origin', Origin: 'null' }, 200],
  ])('%s', async (_id, headers, status) => {
    const answer = await gateway.send('POST', '/api/x', { ...headers, ...cookie(alice) }, 'x');
    expect(answer.status).toBe(status);
    expect(gateway.upstream.started).toBe(status === 200 ? 1 : 0);
    if (status === 403) expect(JSON.parse(answer.body)).toMatchObject({ code: 'SP_CROSS_SITE_REQUEST' });
  });

  it('X13: never answers a preflight itself', async () => {
    const answer = await gateway.send('OPTIONS', '/api/x', {
      Origin: 'https://evil.test',
      'Access-Control-Request-Method': 'POST',
    });
    expect(answer.status).toBe(403);
    expect(answer.head).not.toMatch(/access-control/i);
  });

  it('X14: forwards what other sites call without any identity', async () => {
    const answer = await gateway.send('POST', '/hooks/x', { Origin: 'https://evil.test', ...cookie(alice) }, '{}');
    expect(answer.status).toBe(200);
    expect(gateway.upstream.seen[0]?.headers).not.toHaveProperty('authorization');
    expect(gateway.upstream.seen[0]?.headers).not.toHaveProperty('cookie');
    expect(answer.headers['cache-control']).toBeUndefined();
  });

  it('keeps a site from acting as a stranger, and lets curl', async () => {
    expect((await gateway.send('POST', '/page', { Origin: 'https://evil.test' }, 'x')).status).toBe(403);
    expect((await gateway.send('POST', '/page', { 'Sec-Fetch-Site': 'cross-site' }, 'x')).status).toBe(403);
    // Sandboxed frames and pages without a referrer: a browser says so, and a program has no reason to.
    expect((await gateway.send('POST', '/page', { Origin: 'null' }, 'x')).status).toBe(403);
    expect((await gateway.send('POST', '/page', {}, 'x')).status).toBe(200);
  });
});
