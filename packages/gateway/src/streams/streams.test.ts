import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { GatewayOptions } from '../gateway-options.ts';
import type { RequestRecord } from '../record/record.ts';
import { sendRaw } from '../test-support/raw-client.ts';
import { cookie, startTestGateway, type TestGateway } from '../test-support/test-gateway.ts';
import {
  closeOf,
  handshake,
  openRaw,
  readFrames,
  writeFrame,
  type WebSocketClient,
} from '../test-support/web-socket-client.ts';
import { agreementTo, startWebSocketUpstream, type WebSocketUpstream } from '../test-support/web-socket-upstream.ts';

const settled = { timeout: 10_000, interval: 20 };
const sessionEnded = { code: 4401, reason: 'session ended' };
const accessLost = { code: 4403, reason: 'access lost' };
/** Which of them is the session cannot be told. */
const twoCookies = { Cookie: ['a', 'b'].map((one) => cookie(one.repeat(43)).Cookie).join('; ') };

let upstream: WebSocketUpstream;
let gateway: TestGateway;
/** Another gateway on the same bus and the same sessions. */
let other: TestGateway;
let alice: string;
const records: RequestRecord[] = [];
const clients: WebSocketClient[] = [];
const gateways: TestGateway[] = [];
/** The upstream's end of the last tunnel, and what arrived at it. */
let end: Duplex;
let arrived: Buffer;

function startGateway(change: Partial<GatewayOptions> = {}): Promise<TestGateway> {
  const { origin } = upstream;
  return startTestGateway({
    moreRoutes: [
      { name: 'own', prefix: '/own', upstream: origin },
      { name: 'maybe', prefix: '/maybe', access: 'optional', upstream: origin },
      { name: 'admins', prefix: '/admins', access: { roles: ['admin'] }, upstream: origin },
      { name: 'recent', prefix: '/recent', stepUp: { maxAgeSeconds: 2 }, upstream: origin },
      { name: 'service-events', prefix: '/service-events', access: 'service', streaming: true },
    ],
    accessLog: true,
    logger: {
      info: (_, fields) => void records.push(fields as unknown as RequestRecord),
      warn: () => {},
      error: () => {},
    },
    ...change,
  });
}

/** A gateway of its own for one test. */
async function startOwnGateway(change: Partial<GatewayOptions>): Promise<TestGateway> {
  const own = await startGateway(change);
  gateways.push(own);
  return own;
}

beforeAll(async () => {
  upstream = await startWebSocketUpstream();
  gateway = await startGateway();
  other = await startGateway({ bus: gateway.bus, sessions: gateway.sessions });
});
afterAll(async () => {
  await Promise.all([gateway.close(), other.close()]);
  await upstream.close();
});
beforeEach(() => {
  records.length = 0;
  upstream.reset();
  for (const one of [gateway, other]) one.upstream.reset();
  upstream.answer = (request, socket) => {
    end = socket;
    arrived = Buffer.alloc(0);
    socket.on('data', (piece: Buffer) => (arrived = Buffer.concat([arrived, piece])));
    socket.write(agreementTo(request));
  };
  alice = gateway.sessions.add();
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.socket.destroy();
  await Promise.all(gateways.splice(0).map((own) => own.close()));
});

function open(bytes: string, at: TestGateway = gateway): WebSocketClient {
  const client = openRaw(bytes, at.port);
  clients.push(client);
  return client;
}

async function openSocket(token = alice, target = '/own/x', at: TestGateway = gateway): Promise<WebSocketClient> {
  const client = open(handshake(target, cookie(token)), at);
  await expect.poll(client.received, settled).toContain('\r\n\r\n');
  expect(client.received()).toContain('HTTP/1.1 101 ');
  return client;
}

async function openEvents(token = alice, target = '/events/x', at: TestGateway = gateway): Promise<WebSocketClient> {
  const client = open(`GET ${target} HTTP/1.1\r\nHost: app.test\r\nCookie: __Host-sallyport=${token}\r\n\r\n`, at);
  await expect.poll(client.received, settled).toContain('data: 1\n\n');
  return client;
}

