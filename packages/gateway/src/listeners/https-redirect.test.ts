import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { request, sendRaw } from '../test-support/raw-client.ts';
import { startTestGateway, type TestGateway } from '../test-support/test-gateway.ts';

let gateway: TestGateway;
let port: number;

beforeAll(async () => {
  gateway = await startTestGateway({ publicUrl: 'https://app.test:8443', hosts: ['shop.test', '*.wild.test:9443'] });
  ({ port } = await gateway.gateway.listenRedirect({ host: '127.0.0.1', port: 0 }));
});
afterAll(() => gateway.close());

describe('without TLS', () => {
  it.each([
    ['app.test', '/', 'https://app.test:8443/'],
    ['app.test:80', '/a/b?x=1&y=%2F', 'https://app.test:8443/a/b?x=1&y=%2F'],
    ['APP.test:8080', '/a', 'https://app.test:8443/a'],
    ['shop.test', '/products', 'https://shop.test/products'],
    ['a.wild.test', '/', 'https://a.wild.test:9443/'],
  ])('%s%s leads to the same place on https', async (host, target, location) => {
    for (const method of ['GET', 'HEAD']) {
      const answer = await request(port, method, target, { Host: host, Cookie: '__Host-sallyport=x' });
      expect(answer.status).toBe(308);
      expect(answer.headers).toMatchObject({ location, 'cache-control': 'no-store' });
      expect(answer.headers).not.toHaveProperty('set-cookie');
      expect(answer.headers).not.toHaveProperty('strict-transport-security');
    }
  });

  it.each(['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])('%s is refused, and its body not read', async (method) => {
    const answer = await request(port, method, '/auth/sign-in/email', {}, '{"password":"canary"}');
    expect(answer.status).toBe(403);
    expect(answer.headers['connection']).toBe('close');
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'SP_HTTPS_REQUIRED' });
    expect(answer.body).not.toContain('canary');
  });

  it('a WebSocket handshake is refused', async () => {
    const answer = await request(port, 'GET', '/ws', {
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
      'Sec-WebSocket-Version': '13',
    });
    expect(answer.status).toBe(403);
  });

  it.each([
    { name: 'another host', host: 'evil.test', target: '/', status: 421 },
    { name: 'a host that only ends like ours', host: 'evilapp.test', target: '/', status: 421 },
    { name: 'a host with a user in it', host: 'app.test@evil.test', target: '/', status: 400 },
    { name: 'a host with a path in it', host: 'app.test/evil', target: '/', status: 400 },
    { name: 'two slashes', host: 'app.test', target: '//evil.test/', status: 400 },
    { name: 'a backslash', host: 'app.test', target: '/\\evil.test', status: 400 },
    { name: 'a whole address', host: 'app.test', target: 'http://evil.test/', status: 400 },
    { name: 'dots', host: 'app.test', target: '/a/../b', status: 400 },
    { name: 'an encoded line break', host: 'app.test', target: '/a%0d%0aSet-Cookie:x=1', status: 400 },
  ])('$name leads nowhere', async ({ host, target, status }) => {
    const answer = await request(port, 'GET', target, { Host: host });
    expect(answer.status).toBe(status);
    expect(answer.headers).not.toHaveProperty('location');
    expect(answer.body).not.toContain('evil');
  });

  it('no host, or two, leads nowhere', async () => {
    expect((await sendRaw(port, 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n')).status).toBe(400);
    const two = 'GET / HTTP/1.1\r\nHost: app.test\r\nHost: shop.test\r\nConnection: close\r\n\r\n';
    expect((await sendRaw(port, two)).status).toBe(400);
  });

  it('a line break in the query stays what it is, encoded', async () => {
    const answer = await request(port, 'GET', '/a?next=%0d%0aSet-Cookie:x=1');
    expect(answer.headers).not.toHaveProperty('set-cookie');
    expect(answer.headers['location']).toBe('https://app.test:8443/a?next=%0d%0aSet-Cookie:x=1');
  });
});
