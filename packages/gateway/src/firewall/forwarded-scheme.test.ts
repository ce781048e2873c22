import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cookie, startTestGateway, type TestGateway } from '../test-support/test-gateway.ts';

const page = { 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document', 'Sec-Fetch-Site': 'none' };

let behind: TestGateway;
let alone: TestGateway;

beforeAll(async () => {
  behind = await startTestGateway({ trustedProxies: ['127.0.0.1'] });
  alone = await startTestGateway({ trustedProxies: ['10.0.0.0/8'] });
});
afterAll(async () => {
  await behind.close();
  await alone.close();
});

describe('a declared proxy that took a request in without TLS', () => {
  it('sends pages to https for every caller', async () => {
    for (const credentials of [{}, cookie(behind.sessions.add())]) {
      behind.upstream.reset();
      const answer = await behind.send('GET', '/public/x?a=1', {
        ...page,
        ...credentials,
        'X-Forwarded-Proto': 'http',
      });
      expect(answer.status).toBe(308);
      expect(answer.headers).toMatchObject({
        location: 'https://app.test/public/x?a=1',
        'cache-control': 'no-store',
      });
      expect(answer.headers).not.toHaveProperty('strict-transport-security');
      expect(behind.upstream.seen).toEqual([]);
    }
  });

  it.each([
    { name: 'a form', method: 'POST', headers: page, body: 'password=canary' },
    { name: 'a program', method: 'GET', headers: {}, body: '' },
    {
      name: 'a fetch',
      method: 'GET',
      headers: { 'Sec-Fetch-Mode': 'cors', 'Sec-Fetch-Site': 'same-origin' },
      body: '',
    },
  ])('has $name refused, and nothing reaches the service', async ({ method, headers, body }) => {
    behind.upstream.reset();
    const answer = await behind.send(
      method,
      '/public/x',
      { ...headers, ...cookie(behind.sessions.add()), 'X-Forwarded-Proto': 'http' },
      body,
    );
    expect(answer.status).toBe(403);
    expect(answer.body).toContain('SP_HTTPS_REQUIRED');
    expect(answer.headers).not.toHaveProperty('strict-transport-security');
    expect(behind.upstream.seen).toEqual([]);
  });

  it.each(['httpS x', '', ',', 'h2', 'https;', 'wss://', 'https,x'])('may not say %j', async (value) => {
    const answer = await behind.send('GET', '/public/x', { 'X-Forwarded-Proto': value });
    expect(answer.status).toBe(400);
  });

  it.each(['ws', 'https, http', 'https, ws', 'x, http', ',http,'])('is heard when it says %j', async (value) => {
    const answer = await behind.send('GET', '/public/x', { 'X-Forwarded-Proto': value });
    expect(answer.status).toBe(403);
  });

  it('is heard through declared proxies between it and the gateway, and its client is not', async () => {
    const says = async (proto: string, chain: string): Promise<number> =>
      (await behind.send('GET', '/public/x', { 'X-Forwarded-Proto': proto, 'X-Forwarded-For': chain })).status;
    // Two declared proxies: the first word of two is that of the outer one.
    expect(await says('https, http', '203.0.113.9, 127.0.0.1')).toBe(200);
    expect(await says('http, https', '203.0.113.9, 127.0.0.1')).toBe(403);
    expect(await says('https, http, https', '203.0.113.9, 127.0.0.1')).toBe(403);
    // One that overwrites what the other said.
    expect(await says('https', '203.0.113.9, 127.0.0.1')).toBe(200);
    expect(await says('https, http', '127.0.0.1, 203.0.113.9')).toBe(403);
  });
});

describe('a request over https', () => {
  it.each([
    ['https', 'https'],
    ['HTTPS', 'https'],
    ['https, https', 'https'],
    ['wss', 'https'],
    ['WSS', 'https'],
    ['http, https', 'https'],
  ])('passes when the proxy says %j, and the service hears https', async (value) => {
    behind.upstream.reset();
    const answer = await behind.send('GET', '/public/x', { 'X-Forwarded-Proto': value });
    expect(answer.status).toBe(200);
    expect(answer.headers['strict-transport-security']).toBe('max-age=31536000');
    expect(behind.upstream.seen[0]?.headers['x-forwarded-proto']).toBe('https');
  });

  it('passes when the proxy says nothing', async () => {
    expect((await behind.send('GET', '/public/x')).status).toBe(200);
  });
});

describe('a client that plays the proxy', () => {
  it('is not believed', async () => {
    for (const headers of [{ 'X-Forwarded-Proto': 'http' }, { 'X-Forwarded-Proto': 'x' }]) {
      expect((await alone.send('GET', '/public/x', headers)).status).toBe(200);
      expect(alone.upstream.seen.at(-1)?.headers['x-forwarded-proto']).toBe('https');
    }
  });
});