/** Lets the plain upstream of a gateway answer with events. Resolves to the answer, once there is one. */
function answerWithEvents(
  at: TestGateway = gateway,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ readonly response: ServerResponse; readonly gone: Promise<unknown> }> {
  return new Promise((resolve) => {
    at.upstream.answer = (_: IncomingMessage, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', ...headers });
      response.write('data: 1\n\n');
      resolve({ response, gone: once(response, 'close') });
    };
  });
}

async function endSession(token: string): Promise<void> {
  const sid = gateway.sessions.sidOf(token);
  gateway.sessions.remove(token);
  await gateway.bus.revoke('session', sid);
}

const closeSeenBy = (client: WebSocketClient) => () => closeOf(client.frames().at(-1));

/** After as many turns as a message and its answer take, nothing has come. */
async function staysOpen(client: WebSocketClient): Promise<void> {
  end.write(writeFrame('still here'));
  await expect.poll(() => client.frames().at(-1)?.payload.toString(), settled).toBe('still here');
  client.socket.write(writeFrame('and I', { isMasked: true }));
  await expect.poll(() => readFrames(arrived).at(-1)?.payload.toString(), settled).toBe('and I');
  expect(client.isEnded()).toBe(false);
}

describe('a WebSocket with a session', () => {
  it('reaches the upstream with a token and without the cookie', async () => {
    const client = await openSocket();
    const [seen] = upstream.handshakes;
    expect(seen?.headers['authorization']).toMatch(/^Bearer ey/);
    expect(JSON.stringify(seen?.rawHeaders)).not.toContain(alice);
    await staysOpen(client);
  });

  it('passes without one on an open route, and carries no identity', async () => {
    const client = open(handshake('/maybe/x'));
    await expect.poll(client.received, settled).toContain('HTTP/1.1 101 ');
    expect(upstream.handshakes[0]?.headers).not.toHaveProperty('authorization');
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
    const answer = await sendRaw(gateway.port, handshake(target, { ...cookie(alice), ...change }));
    expect(answer.status).toBe(status);
    expect(upstream.handshakes).toHaveLength(0);
  });

  it('is refused at the internal listener', async () => {
    const host = { Host: `127.0.0.1:${gateway.internalPort}` };
    expect((await sendRaw(gateway.internalPort, handshake('/maybe/x', host))).status).toBe(501);
    expect(upstream.handshakes).toHaveLength(0);
  });
});

