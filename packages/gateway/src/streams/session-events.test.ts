import { sessionEventsPath, sessionExtensionPath, type SessionEvent } from '@sallyport/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { holdIntervals, passSeconds, releaseIntervals } from '../test-support/interval-clock.ts';
import { cookie, startTestGateway, type TestGateway } from '../test-support/test-gateway.ts';
import { openRaw, type WebSocketClient } from '../test-support/web-socket-client.ts';

const settled = { timeout: 10_000, interval: 20 };
const ownPage = { 'Sec-Fetch-Site': 'same-origin' };
const start = Date.parse('2026-01-01T00:00:00Z');
let time = start;
let gateway: TestGateway;
let clients: WebSocketClient[] = [];

beforeEach(async () => {
  holdIntervals();
  time = start;
  gateway = await startTestGateway({ now: () => new Date(time), streams: { heartbeatSeconds: 1 } });
});
afterEach(async () => {
  for (const client of clients) client.socket.destroy();
  clients = [];
  releaseIntervals();
  await gateway.close();
});

/** Opens the stream of a session, and waits for what it says first. */
async function listen(token: string): Promise<WebSocketClient> {
  const client = openRaw(
    `GET ${sessionEventsPath} HTTP/1.1\r\nHost: app.test\r\nCookie: __Host-sallyport=${token}\r\n\r\n`,
    gateway.port,
  );
  clients.push(client);
  await expect.poll(client.received, settled).toContain('event: session\n');
  return client;
}

function eventsOf(client: WebSocketClient): readonly SessionEvent[] {
  return [...client.received().matchAll(/^event: session\ndata: (.*)$/gm)].map(
    ([, data = '']) => JSON.parse(data) as SessionEvent,
  );
}

describe('the events of a session', () => {
  it('say at once whose it is and how long it lives, and nothing that could be stolen', async () => {
    const token = gateway.sessions.add({ authTime: new Date(start) }, { idleSeconds: 1800 });
    const client = await listen(token);

    expect(client.received()).toMatch(/^HTTP\/1\.1 200 .*content-type: text\/event-stream\r\n/is);
    expect(client.received()).toMatch(/cache-control: no-store/i);
    expect(eventsOf(client)).toEqual([
      {
        status: 'signed-in',
        at: '2026-01-01T00:00:00.000Z',
        user: { id: 'alice', roles: ['user'] },
        session: {
          acr: 'pwd',
          authTime: '2026-01-01T00:00:00.000Z',
          idleExpiresAt: '2026-01-01T01:00:00.000Z',
          absoluteExpiresAt: '2026-01-02T00:00:00.000Z',
          idleSeconds: 1800,
        },
      },
    ]);
    expect(client.received()).not.toContain(token);
    expect(client.received()).not.toContain('alice@example.test');
  });

  it.each([
    { name: 'other roles', kind: 'user', change: { roles: ['user', 'vendor'] }, generation: { user: 2 } },
    { name: 'a step-up', kind: 'session', change: { acr: 'mfa' }, generation: { session: 2 } },
    { name: 'other rights of a role', kind: 'policy', change: { permissions: [] }, generation: { policy: 2 } },
  ] as const)('say what it is after $name', async ({ kind, change, generation }) => {
    const token = gateway.sessions.add();
    const client = await listen(token);
    gateway.sessions.change(token, { ...change, generation: { session: 1, user: 1, policy: 1, ...generation } });
    await gateway.bus.revoke(kind, kind === 'user' ? 'alice' : gateway.sessions.sidOf(token));

    await expect.poll(() => eventsOf(client), settled).toHaveLength(2);
    const { roles } = { roles: ['user'], ...change };
    expect(eventsOf(client)[1]).toMatchObject({ user: { roles }, session: { acr: 'acr' in change ? 'mfa' : 'pwd' } });
  });

  it('say which organization is active after a switch, and that none is after another one', async () => {
    const token = gateway.sessions.add();
    const client = await listen(token);
    const switchTo = async (organization: object, session: number): Promise<void> => {
      gateway.sessions.change(token, { ...organization, generation: { session, user: 1, policy: 1 } });
      await gateway.bus.revoke('session', gateway.sessions.sidOf(token));
    };
    await switchTo({ org: 'acme', orgRoles: ['owner'] }, 2);
    await expect.poll(() => eventsOf(client), settled).toHaveLength(2);
    expect(eventsOf(client)[1]).toMatchObject({ organization: { id: 'acme', roles: ['owner'] } });
    await switchTo({ org: undefined, orgRoles: undefined }, 3);
    await expect.poll(() => eventsOf(client), settled).toHaveLength(3);
    expect(eventsOf(client)[2]).not.toHaveProperty('organization');
  });

  it('say nothing when another session of the user ends, and nothing of another user', async () => {
    const client = await listen(gateway.sessions.add());
    const elsewhere = gateway.sessions.add();
    const witness = await listen(elsewhere);
    await gateway.bus.revoke('user', 'bob');
    const sid = gateway.sessions.sidOf(elsewhere);
    gateway.sessions.remove(elsewhere);
    await gateway.bus.revoke('session', sid);

    await expect.poll(witness.received, settled).toContain('event: session-ended\n');
    expect(eventsOf(client)).toHaveLength(1);
    expect(client.received()).not.toContain('session-ended');
  });

  it('end with the session, and with its idle time', async () => {
    const token = gateway.sessions.add({}, { idleExpiresAt: new Date(start + 30_000) });
    const client = await listen(token);
    passSeconds(1);
    expect(client.received()).not.toContain('session-ended');
    time = start + 31_000;
    passSeconds(1);

    await expect.poll(client.received, settled).toContain('event: session-ended\n');
    expect(gateway.sessions.activity).toEqual([]);
  });

  it('show that they live', async () => {
    const client = await listen(gateway.sessions.add());
    passSeconds(1);
    await expect.poll(client.received, settled).toContain('\n:\n\n');
  });

  it('are refused to a visitor, for other methods and beyond the streams of a session', async () => {
    const visitor = await gateway.send('GET', sessionEventsPath);
    expect(visitor).toMatchObject({ status: 401 });
    const token = gateway.sessions.add();
    expect(await gateway.send('POST', sessionEventsPath, { ...cookie(token), ...ownPage })).toMatchObject({
      status: 405,
    });
    expect(await gateway.send('GET', `${sessionEventsPath}/x`, cookie(token))).toMatchObject({ status: 404 });

    for (let count = 0; count < 32; count += 1) await listen(token);
    expect(await gateway.send('GET', sessionEventsPath, cookie(token))).toMatchObject({ status: 429 });
  });
});

