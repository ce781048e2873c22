import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sendRaw } from '../test-support/raw-client.ts';
import { cookie } from '../test-support/test-gateway.ts';
import { handshake } from '../test-support/web-socket-client.ts';
import { settled, startTestStreams, type TestStreams } from './streams.test-support.ts';

let streams: TestStreams;
beforeAll(async () => {
  streams = await startTestStreams();
});
afterAll(() => streams.close());
beforeEach(() => streams.reset());
afterEach(() => streams.release());

describe('W10: streams of one session and of one user', () => {
  it('are bounded, all kinds together, and make room when they end', async () => {
    const narrow = await streams.startOwnGateway({ streams: { perSession: 2 } });
    void streams.answerWithEvents(narrow);
    const token = narrow.sessions.add();
    const first = await streams.openSocket(token, '/own/x', narrow);
    await streams.openEvents(token, '/api/x', narrow);
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
    expect(streams.upstream.handshakes).toHaveLength(1);
    await streams.openSocket(narrow.sessions.add(), '/own/x', narrow);
    first.socket.destroy();
    await expect
      .poll(async () => {
        const client = streams.open(handshake('/own/x', cookie(token)), narrow);
        await expect.poll(client.received, settled).toContain('\r\n\r\n');
        return client.received().slice(9, 12);
      }, settled)
      .toBe('101');
  });

  it('are bounded over all sessions of the user, and for that user alone', async () => {
    const narrow = await streams.startOwnGateway({ streams: { perUser: 2 } });
    for (let count = 0; count < 2; count++) await streams.openSocket(narrow.sessions.add(), '/own/x', narrow);
    expect((await sendRaw(narrow.port, handshake('/own/x', cookie(narrow.sessions.add())))).status).toBe(429);
    await streams.openSocket(narrow.sessions.add({ id: 'bob' }), '/own/x', narrow);
  });
});

it('W07: a client that leaves takes its upstream with it, again and again', async () => {
  let open_ = 0;
  streams.gateway.upstream.answer = (_, response) => {
    open_++;
    response.on('close', () => open_--);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('data: 1\n\n');
  };
  for (let round = 0; round < 50; round++) {
    const client = await streams.openEvents();
    client.socket.resetAndDestroy();
  }
  await expect.poll(() => open_, settled).toBe(0);
});