describe('W02: a WebSocket ends with its session', () => {
  it('at every gateway, with a close code of its own, and at the upstream too', async () => {
    const here = await openSocket();
    const hereEnd = end;
    const there = await openSocket(alice, '/own/x', other);
    await endSession(alice);
    for (const client of [here, there]) {
      await expect.poll(closeSeenBy(client), settled).toEqual(sessionEnded);
      await expect.poll(client.isEnded, settled).toBe(true);
    }
    await expect.poll(() => closeOf(readFrames(arrived).at(-1)), settled).toEqual({ code: 1001, reason: '' });
    await expect.poll(() => upstream.open.size, settled).toBe(0);
    expect(hereEnd.destroyed).toBe(true);
    await expect
      .poll(() => records.map(({ reason }) => reason), settled)
      .toEqual(Array(2).fill('stream-session-ended'));
  });

  it('when its user is banned', async () => {
    const client = await openSocket();
    gateway.sessions.remove(alice);
    await gateway.bus.revoke('user', 'alice');
    await expect.poll(closeSeenBy(client), settled).toEqual(sessionEnded);
  });

  it('when something was missed meanwhile', async () => {
    const client = await openSocket();
    gateway.sessions.remove(alice);
    gateway.bus.gap();
    await expect.poll(closeSeenBy(client), settled).toEqual(sessionEnded);
  });

  it('when it has become the session of another user', async () => {
    const client = await openSocket();
    gateway.sessions.change(alice, { id: 'bob' });
    await gateway.bus.revoke('session', gateway.sessions.sidOf(alice));
    await expect.poll(closeSeenBy(client), settled).toEqual(sessionEnded);
  });

  it('when its time is over, whatever happens', async () => {
    const soon = new Date(Date.now() + 300);
    const client = await openSocket(gateway.sessions.add({}, { absoluteExpiresAt: soon }));
    await expect.poll(closeSeenBy(client), settled).toEqual(sessionEnded);
  });

  describe('when it was idle for too long', () => {
    let time: number;
    let own: TestGateway;
    let idle: string;
    beforeEach(async () => {
      time = Date.parse('2026-01-01T00:00:00Z');
      own = await startOwnGateway({ now: () => new Date(time), streams: { recheckSeconds: 1 } });
      idle = own.sessions.add({}, { idleExpiresAt: new Date(time + 60_000), idleSeconds: 60 });
    });
    const talk = async (client: WebSocketClient): Promise<void> => {
      const before = arrived.length;
      client.socket.write(writeFrame('hello', { isMasked: true }));
      await expect.poll(() => arrived.length, settled).toBeGreaterThan(before);
      end.write(writeFrame('hello'));
      await expect.poll(() => client.frames().length, settled).toBeGreaterThan(0);
    };

    it('although frames and events came: they do not keep it alive', async () => {
      const answering = answerWithEvents(own);
      const [client, events] = [await openSocket(idle, '/own/x', own), await openEvents(idle, '/events/x', own)];
      const { response } = await answering;
      time += 59_000;
      await talk(client);
      response.write('data: 2\n\n');
      await expect.poll(events.received, settled).toContain('data: 2\n\n');
      await staysOpen(client);
      time += 1001;
      await expect.poll(closeSeenBy(client), settled).toEqual(sessionEnded);
      await expect.poll(events.received, settled).toContain('event: session-ended');
      await expect.poll(events.isEnded, settled).toBe(true);
    });

    it('not while requests keep it alive', async () => {
      const client = await openSocket(idle, '/own/x', own);
      time += 50_000;
      expect((await own.send('GET', '/api/x', cookie(idle))).status).toBe(200);
      time += 50_000;
      const { reads } = own.sessions;
      await expect.poll(() => own.sessions.reads, settled).toBeGreaterThan(reads);
      await staysOpen(client);
      time += 10_001;
      await expect.poll(closeSeenBy(client), settled).toEqual(sessionEnded);
    });
  });

  it('not with that of another user, nor with another of the same user', async () => {
    const bob = await openSocket(gateway.sessions.add({ id: 'bob' }));
    const phone = gateway.sessions.add();
    await openSocket(phone, '/own/x', other);
    const [bobEnd] = [...upstream.open];
    const desk = await openSocket();
    await endSession(alice);
    await expect.poll(closeSeenBy(desk), settled).toEqual(sessionEnded);
    bobEnd?.write(writeFrame('still here'));
    await expect.poll(() => bob.frames().length, settled).toBe(1);
    expect(upstream.open.size).toBe(2);
  });

  it('unless the session was read again and may stay', async () => {
    const client = await openSocket();
    const { reads } = gateway.sessions;
    await gateway.bus.revoke('session', gateway.sessions.sidOf(alice));
    await gateway.bus.revoke('user', 'alice');
    await gateway.bus.revoke('policy', 'policy');
    await expect.poll(() => gateway.sessions.reads, settled).toBeGreaterThan(reads);
    await staysOpen(client);
  });

  it('even when the upstream has not agreed yet', async () => {
    upstream.answer = () => {};
    const client = open(handshake('/own/x', cookie(alice)));
    await expect.poll(() => upstream.handshakes.length, settled).toBe(1);
    await endSession(alice);
    await expect.poll(client.received, settled).toMatch(/^HTTP\/1\.1 401 [^]*SP_UNAUTHENTICATED/);
    await expect.poll(() => upstream.open.size, settled).toBe(0);
  });

  it('even when the revocation came while the handshake was being decided on', async () => {
    const read = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    const cautious = await startOwnGateway({});
    const token = cautious.sessions.add();
    cautious.sessions.beforeAnswer = async () => {
      asked.resolve();
      await read.promise;
    };
    const client = open(handshake('/own/x', cookie(token)), cautious);
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
    const admin = gateway.sessions.add({ id: 'root', roles: ['admin'] });
    const client = await openSocket(admin, '/admins/x');
    const own = await openSocket(admin, '/own/x');
    gateway.sessions.change(admin, { roles: ['user'] });
    await gateway.bus.revoke('user', 'root');
    await expect.poll(closeSeenBy(client), settled).toEqual(accessLost);
    expect(own.isEnded()).toBe(false);
  });

  it('when the sign-in is not recent enough any more', async () => {
    const watching = await startOwnGateway({ streams: { recheckSeconds: 1 } });
    const client = await openSocket(watching.sessions.add(), '/recent/x', watching);
    await expect.poll(closeSeenBy(client), settled).toEqual(accessLost);
  });
});

