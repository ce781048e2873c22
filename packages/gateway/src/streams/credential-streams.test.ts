import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TestGateway } from '../test-support/test-gateway.ts';
import { createTestKeys, type TestKeys } from '../test-support/test-keys.ts';
import { sendRaw } from '../test-support/raw-client.ts';
import { handshake, type WebSocketClient } from '../test-support/web-socket-client.ts';
import {
  accessLost,
  closeSeenBy,
  sessionEnded,
  settled,
  startTestStreams,
  type TestStreams,
} from './streams.test-support.ts';

let streams: TestStreams;
let keys: TestKeys;
let gateway: TestGateway;
beforeAll(async () => {
  streams = await startTestStreams();
});
afterAll(() => streams.close());
beforeEach(async () => {
  streams.reset();
  keys = createTestKeys();
  gateway = await startWithKeys();
});
afterEach(() => streams.release());

function startWithKeys(change: Parameters<TestStreams['startOwnGateway']>[0] = {}): Promise<TestGateway> {
  const { origin } = streams.upstream;
  const more = { upstream: origin, credentials: ['session', 'api-key'] } as const;
  return streams.startOwnGateway({
    authenticators: [keys.authenticator],
    moreRoutes: [
      { name: 'own', prefix: '/own', ...more, credentials: [...more.credentials] },
      { name: 'admins', prefix: '/admins', upstream: origin, access: { roles: ['admin'] }, credentials: ['api-key'] },
      { name: 'key-events', prefix: '/key-events', streaming: true, credentials: ['api-key'] },
    ],
    ...change,
  } as Parameters<TestStreams['startOwnGateway']>[0]);
}

async function openSocket(key: string, target = '/own/x', at = gateway): Promise<WebSocketClient> {
  const client = streams.open(handshake(target, { 'X-Test-Key': key }), at);
  await expect.poll(client.received, settled).toContain('\r\n\r\n');
  expect(client.received()).toContain('HTTP/1.1 101 ');
  return client;
}

describe('a stream of a caller by a key', () => {
  it('ends with the key, and one by another key of the same user goes on', async () => {
    const [key, other] = [keys.add(), keys.add()];
    const client = await openSocket(key);
    const staying = await openSocket(other);
    const id = keys.idOf(key);
    keys.remove(key);
    await gateway.bus.revoke('client', id);
    await expect.poll(closeSeenBy(client), settled).toEqual(sessionEnded);
    await streams.staysOpen(staying);
  });

  it('ends as an event stream with its last event', async () => {
    const key = keys.add();
    const answer = streams.answerWithEvents(gateway);
    const client = streams.open(`GET /key-events/x HTTP/1.1\r\nHost: app.test\r\nX-Test-Key: ${key}\r\n\r\n`, gateway);
    await expect.poll(client.received, settled).toContain('data: 1\n\n');
    const id = keys.idOf(key);
    keys.remove(key);
    await gateway.bus.revoke('client', id);
    await expect.poll(client.received, settled).toContain('event: session-ended\n');
    await (
      await answer
    ).gone;
  });

  it.each([
    ['its user', 'user', 'alice', {}],
    ['the session that it was made in', 'session', 'sid-1', { sid: 'sid-1' }],
    ['its client', 'client', 'client-1', { clientId: 'client-1' }],
  ] as const)('ends with %s, whatever the feature lists', async (_name, kind, id, principal) => {
    const key = keys.add(principal);
    const client = await openSocket(key);
    keys.remove(key);
    await gateway.bus.revoke(kind, id);
    await expect.poll(closeSeenBy(client), settled).toEqual(sessionEnded);
  });

  it('of a service ends with the owner that the feature lists', async () => {
    const key = keys.add({ kind: 'service', id: 'cron' }, { endedBy: [{ kind: 'user', id: 'owner' }] });
    const client = await openSocket(key);
    keys.remove(key);
    await gateway.bus.revoke('user', 'owner');
    await expect.poll(closeSeenBy(client), settled).toEqual(sessionEnded);
  });

  it('ends when the access of the key is gone, and goes on when an event changes nothing', async () => {
    const key = keys.add({ roles: ['admin'] });
    const client = await openSocket(key, '/admins/x');
    await gateway.bus.revoke('policy', 'policy');
    await streams.staysOpen(client);
    keys.change(key, { roles: ['user'] });
    await gateway.bus.revoke('user', 'alice');
    await expect.poll(closeSeenBy(client), settled).toEqual(accessLost);
  });

  it('ends when the key is found to be of another user', async () => {
    const key = keys.add();
    const client = await openSocket(key);
    keys.change(key, { id: 'mallory' });
    gateway.bus.gap();
    await expect.poll(closeSeenBy(client), settled).toEqual(sessionEnded);
  });

  it('ends when the time of the key is over, without a word on the bus', async () => {
    let time = Date.parse('2026-01-01T00:00:00Z');
    const own = await startWithKeys({ now: () => new Date(time) });
    const client = await openSocket(keys.add({}, { expiresAt: new Date(time + 60_000) }), '/own/x', own);
    time += 60_000;
    await expect.poll(closeSeenBy(client), settled).toEqual(sessionEnded);
  });

  it('goes on for the grace while the store does not answer, and is checked then', async () => {
    const key = keys.add();
    const client = await openSocket(key);
    keys.beforeAnswer = () => Promise.reject(new Error('down'));
    const { reads } = keys;
    await gateway.bus.revoke('client', keys.idOf(key));
    await expect.poll(() => keys.reads, settled).toBeGreaterThan(reads + 1);
    await streams.staysOpen(client);
    keys.remove(key);
    keys.beforeAnswer = async () => {};
    await expect.poll(closeSeenBy(client), settled).toEqual(sessionEnded);
  });

  it('is read again when something was heard while it was decided on', async () => {
    const key = keys.add();
    keys.beforeAnswer = async () => {
      keys.beforeAnswer = async () => {};
      const id = keys.idOf(key);
      keys.remove(key);
      await gateway.bus.revoke('client', id);
    };
    const client = streams.open(handshake('/own/x', { 'X-Test-Key': key }), gateway);
    await expect.poll(client.isEnded, settled).toBe(true);
  });

  it('is bounded by key and by user, with the sessions of the user', async () => {
    const narrow = await startWithKeys({ streams: { perSession: 1, perUser: 2 } });
    const key = keys.add();
    await openSocket(key, '/own/x', narrow);
    expect((await sendRaw(narrow.port, handshake('/own/x', { 'X-Test-Key': key }))).status).toBe(429);
    await streams.openSocket(narrow.sessions.add(), '/own/x', narrow);
    expect((await sendRaw(narrow.port, handshake('/own/x', { 'X-Test-Key': keys.add() }))).status).toBe(429);
    await openSocket(keys.add({ kind: 'service' }), '/own/x', narrow);
  });
});
