import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { cookie } from '../test-support/test-gateway.ts';
import { openRaw } from '../test-support/web-socket-client.ts';
import { settled, startTestStreams, type TestStreams } from './streams.test-support.ts';

let streams: TestStreams;
beforeAll(async () => {
  streams = await startTestStreams();
});
afterAll(() => streams.close());
beforeEach(() => streams.reset());
afterEach(() => streams.release());

describe('W02: an event stream ends with its session', () => {
  it.each(['/events/x', '/api/x'])(
    'on %s, at every gateway, with a last event, and the upstream is told',
    async (target) => {
      const [here, there] = [streams.answerWithEvents(streams.gateway), streams.answerWithEvents(streams.other)];
      const both = [
        await streams.openEvents(streams.alice, target),
        await streams.openEvents(streams.alice, target, streams.other),
      ];
      await streams.endSession(streams.alice);
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
    const answer = streams.answerWithEvents();
    const client = await streams.openEvents();
    (await answer).response.write('data: ha');
    await expect.poll(client.received, settled).toContain('data: ha');
    await streams.endSession(streams.alice);
    await expect.poll(client.isEnded, settled).toBe(true);
    expect(client.received()).not.toMatch(/session-ended|\r\n0\r\n\r\n$/);
  });

  it('by being cut where it is compressed', async () => {
    const answer = streams.answerWithEvents(streams.gateway, { 'content-encoding': 'x-test' });
    const client = await streams.openEvents();
    await streams.endSession(streams.alice);
    await expect.poll(client.isEnded, settled).toBe(true);
    expect(client.received()).not.toContain('session-ended');
    await (
      await answer
    ).gone;
  });

  it('by 401 while it has no answer', async () => {
    streams.gateway.upstream.answer = () => {};
    const client = streams.open(
      `GET /events/x HTTP/1.1\r\nHost: app.test\r\nCookie: __Host-sallyport=${streams.alice}\r\n\r\n`,
    );
    await expect.poll(() => streams.gateway.upstream.seen.length, settled).toBe(1);
    await streams.endSession(streams.alice);
    await expect.poll(client.received, settled).toMatch(/^HTTP\/1\.1 401 [^]*SP_UNAUTHENTICATED/);
  });

  it('that was over before its answer began, on a route whose answers are short as a rule', async () => {
    const answered = Promise.withResolvers<void>();
    streams.gateway.upstream.answer = (_, response) => {
      void answered.promise.then(() => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write(':\n\n');
      });
    };
    const client = streams.open(
      `GET /api/x HTTP/1.1\r\nHost: app.test\r\nCookie: __Host-sallyport=${streams.alice}\r\n\r\n`,
    );
    await expect.poll(() => streams.gateway.upstream.seen.length, settled).toBe(1);
    await streams.endSession(streams.alice);
    answered.resolve();
    await expect.poll(client.received, settled).toContain('event: session-ended');
  });

  it('with the right to it', async () => {
    const answer = streams.answerWithEvents();
    const admin = streams.gateway.sessions.add({ id: 'root', roles: ['admin'] });
    const client = await streams.openEvents(admin, '/admin/x');
    streams.gateway.sessions.change(admin, { roles: ['user'] });
    await streams.gateway.bus.revoke('user', 'root');
    await expect.poll(client.received, settled).toContain('event: access-lost\ndata: {"code":"SP_FORBIDDEN"}\n\n');
    await (
      await answer
    ).gone;
  });

  it('at the internal listener too', async () => {
    await streams.gateway.send('GET', '/page', cookie(streams.alice));
    const authorization = String(streams.gateway.upstream.seen.at(-1)?.headers['authorization']);
    const answer = streams.answerWithEvents();
    const client = openRaw(
      `GET /service-events HTTP/1.1\r\nHost: 127.0.0.1:${streams.gateway.internalPort}\r\nAuthorization: ${authorization}\r\n\r\n`,
      streams.gateway.internalPort,
    );
    streams.keep(client);
    await expect.poll(client.received, settled).toContain('data: 1\n\n');
    await streams.endSession(streams.alice);
    await expect.poll(client.received, settled).toContain('event: session-ended');
    await (
      await answer
    ).gone;
  });

  it('never when it is anonymous', async () => {
    const answer = streams.answerWithEvents();
    const client = streams.open('GET /public/x HTTP/1.1\r\nHost: app.test\r\n\r\n');
    await expect.poll(client.received, settled).toContain('data: 1\n\n');
    await streams.endSession(streams.alice);
    streams.gateway.bus.gap();
    (await answer).response.write('data: 2\n\n');
    await expect.poll(client.received, settled).toContain('data: 2\n\n');
  });
});

it('any other answer on a streaming route is cut with the session, and does not look whole', async () => {
  streams.gateway.upstream.answer = (_, response) => {
    response.writeHead(200, { 'content-type': 'application/x-ndjson' });
    response.write('{"n":1}\n');
  };
  const client = streams.open(
    `GET /events/x HTTP/1.1\r\nHost: app.test\r\nCookie: __Host-sallyport=${streams.alice}\r\n\r\n`,
  );
  await expect.poll(client.received, settled).toContain('{"n":1}');
  await streams.endSession(streams.alice);
  await expect.poll(client.isEnded, settled).toBe(true);
  expect(client.received()).not.toMatch(/\r\n0\r\n\r\n$/);
});