describe('the close frame', () => {
  it('comes after the frame that is under way, and no later frame passes', async () => {
    const client = await openSocket();
    const frame = writeFrame('x'.repeat(1000));
    end.write(frame.subarray(0, 500));
    await expect.poll(() => client.received().length, settled).toBeGreaterThan(600);
    await endSession(alice);
    end.write(Buffer.concat([frame.subarray(500), writeFrame('too late')]));
    await expect.poll(client.isEnded, settled).toBe(true);
    const frames = client.frames();
    expect(frames.map(({ opcode, payload }) => [opcode, payload.length])).toEqual([
      [1, 1000],
      [8, 15],
    ]);
  });

  it('comes between the frames of a message', async () => {
    const client = await openSocket();
    end.write(writeFrame('first half', { isFinal: false }));
    await expect.poll(() => client.frames().length, settled).toBe(1);
    await endSession(alice);
    await expect.poll(closeSeenBy(client), settled).toEqual(sessionEnded);
  });

  it('is left out when the frame under way does not end', async () => {
    const client = await openSocket();
    end.write(writeFrame('x'.repeat(1000)).subarray(0, 500));
    await expect.poll(() => client.received().length, settled).toBeGreaterThan(600);
    await endSession(alice);
    await expect.poll(client.isEnded, settled).toBe(true);
    expect(client.frames()).toEqual([]);
    await expect.poll(() => upstream.open.size, settled).toBe(0);
  });

  it('is not waited for by a client that does not read', async () => {
    const client = await openSocket();
    client.socket.pause();
    const block = writeFrame(Buffer.alloc(1 << 20), { opcode: 2 });
    const push = (): void => {
      for (let count = 0; count < 64 && end.write(block); count++);
    };
    end.on('drain', push);
    push();
    await endSession(alice);
    await expect.poll(() => upstream.open.size, settled).toBe(0);
    await expect.poll(() => records.length, settled).toBe(1);
  });

  it('is the last thing: nothing that the client says after it reaches the upstream', async () => {
    const client = await openSocket();
    client.socket.write(writeFrame('before', { isMasked: true }));
    await expect.poll(() => readFrames(arrived).length, settled).toBe(1);
    const sid = gateway.sessions.sidOf(alice);
    gateway.sessions.remove(alice);
    await gateway.bus.revoke('session', sid);
    await expect.poll(closeSeenBy(client), settled).toEqual(sessionEnded);
    client.socket.write(writeFrame('after', { isMasked: true }));
    await expect.poll(() => upstream.open.size, settled).toBe(0);
    expect(readFrames(arrived).map(({ opcode }) => opcode)).toEqual([1, 8]);
  });
});

describe('a store that does not answer', () => {
  it('ends no stream at once, and the check is made up for', async () => {
    const client = await openSocket();
    gateway.sessions.beforeAnswer = () => Promise.reject(new Error('down'));
    const sid = gateway.sessions.sidOf(alice);
    const { reads } = gateway.sessions;
    await gateway.bus.revoke('session', sid);
    await expect.poll(() => gateway.sessions.reads, settled).toBeGreaterThan(reads + 1);
    await staysOpen(client);
    gateway.sessions.remove(alice);
    gateway.sessions.beforeAnswer = async () => {};
    await expect.poll(closeSeenBy(client), settled).toEqual(sessionEnded);
  });

  it('ends them when the grace is over', async () => {
    const impatient = await startOwnGateway({ streams: { graceSeconds: 1 } });
    const client = await openSocket(impatient.sessions.add(), '/own/x', impatient);
    impatient.sessions.beforeAnswer = () => Promise.reject(new Error('down'));
    impatient.bus.gap();
    await expect.poll(closeSeenBy(client), settled).toEqual({ code: 1013, reason: 'session cannot be checked' });
  });
});

