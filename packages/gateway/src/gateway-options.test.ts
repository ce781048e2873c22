import { describe, expect, it } from 'vitest';
import { createGateway } from './gateway.ts';
import { route, startTestGateway } from './test-support/test-gateway.ts';
import { createTestKeyRing } from './test-support/test-key-ring.ts';
import { createTestBus, createTestSessions } from './test-support/test-sessions.ts';

describe('the start', () => {
  const parts = {
    publicUrl: 'https://app.test',
    routes: [route({ name: 'shell', prefix: '/', access: 'optional' })],
    sessions: createTestSessions(),
    bus: createTestBus(),
    keyRing: createTestKeyRing(),
  };

  it.each([
    ['plain http in public', { publicUrl: 'http://app.test' }, /https/],
    ['a URL with a path', { publicUrl: 'https://app.test/x' }, /origin/],
    ['a token that lives too long', { tokenLifetimeSeconds: 3600 }, /tokenLifetimeSeconds/],
    ['a host that is none', { hosts: ['shop.test/x'] }, /hosts/],
    ['a promise of https for a day', { hsts: { maxAgeSeconds: 86_400 } }, /hsts/],
    ['trust in everybody', { trustedProxies: ['0.0.0.0/0'] }, /too wide/],
    ['trust in nothing that exists', { trustedProxies: ['*'] }, /not an address/],
    ['two routes that tie', { routes: [...parts.routes, route({ name: 'other', prefix: '/' })] }, /tie/],
    ['two routes of one name', { routes: [...parts.routes, route({ name: 'shell', prefix: '/x' })] }, /named/],
    ['a private route without protection', { routes: [route({ name: 'a', prefix: '/a', csrf: 'off' })] }, /csrf/],
  ])('is refused with %s', (_name, change, message) => {
    expect(() => createGateway({ ...parts, ...change })).toThrow(message);
  });

  it('names every problem at once', () => {
    expect(() => createGateway({ ...parts, tokenLifetimeSeconds: 1, hosts: ['/'] })).toThrow(
      /hosts[\s\S]*tokenLifetimeSeconds/,
    );
  });

  it('names a port that is taken', async () => {
    const first = await startTestGateway();
    const second = createGateway(parts);
    await expect(second.listen({ host: '127.0.0.1', port: first.port })).rejects.toThrow(`port ${first.port}`);
    await second.close();
    await first.close();
  });
});
