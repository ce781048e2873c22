import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { closeOf, readFrames, writeFrame } from '../test-support/web-socket-client.ts';
import { closeSeenBy, sessionEnded, settled, startTestStreams, type TestStreams } from './streams.test-support.ts';

let streams: TestStreams;
beforeAll(async () => {
  streams = await startTestStreams();
});
afterAll(() => streams.close());
beforeEach(() => streams.reset());
afterEach(() => streams.release());

describe('the close frame', () => {
  it('comes after the frame that is under way, and no later frame passes', async () => {
    const client = await streams.openSocket();
    const frame = writeFrame('x'.repeat(1000));
    streams.end.write(frame.subarray(0, 500));
    await expect.poll(() => client.received().length, settled).toBeGreaterThan(600);
    await streams.endSession(streams.alice);
    streams.end.write(Buffer.concat([frame.subarray(500), writeFrame('too late')]));
    await expect.poll(client.isEnded, settled).toBe(true);
    const frames = client.frames();
    expect(frames.map(({ opcode, payload }) => [opcode, payload.length])).toEqual([
      [1, 1000],
      [8, 15],
    ]);
  });

  it('comes between the frames of a message', async () => {
    const client = await streams.openSocket();
    streams.end.write(writeFrame('first half', { isFinal: false }));
    await expect.poll(() => client.frames().length, settled).toBe(1);
    await streams.endSession(streams.alice);
    await expect.poll(closeSeenBy(client), settled).toEqual(sessionEnded);
  });

  it('is left out when the frame under way does not end', async () => {
    const client = await streams.openSocket();
    streams.end.write(writeFrame('x'.repeat(1000)).subarray(0, 500));
    await expect.poll(() => client.received().length, settled).toBeGreaterThan(600);
    await streams.endSession(streams.alice);
    await expect.poll(client.isEnded, settled).toBe(true);
    expect(client.frames()).toEqual([]);
    await expect.poll(() => streams.upstream.open.size, settled).toBe(0);
  });

  it('is not waited for by a client that does not read', async () => {
    const client = await streams.openSocket();
    client.socket.pause();
    const block = writeFrame(Buffer.alloc(1 << 20), { opcode: 2 });
    const push = (): void => {
      for (let count = 0; count < 64 && streams.end.write(block); count++);
    };
    streams.end.on('drain', push);
    push();
    await streams.endSession(streams.alice);
    await expect.poll(() => streams.upstream.open.size, settled).toBe(0);
    await expect.poll(() => streams.records.length, settled).toBe(1);
  });

  it('is the last thing: nothing that the client says after it reaches the upstream', async () => {
    const client = await streams.openSocket();
    client.socket.write(writeFrame('before', { isMasked: true }));
    await expect.poll(() => readFrames(streams.arrived).length, settled).toBe(1);
    const sid = streams.gateway.sessions.sidOf(streams.alice);
    streams.gateway.sessions.remove(streams.alice);
    await streams.gateway.bus.revoke('session', sid);
    await expect.poll(closeSeenBy(client), settled).toEqual(sessionEnded);
    client.socket.write(writeFrame('after', { isMasked: true }));
    await expect.poll(() => streams.upstream.open.size, settled).toBe(0);
    expect(readFrames(streams.arrived).map(({ opcode }) => opcode)).toEqual([1, 8]);
  });
});

describe('a gateway that closes', () => {
  it('says so on WebSockets and between events, and does not wait for either', async () => {
    const closing = await streams.startGateway();
    void streams.answerWithEvents(closing);
    const token = closing.sessions.add();
    const socket = await streams.openSocket(token, '/own/x', closing);
    const events = await streams.openEvents(token, '/events/x', closing);
    await closing.gateway.close({ graceMilliseconds: 3_600_000 });
    expect(closeOf(socket.frames().at(-1))).toEqual({ code: 1001, reason: 'going away' });
    await expect.poll(events.received, settled).toMatch(/\r\n0\r\n\r\n$/);
    expect(events.received()).not.toContain('event:');
    await closing.upstream.close();
  });

  it('lets an event under way end', async () => {
    const closing = await streams.startGateway();
    const answer = streams.answerWithEvents(closing);
    const events = await streams.openEvents(closing.sessions.add(), '/events/x', closing);
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