describe('without a word on the bus', () => {
  it('a session is read again after a while', async () => {
    const watching = await startOwnGateway({ streams: { recheckSeconds: 1 } });
    const token = watching.sessions.add();
    const client = await openSocket(token, '/own/x', watching);
    watching.sessions.remove(token);
    await expect.poll(closeSeenBy(client), settled).toEqual(sessionEnded);
  });

  it('because it is not connected, sessions are read more often', async () => {
    const deaf = await startOwnGateway({ streams: { recheckSeconds: 300 } });
    const token = deaf.sessions.add();
    const client = await openSocket(token, '/own/x', deaf);
    deaf.bus.connected = false;
    deaf.sessions.remove(token);
    await expect.poll(closeSeenBy(client), settled).toEqual(sessionEnded);
  });
});

describe('W02: an event stream ends with its session', () => {
  it.each(['/events/x', '/api/x'])(
    'on %s, at every gateway, with a last event, and the upstream is told',
    async (target) => {
      const [here, there] = [answerWithEvents(gateway), answerWithEvents(other)];
      const both = [await openEvents(alice, target), await openEvents(alice, target, other)];
      await endSession(alice);
      for (const client of both) {
        await expect
          .poll(client.received, settled)
          .toContain('event: session-ended\ndata: {"code":"SP_UNAUTHENTICATED"}\n\n');
        // The last chunk: the answer is whole.
        await expect.poll(client.received, settled).toMatch(/\r\n0\r\n\r\n$/);
      }
      for (const answer of [here, there]) await (await answer).gone;
    },
  );

  it('in the middle of an event by being cut, so that half of it is none', async () => {
    const answer = answerWithEvents();
    const client = await openEvents();
    (await answer).response.write('data: ha');
    await expect.poll(client.received, settled).toContain('data: ha');
    await endSession(alice);
    await expect.poll(client.isEnded, settled).toBe(true);
    expect(client.received()).not.toMatch(/session-ended|\r\n0\r\n\r\n$/);
  });

  it('by being cut where it is compressed', async () => {
    const answer = answerWithEvents(gateway, { 'content-encoding': 'x-test' });
    const client = await openEvents();
    await endSession(alice);
    await expect.poll(client.isEnded, settled).toBe(true);
    expect(client.received()).not.toContain('session-ended');
    await (
      await answer
    ).gone;
  });

  it('by 401 while it has no answer', async () => {
    gateway.upstream.answer = () => {};
    const client = open(`GET /events/x HTTP/1.1\r\nHost: app.test\r\nCookie: __Host-sallyport=${alice}\r\n\r\n`);
    await expect.poll(() => gateway.upstream.seen.length, settled).toBe(1);
    await endSession(alice);
    await expect.poll(client.received, settled).toMatch(/^HTTP\/1\.1 401 [^]*SP_UNAUTHENTICATED/);
  });

  it('that was over before its answer began, on a route whose answers are short as a rule', async () => {
    const answered = Promise.withResolvers<void>();
    gateway.upstream.answer = (_, response) => {
      void answered.promise.then(() => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write(':\n\n');
      });
    };
    const client = open(`GET /api/x HTTP/1.1\r\nHost: app.test\r\nCookie: __Host-sallyport=${alice}\r\n\r\n`);
    await expect.poll(() => gateway.upstream.seen.length, settled).toBe(1);
    await endSession(alice);
    answered.resolve();
    await expect.poll(client.received, settled).toContain('event: session-ended');
  });

  it('with the right to it', async () => {
    const answer = answerWithEvents();
    const admin = gateway.sessions.add({ id: 'root', roles: ['admin'] });
    const client = await openEvents(admin, '/admin/x');
    gateway.sessions.change(admin, { roles: ['user'] });
    await gateway.bus.revoke('user', 'root');
    await expect.poll(client.received, settled).toContain('event: access-lost\ndata: {"code":"SP_FORBIDDEN"}\n\n');
    await (
      await answer
    ).gone;
  });

  it('at the internal listener too', async () => {
    await gateway.send('GET', '/page', cookie(alice));
    const authorization = String(gateway.upstream.seen.at(-1)?.headers['authorization']);
    const answer = answerWithEvents();
    const client = openRaw(
      `GET /service-events HTTP/1.1\r\nHost: 127.0.0.1:${gateway.internalPort}\r\nAuthorization: ${authorization}\r\n\r\n`,
      gateway.internalPort,
    );
    clients.push(client);
    await expect.poll(client.received, settled).toContain('data: 1\n\n');
    await endSession(alice);
    await expect.poll(client.received, settled).toContain('event: session-ended');
    await (
      await answer
    ).gone;
  });

  it('never when it is anonymous', async () => {
    const answer = answerWithEvents();
    const client = open('GET /public/x HTTP/1.1\r\nHost: app.test\r\n\r\n');
    await expect.poll(client.received, settled).toContain('data: 1\n\n');
    await endSession(alice);
    gateway.bus.gap();
    (await answer).response.write('data: 2\n\n');
    await expect.poll(client.received, settled).toContain('data: 2\n\n');
  });
});

