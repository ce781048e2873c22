import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { holdIntervals, passSeconds, releaseIntervals } from '../test-support/interval-clock.ts';
import { sendRaw } from '../test-support/raw-client.ts';
import { cookie, type TestGateway } from '../test-support/test-gateway.ts';
import { closeOf, handshake, readFrames, writeFrame, type WebSocketClient } from '../test-support/web-socket-client.ts';
import {
  accessLost,
  closeSeenBy,
  sessionEnded,
  settled,
  startTestStreams,
  type TestStreams,
} from './streams.test-support.ts';

let streams: TestStreams;
beforeAll(async () => {
  holdIntervals();
  streams = await startTestStreams();
});
afterAll(() => {
  releaseIntervals();
  return streams.close();
});
beforeEach(() => streams.reset());
afterEach(() => streams.release());

/** Which of them is the session cannot be told. */
const twoCookies = { Cookie: ['a', 'b'].map((one) => cookie(one.repeat(43)).Cookie).join('; ') };

describe('a WebSocket with a session', () => {
  it('reaches the upstream with a token and without the cookie', async () => {
    const client = await streams.openSocket();
    const [seen] = streams.upstream.handshakes;
    expect(seen?.headers['authorization']).toMatch(/^Bearer ey/);
    expect(JSON.stringify(seen?.rawHeaders)).not.toContain(streams.alice);
    await streams.staysOpen(client);
  });

  it('passes without one on an open route, and carries no identity', async () => {
    const client = streams.open(handshake('/maybe/x'));
    await expect.poll(client.received, settled).toContain('HTTP/1.1 101 ');
    expect(streams.upstream.handshakes[0]?.headers).not.toHaveProperty('authorization');
  });

  it.each([
    ['without the role', '/admins/x', {}, 403],
    ['without an Origin', '/own/x', { Origin: undefined }, 403],
    ['without an Origin where a session is not needed', '/maybe/x', { Origin: undefined }, 403],
    ['with a malformed cookie and without an Origin', '/maybe/x', { ...cookie('short'), Origin: undefined }, 403],
    ['with two cookies and without an Origin', '/maybe/x', { ...twoCookies, Origin: undefined }, 403],
    ['from another site', '/own/x', { Origin: 'https://evil.test' }, 403],
    ['from another site where a session is not needed', '/maybe/x', { Origin: 'https://evil.test' }, 403],
    ['from a page without an origin', '/own/x', { Origin: 'null' }, 403],
    ['with a bearer token as well', '/own/x', { Authorization: 'Bearer x' }, 400],
    ['when the session is dead', '/own/x', cookie('d'.repeat(43)), 401],
    ['when there is none', '/own/x', { Cookie: undefined }, 401],
  ])('is refused %s', async (_name, target, change, status) => {
    const answer = await sendRaw(streams.gateway.port, handshake(target, { ...cookie(streams.alice), ...change }));
    expect(answer.status).toBe(status);
    expect(streams.upstream.handshakes).toHaveLength(0);
  });

  it('is refused at the internal listener', async () => {
    const host = { Host: `127.0.0.1:${streams.gateway.internalPort}` };
    expect((await sendRaw(streams.gateway.internalPort, handshake('/maybe/x', host))).status).toBe(501);
    expect(streams.upstream.handshakes).toHaveLength(0);
  });
});