describe('staying signed in', () => {
  it('moves the idle expiry, now and however short ago it was moved', async () => {
    const token = gateway.sessions.add({}, { idleSeconds: 600, idleExpiresAt: new Date(start + 100_000) });
    for (const second of [0, 3]) {
      time = start + second * 1000;
      const answer = await gateway.send('POST', sessionExtensionPath, { ...cookie(token), ...ownPage });

      expect(answer.status).toBe(200);
      expect(JSON.parse(answer.body)).toEqual({
        idleExpiresAt: new Date(start + second * 1000 + 600_000).toISOString(),
        absoluteExpiresAt: '2026-01-02T00:00:00.000Z',
        idleSeconds: 600,
      });
    }
    expect(gateway.sessions.activity.map(({ at }) => at.getTime() - start)).toEqual([0, 3000]);
  });

  it('never goes beyond the absolute expiry', async () => {
    const absoluteExpiresAt = new Date(start + 60_000);
    const token = gateway.sessions.add({}, { idleSeconds: 600, idleExpiresAt: absoluteExpiresAt, absoluteExpiresAt });
    const answer = await gateway.send('POST', sessionExtensionPath, { ...cookie(token), ...ownPage });

    expect(JSON.parse(answer.body)).toMatchObject({ idleExpiresAt: absoluteExpiresAt.toISOString() });
  });

  it.each([
    { name: 'a visitor', method: 'POST', headers: ownPage, status: 401 },
    { name: 'a GET', method: 'GET', headers: {}, status: 405, isSignedIn: true },
    {
      name: 'another site',
      method: 'POST',
      headers: { 'Sec-Fetch-Site': 'cross-site' },
      status: 403,
      isSignedIn: true,
    },
  ])('is refused to $name', async ({ method, headers, status, isSignedIn = false }) => {
    const session = isSignedIn ? cookie(gateway.sessions.add()) : {};
    const answer = await gateway.send(method, sessionExtensionPath, { ...session, ...headers });

    expect(answer.status).toBe(status);
    expect(gateway.sessions.activity).toEqual([]);
  });

  it('revives no session that has ended', async () => {
    const token = gateway.sessions.add({}, { idleExpiresAt: new Date(start + 1000) });
    time = start + 1001;

    expect(await gateway.send('POST', sessionExtensionPath, { ...cookie(token), ...ownPage })).toMatchObject({
      status: 401,
    });
    expect(gateway.sessions.activity).toEqual([]);
  });
});
