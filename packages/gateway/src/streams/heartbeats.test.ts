import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { holdIntervals, passSeconds, releaseIntervals } from '../test-support/interval-clock.ts';
import { writeFrame } from '../test-support/web-socket-client.ts';
import { settled, startTestStreams, type TestStreams } from './streams.test-support.ts';

let streams: TestStreams;
beforeAll(async () => {
  streams = await startTestStreams();
});
afterAll(() => streams.close());
beforeEach(() => {
  holdIntervals();
  streams.reset();
});
afterEach(async () => {
  releaseIntervals();
  await streams.release();
});

describe('W05: silence', () => {
  it('is broken by a comment between two events, and by none within one', async () => {
    const beating = await streams.startOwnGateway({ streams: { heartbeatSeconds: 1 } });
    const answer = streams.answerWithEvents(beating);
    const token = beating.sessions.add();
    const client = await streams.openEvents(token, '/events/x', beating);
    passSeconds(1);
    await expect.poll(client.received, settled).toMatch(/data: 1\n\n[^]*\n:\n\n/);
    const { response } = await answer;
    response.write('data: ha');
    await expect.poll(client.received, settled).toContain('data: ha');
    const { length } = client.received();
    const second = streams.answerWithEvents(beating);
    const witness = await streams.openEvents(token, '/events/y', beating);
    await second;
    passSeconds(1);
    await expect.poll(witness.received, settled).toMatch(/\n:\n\n/);
    expect(client.received()).toHaveLength(length);
    response.write('lf\n\n');
    await expect.poll(() => client.received().slice(length), settled).toContain('lf\n\n');
    passSeconds(1);
    await expect.poll(() => client.received().slice(length), settled).toMatch(/lf\n\n\r\n[^]*:\n\n/);
  });

  it('on a WebSocket is broken by a ping, between two frames only', async () => {
    const beating = await streams.startOwnGateway({ streams: { heartbeatSeconds: 1 } });
    const client = await streams.openSocket(beating.sessions.add(), '/own/x', beating);
    const clientEnd = streams.end;
    passSeconds(1);
    await expect.poll(() => client.frames().map(({ opcode }) => opcode), settled).toContain(9);
    const frame = writeFrame('whole');
    clientEnd.write(frame.subarray(0, 3));
    await expect.poll(() => client.received().endsWith(frame.toString('latin1', 0, 3)), settled).toBe(true);
    const before = client.frames().length;
    const witness = await streams.openSocket(beating.sessions.add(), '/own/x', beating);
    passSeconds(2);
    await expect.poll(() => witness.frames().length, settled).toBeGreaterThan(1);
    expect(client.frames()).toHaveLength(before);
    clientEnd.write(frame.subarray(3));
    await expect.poll(() => client.frames().map(({ payload }) => payload.toString()), settled).toContain('whole');
  });

  it('gets no heartbeats when they are switched off', async () => {
    const quiet = await streams.startOwnGateway({ streams: { heartbeatSeconds: 0, recheckSeconds: 1 } });
    const token = quiet.sessions.add();
    const client = await streams.openSocket(token, '/own/x', quiet);
    for (let second = 0; second < 2; second++) {
      const { reads } = quiet.sessions;
      passSeconds(1);
      await expect.poll(() => quiet.sessions.reads, settled).toBeGreaterThan(reads);
    }
    expect(client.frames()).toEqual([]);
  });

  it('of an upstream does not end what was asked for as events, on any route', async () => {
    const strict = await streams.startOwnGateway({});
    const answer = streams.answerWithEvents(strict);
    const client = streams.open(
      `GET /api/x HTTP/1.1\r\nHost: app.test\r\nAccept: text/event-stream\r\nCookie: __Host-sallyport=${strict.sessions.add()}\r\n\r\n`,
      strict,
    );
    await expect.poll(client.received, settled).toContain('data: 1\n\n');
    (await answer).response.write('data: 2\n\n');
    await expect.poll(client.received, settled).toContain('data: 2\n\n');
  });
});