describe('W02: a WebSocket ends with its session', () => {
  it('at every gateway, with a close code of its own, and at the upstream too', async () => {
    const here = await streams.openSocket();
    const hereEnd = streams.end;
    const there = await streams.openSocket(streams.alice, '/own/x', streams.other);
    await streams.endSession(streams.alice);
    for (const client of [here, there]) {
      await expect.poll(closeSeenBy(client), settled).toEqual(sessionEnded);
      await expect.poll(client.isEnded, settled).toBe(true);
    }
    await expect.poll(() => closeOf(readFrames(streams.arrived).at(-1)), settled).toEqual({ code: 1001, reason: '' });
    await expect.poll(() => streams.upstream.open.size, settled).toBe(0);
    expect(hereEnd.destroyed).toBe(true);
    await expect
      .poll(() => streams.records.map(({ reason }) => reason), settled)
      .toEqual(Array(2).fill('stream-session-ended'));
  });

  it('when its user is banned', async () => {
    const client = await streams.openSocket();
    streams.gateway.sessions.remove(streams.alice);
    await streams.gateway.bus.revoke('user', 'alice');
    await expect.poll(closeSeenBy(client), settled).toEqual(sessionEnded);
  });

  it('when something was missed meanwhile', async () => {
    const client = await streams.openSocket();
    streams.gateway.sessions.remove(streams.alice);
    streams.gateway.bus.gap();
    await expect.poll(closeSeenBy(client), settled).toEqual(sessionEnded);
  });

  it('when it has become the session of another user', async () => {
    const client = await streams.openSocket();
    streams.gateway.sessions.change(streams.alice, { id: 'bob' });
    await streams.gateway.bus.revoke('session', streams.gateway.sessions.sidOf(streams.alice));
    await expect.poll(closeSeenBy(client), settled).toEqual(sessionEnded);
  });

  it('when its time is over, whatever happens', async () => {
    let time = Date.parse('2026-01-01T00:00:00Z');
    const own = await streams.startOwnGateway({ now: () => new Date(time) });
    const token = own.sessions.add({}, { absoluteExpiresAt: new Date(time + 60_000) });
    const client = await streams.openSocket(token, '/own/x', own);
    time += 59_999;
    passSeconds(1);
    await streams.staysOpen(client);
    time += 1;
    passSeconds(1);
    await expect.poll(closeSeenBy(client), settled).toEqual(sessionEnded);
  });

  describe('when it was idle for too long', () => {
    let time: number;
    let own: TestGateway;
    let idle: string;
    beforeEach(async () => {
      time = Date.parse('2026-01-01T00:00:00Z');
      own = await streams.startOwnGateway({ now: () => new Date(time), streams: { recheckSeconds: 1 } });
      idle = own.sessions.add({}, { idleExpiresAt: new Date(time + 60_000), idleSeconds: 60 });
    });
    const talk = async (client: WebSocketClient): Promise<void> => {
      const before = streams.arrived.length;
      client.socket.write(writeFrame('hello', { isMasked: true }));
      await expect.poll(() => streams.arrived.length, settled).toBeGreaterThan(before);
      streams.end.write(writeFrame('hello'));
      await expect.poll(() => client.frames().length, settled).toBeGreaterThan(0);
    };

    it('although frames and events came: they do not keep it alive', async () => {
      const answering = streams.answerWithEvents(own);
      const [client, events] = [
        await streams.openSocket(idle, '/own/x', own),
        await streams.openEvents(idle, '/events/x', own),
      ];
      const { response } = await answering;
      time += 59_000;
      await talk(client);
      response.write('data: 2\n\n');
      await expect.poll(events.received, settled).toContain('data: 2\n\n');
      passSeconds(1);
      await streams.staysOpen(client);
      time += 1001;
      passSeconds(1);
      await expect.poll(closeSeenBy(client), settled).toEqual(sessionEnded);
      await expect.poll(events.received, settled).toContain('event: session-ended');
      await expect.poll(events.isEnded, settled).toBe(true);
    });

    it('not while requests keep it alive', async () => {
      const client = await streams.openSocket(idle, '/own/x', own);
      time += 50_000;
      expect((await own.send('GET', '/api/x', cookie(idle))).status).toBe(200);
      time += 50_000;
      const { reads } = own.sessions;
      passSeconds(1);
      await expect.poll(() => own.sessions.reads, settled).toBeGreaterThan(reads);
      await streams.staysOpen(client);
      time += 10_001;
      passSeconds(1);
      await expect.poll(closeSeenBy(client), settled).toEqual(sessionEnded);
    });
  });

  it('not with that of another user, nor with another of the same user', async () => {
    const bob = await streams.openSocket(streams.gateway.sessions.add({ id: 'bob' }));
    const phone = streams.gateway.sessions.add();
    await streams.openSocket(phone, '/own/x', streams.other);
    const [bobEnd] = [...streams.upstream.open];
    const desk = await streams.openSocket();
    await streams.endSession(streams.alice);
    await expect.poll(closeSeenBy(desk), settled).toEqual(sessionEnded);
    bobEnd?.write(writeFrame('still here'));
    await expect.poll(() => bob.frames().length, settled).toBe(1);
    expect(streams.upstream.open.size).toBe(2);
  });

  it('unless the session was read again and may stay', async () => {
    const client = await streams.openSocket();
    const { reads } = streams.gateway.sessions;
    await streams.gateway.bus.revoke('session', streams.gateway.sessions.sidOf(streams.alice));
    await streams.gateway.bus.revoke('user', 'alice');
    await streams.gateway.bus.revoke('policy', 'policy');
    await expect.poll(() => streams.gateway.sessions.reads, settled).toBeGreaterThan(reads);
    await streams.staysOpen(client);
  });

  it('even when the upstream has not agreed yet', async () => {
    streams.upstream.answer = () => {};
    const client = streams.open(handshake('/own/x', cookie(streams.alice)));
    await expect.poll(() => streams.upstream.handshakes.length, settled).toBe(1);
    await streams.endSession(streams.alice);
    await expect.poll(client.received, settled).toMatch(/^HTTP\/1\.1 401 [^]*SP_UNAUTHENTICATED/);
    await expect.poll(() => streams.upstream.open.size, settled).toBe(0);
  });

  it('even when the revocation came while the handshake was being decided on', async () => {
    const read = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    const cautious = await streams.startOwnGateway({});
    const token = cautious.sessions.add();
    cautious.sessions.beforeAnswer = async () => {
      asked.resolve();
      await read.promise;
    };
    const client = streams.open(handshake('/own/x', cookie(token)), cautious);
    await asked.promise;
    const sid = cautious.sessions.sidOf(token);
    cautious.sessions.remove(token);
    await cautious.bus.revoke('session', sid);
    read.resolve();
    await expect.poll(client.received, settled).toMatch(/^HTTP\/1\.1 401 /);
  });
});

describe('W04: a WebSocket ends with the right to it', () => {
  it('when the role is taken away', async () => {
    const admin = streams.gateway.sessions.add({ id: 'root', roles: ['admin'] });
    const client = await streams.openSocket(admin, '/admins/x');
    const own = await streams.openSocket(admin, '/own/x');
    streams.gateway.sessions.change(admin, { roles: ['user'] });
    await streams.gateway.bus.revoke('user', 'root');
    await expect.poll(closeSeenBy(client), settled).toEqual(accessLost);
    expect(own.isEnded()).toBe(false);
  });

  it('when the sign-in is not recent enough any more', async () => {
    let time = Date.parse('2026-01-01T00:00:00Z');
    const watching = await streams.startOwnGateway({ now: () => new Date(time), streams: { recheckSeconds: 1 } });
    const client = await streams.openSocket(watching.sessions.add(), '/recent/x', watching);
    time += 2000;
    passSeconds(1);
    await streams.staysOpen(client);
    time += 1000;
    passSeconds(1);
    await expect.poll(closeSeenBy(client), settled).toEqual(accessLost);
  });
});
