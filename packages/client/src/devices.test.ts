import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createClient, type Client } from './client.ts';
import { password, startFakeGateway, type Fault, type FakeGateway } from './fake-gateway.test-support.ts';

let gateway: FakeGateway;
let client: Client;
beforeEach(async () => {
  gateway = await startFakeGateway();
  client = createClient({ gateway: gateway.origin });
  await client.signIn({ email: 'ada@example.test', password });
});
afterEach(() => gateway.close());

const path = '/auth/sessions';
const times = { createdAt: '2026-01-02T03:04:05.000Z', lastActiveAt: '2026-01-03T03:04:05.000Z' };
const phone = { sid: 'sid-1', current: true, label: 'Phone', program: 'Phone', address: '192.0.2.1', ...times };
const browser = { sid: 'sid-2', current: false, label: 'Chrome on Linux', address: '192.0.2.2', ...times };
const answering = (body: unknown, status = 200): Fault => ({ status, body: JSON.stringify(body) });

describe('the devices of a user', () => {
  it('are listed with the access token, programs and browsers apart', async () => {
    gateway.fail(path, answering({ sessions: [phone, browser] }));
    const signedInAt = new Date(times.createdAt);
    const lastActiveAt = new Date(times.lastActiveAt);
    const common = { signedInAt, lastActiveAt };
    expect(await client.devices()).toEqual([
      { sid: 'sid-1', current: true, label: 'Phone', kind: 'program', address: '192.0.2.1', ...common },
      { sid: 'sid-2', current: false, label: 'Chrome on Linux', kind: 'browser', address: '192.0.2.2', ...common },
    ]);
    const asked = gateway.seen.at(-1);
    expect(asked?.method).toBe('GET');
    expect(asked?.headers.authorization).toMatch(/^Bearer at-/);
    expect(asked?.headers.cookie).toBeUndefined();
  });

  it('are listed with another token where the first one is refused', async () => {
    gateway.fail(path, answering({ code: 'SP_TOKEN_EXPIRED' }, 401), answering({ sessions: [] }));
    expect(await client.devices()).toEqual([]);
    expect(gateway.rotations).toBe(1);
  });

  it('are ended by their handle', async () => {
    gateway.fail(`${path}/sid-2`, { status: 204 });
    await client.endDevice('sid-2');
    expect(gateway.seen.at(-1)).toMatchObject({ method: 'DELETE', path: `${path}/sid-2`, body: '' });
  });

  it('are ended by nothing that leads to another path', async () => {
    gateway.fail(`${path}/..%2Ftoken`, answering({ code: 'SP_NOT_FOUND', title: 'No such thing' }, 404));
    await expect(client.endDevice('../token')).rejects.toMatchObject({ code: 'SP_NOT_FOUND', status: 404 });
  });

  it.each<{ readonly name: string; readonly fault: Fault; readonly code: string }>([
    {
      name: 'a store that is away',
      fault: answering({ code: 'SP_STORE_UNAVAILABLE', title: 'The store does not answer' }, 503),
      code: 'SP_STORE_UNAVAILABLE',
    },
    { name: 'a proxy that answers', fault: { status: 502, body: '<html>' }, code: 'SP_CLIENT_UNAVAILABLE' },
    { name: 'a page of a portal', fault: { status: 200, body: '<html>' }, code: 'SP_CLIENT_ANSWER_INVALID' },
    { name: 'no list', fault: answering({ sessions: {} }), code: 'SP_CLIENT_ANSWER_INVALID' },
    { name: 'a device without a handle', fault: answering({ sessions: [{}] }), code: 'SP_CLIENT_ANSWER_INVALID' },
    {
      name: 'a time that is none',
      fault: answering({ sessions: [{ ...phone, createdAt: 'soon' }] }),
      code: 'SP_CLIENT_ANSWER_INVALID',
    },
    { name: 'a redirect', fault: { status: 303, headers: { location: '/' } }, code: 'SP_CLIENT_REDIRECTED' },
  ])('cannot be listed with $name, and no one is signed out', async ({ fault, code }) => {
    gateway.fail(path, fault);
    await expect(client.devices()).rejects.toMatchObject({ name: 'ClientError', code });
    expect(client.status).toBe('signed-in');
  });

  it('are those of no one after a sign-out', async () => {
    await client.signOut();
    await expect(client.devices()).rejects.toMatchObject({ code: 'SP_CLIENT_SIGNED_OUT' });
    await expect(client.endDevice('sid-2')).rejects.toMatchObject({ code: 'SP_CLIENT_SIGNED_OUT' });
    expect(gateway.count(path)).toBe(0);
  });
});
