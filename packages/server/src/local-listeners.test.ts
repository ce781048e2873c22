import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { send, startTestGateway, type TestGateway } from './test-support/test-gateway.ts';

describe('the listeners of a gateway on loopback', () => {
  let test: TestGateway;
  let listeners: readonly { readonly url: string; readonly path: string; readonly isForPrograms: boolean }[];
  beforeAll(async () => {
    test = await startTestGateway();
    const internal = `http://127.0.0.1:${test.gateway.internalPort}`;
    listeners = [
      { url: test.origin, path: '/auth/session', isForPrograms: false },
      { url: internal, path: '/.well-known/jwks.json', isForPrograms: false },
      { url: test.adminOrigin, path: '/metrics', isForPrograms: true },
      { url: test.gateway.mailboxUrl ?? '', path: '/messages', isForPrograms: true },
    ];
  });
  afterAll(() => test.close());

  it('answer to no name that an owner of a domain points here', async () => {
    const end = fc.constantFrom('', ':80', '.', '.localhost.evil.test');
    await fc.assert(
      fc.asyncProperty(fc.domain(), end, async (domain, suffix) => {
        for (const { url, path } of listeners) {
          const { status, body } = await send(url + path, 'GET', { host: domain + suffix });
          expect([400, 403, 421]).toContain(status);
          expect(body).not.toMatch(/sallyport_|"kid"|"links"|signed-out/);
        }
      }),
      { numRuns: 25 },
    );
  });

  it.each([
    { name: 'a page of another site', headers: { origin: 'https://evil.test' } },
    { name: 'a page that hides its origin', headers: { origin: 'null' } },
    { name: 'an image of another site', headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' } },
    { name: 'a page of another port of this machine', headers: { 'sec-fetch-site': 'same-site' } },
  ])('tell $name nothing, where there are secrets', async ({ headers }) => {
    for (const { url, path } of listeners.filter(({ isForPrograms }) => isForPrograms))
      expect((await send(url + path, 'GET', { ...headers })).status).toBe(403);
  });
});

describe('names that the configuration adds', () => {
  let test: TestGateway;
  beforeAll(async () => {
    test = await startTestGateway({
      config: {
        admin: { port: 0, hosts: ['ops.tunnel.test:9464'] },
        mailbox: { port: 0, hosts: ['mail.tunnel.test'] },
      },
    });
  });
  afterAll(() => test.close());

  it('are answered by their own listener, and by no other', async () => {
    const admin = `${test.adminOrigin}/metrics`;
    const mailbox = `${test.gateway.mailboxUrl ?? ''}/messages`;
    expect((await send(admin, 'GET', { host: 'ops.tunnel.test:9464' })).status).toBe(200);
    expect((await send(mailbox, 'GET', { host: 'mail.tunnel.test' })).status).toBe(200);
    expect((await send(admin, 'GET', { host: 'mail.tunnel.test' })).status).toBe(421);
    expect((await send(mailbox, 'GET', { host: 'ops.tunnel.test:9464' })).status).toBe(403);
    expect((await send(admin, 'GET', { host: 'ops.tunnel.test' })).status).toBe(421);
  });

  it('are the only ones where the admin listener is open to the network', async () => {
    const token = 'a'.repeat(20) + 'b3'.repeat(12);
    const open = await startTestGateway({
      config: { admin: { host: '0.0.0.0', port: 0, hosts: ['gateway.internal:9464'] } },
      environment: { SALLYPORT_ADMIN_TOKEN: token },
    });
    const ask = async (host: string) =>
      (await send(`${open.adminOrigin}/metrics`, 'GET', { host, authorization: `Bearer ${token}` })).status;
    expect(await ask('gateway.internal:9464')).toBe(200);
    expect(await ask('pod.example:1')).toBe(421);
    await open.close();
  });
});