it('any other answer on a streaming route is cut with the session, and does not look whole', async () => {
  gateway.upstream.answer = (_, response) => {
    response.writeHead(200, { 'content-type': 'application/x-ndjson' });
    response.write('{"n":1}\n');
  };
  const client = open(`GET /events/x HTTP/1.1\r\nHost: app.test\r\nCookie: __Host-sallyport=${alice}\r\n\r\n`);
  await expect.poll(client.received, settled).toContain('{"n":1}');
  await endSession(alice);
  await expect.poll(client.isEnded, settled).toBe(true);
  expect(client.received()).not.toMatch(/\r\n0\r\n\r\n$/);
});

describe('W05: silence', () => {
  it('is broken by a comment between two events, and by none within one', async () => {
    const beating = await startOwnGateway({ streams: { heartbeatSeconds: 1 } });
    const answer = answerWithEvents(beating);
    const token = beating.sessions.add();
    const client = await openEvents(token, '/events/x', beating);
    await expect.poll(client.received, settled).toMatch(/data: 1\n\n[^]*\n:\n\n/);
    const { response } = await answer;
    response.write('data: ha');
    await expect.poll(client.received, settled).toContain('data: ha');
    const { length } = client.received();
    const second = answerWithEvents(beating);
    const witness = await openEvents(token, '/events/y', beating);
    await second;
    await expect.poll(witness.received, settled).toMatch(/\n:\n\n/);
    expect(client.received()).toHaveLength(length);
    response.write('lf\n\n');
    await expect.poll(() => client.received().slice(length), settled).toMatch(/lf\n\n\r\n[^]*:\n\n/);
  });

  it('on a WebSocket is broken by a ping, between two frames only', async () => {
    const beating = await startOwnGateway({ streams: { heartbeatSeconds: 1 } });
    const client = await openSocket(beating.sessions.add(), '/own/x', beating);
    const clientEnd = end;
    await expect.poll(() => client.frames().map(({ opcode }) => opcode), settled).toContain(9);
    const frame = writeFrame('whole');
    clientEnd.write(frame.subarray(0, 3));
    const before = client.frames().length;
    const witness = await openSocket(beating.sessions.add(), '/own/x', beating);
    await expect.poll(() => witness.frames().length, settled).toBeGreaterThan(1);
    expect(client.frames()).toHaveLength(before);
    clientEnd.write(frame.subarray(3));
    await expect.poll(() => client.frames().map(({ payload }) => payload.toString()), settled).toContain('whole');
  });

  it('gets no heartbeats when they are switched off', async () => {
    const quiet = await startOwnGateway({ streams: { heartbeatSeconds: 0, recheckSeconds: 1 } });
    const token = quiet.sessions.add();
    const client = await openSocket(token, '/own/x', quiet);
    const { reads } = quiet.sessions;
    await expect.poll(() => quiet.sessions.reads, settled).toBeGreaterThan(reads + 1);
    expect(client.frames()).toEqual([]);
  });

  it('of an upstream does not end what was asked for as events, on any route', async () => {
    const strict = await startOwnGateway({});
    const answer = answerWithEvents(strict);
    const client = open(
      `GET /api/x HTTP/1.1\r\nHost: app.test\r\nAccept: text/event-stream\r\nCookie: __Host-sallyport=${strict.sessions.add()}\r\n\r\n`,
      strict,
    );
    await expect.poll(client.received, settled).toContain('data: 1\n\n');
    (await answer).response.write('data: 2\n\n');
    await expect.poll(client.received, settled).toContain('data: 2\n\n');
  });
});

describe('W10: streams of one session and of one user', () => {
  it('are bounded, all kinds together, and make room when they end', async () => {
    const narrow = await startOwnGateway({ streams: { perSession: 2 } });
    void answerWithEvents(narrow);
    const token = narrow.sessions.add();
    const first = await openSocket(token, '/own/x', narrow);
    await openEvents(token, '/api/x', narrow);
    for (const target of ['/own/x', '/events/x']) {
      const answer = await sendRaw(
        narrow.port,
        target === '/own/x'
          ? handshake(target, cookie(token))
          : `GET ${target} HTTP/1.1\r\nHost: app.test\r\nConnection: close\r\nCookie: __Host-sallyport=${token}\r\n\r\n`,
      );
      expect(answer.status).toBe(429);
      expect(answer.headers['retry-after']).toBe('5');
      expect(answer.body).toContain('SP_TOO_MANY_STREAMS');
    }
    // What turns out to be a stream only with the head of its answer is refused then, and the upstream is told.
    const third = await narrow.send('GET', '/api/x', cookie(token));
    expect(third).toMatchObject({ status: 429 });
    expect(upstream.handshakes).toHaveLength(1);
    await openSocket(narrow.sessions.add(), '/own/x', narrow);
    first.socket.destroy();
    await expect
      .poll(async () => {
        const client = open(handshake('/own/x', cookie(token)), narrow);
        await expect.poll(client.received, settled).toContain('\r\n\r\n');
        return client.received().slice(9, 12);
      }, settled)
      .toBe('101');
  });

  it('are bounded over all sessions of the user, and for that user alone', async () => {
    const narrow = await startOwnGateway({ streams: { perUser: 2 } });
    for (let count = 0; count < 2; count++) await openSocket(narrow.sessions.add(), '/own/x', narrow);
    expect((await sendRaw(narrow.port, handshake('/own/x', cookie(narrow.sessions.add())))).status).toBe(429);
    await openSocket(narrow.sessions.add({ id: 'bob' }), '/own/x', narrow);
  });
});

describe('a gateway that closes', () => {
  it('says so on WebSockets and between events, and does not wait for either', async () => {
    const closing = await startGateway();
    void answerWithEvents(closing);
    const token = closing.sessions.add();
    const socket = await openSocket(token, '/own/x', closing);
    const events = await openEvents(token, '/events/x', closing);
    await closing.gateway.close({ graceMilliseconds: 3_600_000 });
    expect(closeOf(socket.frames().at(-1))).toEqual({ code: 1001, reason: 'going away' });
    await expect.poll(events.received, settled).toMatch(/\r\n0\r\n\r\n$/);
    expect(events.received()).not.toContain('event:');
    await closing.upstream.close();
  });

  it('lets an event under way end', async () => {
    const closing = await startGateway();
    const answer = answerWithEvents(closing);
    const events = await openEvents(closing.sessions.add(), '/events/x', closing);
    const { response } = await answer;
    response.write('data: ha');
    await expect.poll(events.received, settled).toContain('data: ha');
    const closed = closing.gateway.close({ graceMilliseconds: 3_600_000 });
    response.write('lf\n\n');
    await closed;
    await expect.poll(events.received, settled).toMatch(/lf\n\n\r\n0\r\n\r\n$/);
    await closing.upstream.close();
  });
});

it('W07: a client that leaves takes its upstream with it, again and again', async () => {
  let open_ = 0;
  gateway.upstream.answer = (_, response) => {
    open_++;
    response.on('close', () => open_--);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('data: 1\n\n');
  };
  for (let round = 0; round < 50; round++) {
    const client = await openEvents();
    client.socket.resetAndDestroy();
  }
  await expect.poll(() => open_, settled).toBe(0);
});
