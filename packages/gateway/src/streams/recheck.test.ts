import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { holdIntervals, passSeconds, releaseIntervals } from '../test-support/interval-clock.ts';
import { closeSeenBy, sessionEnded, settled, startTestStreams, type TestStreams } from './streams.test-support.ts';

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

describe('a store that does not answer', () => {
  it('ends no stream at once, and the check is made up for', async () => {
    const client = await streams.openSocket();
    streams.gateway.sessions.beforeAnswer = () => Promise.reject(new Error('down'));
    const sid = streams.gateway.sessions.sidOf(streams.alice);
    const { reads } = streams.gateway.sessions;
    await streams.gateway.bus.revoke('session', sid);
    await expect.poll(() => streams.gateway.sessions.reads, settled).toBe(reads + 1);
    passSeconds(1);
    await expect.poll(() => streams.gateway.sessions.reads, settled).toBe(reads + 2);
    await streams.staysOpen(client);
    streams.gateway.sessions.remove(streams.alice);
    streams.gateway.sessions.beforeAnswer = async () => {};
    passSeconds(1);
    await expect.poll(closeSeenBy(client), settled).toEqual(sessionEnded);
  });

  it('ends them when the grace is over', async () => {
    const impatient = await streams.startOwnGateway({ streams: { graceSeconds: 1 } });
    const client = await streams.openSocket(impatient.sessions.add(), '/own/x', impatient);
    impatient.sessions.beforeAnswer = () => Promise.reject(new Error('down'));
    const { reads } = impatient.sessions;
    impatient.bus.gap();
    await expect.poll(() => impatient.sessions.reads, settled).toBe(reads + 1);
    await streams.staysOpen(client);
    passSeconds(1);
    await expect.poll(closeSeenBy(client), settled).toEqual({ code: 1013, reason: 'session cannot be checked' });
  });
});

describe('without a word on the bus', () => {
  it('a session is read again after a while', async () => {
    const watching = await streams.startOwnGateway({ streams: { recheckSeconds: 1 } });
    const token = watching.sessions.add();
    const client = await streams.openSocket(token, '/own/x', watching);
    watching.sessions.remove(token);
    await streams.staysOpen(client);
    passSeconds(1);
    await expect.poll(closeSeenBy(client), settled).toEqual(sessionEnded);
  });

  it('because it is not connected, sessions are read more often', async () => {
    const deaf = await streams.startOwnGateway({ streams: { recheckSeconds: 300 } });
    const token = deaf.sessions.add();
    const client = await streams.openSocket(token, '/own/x', deaf);
    deaf.bus.connected = false;
    deaf.sessions.remove(token);
    passSeconds(1);
    await streams.staysOpen(client);
    passSeconds(1);
    await expect.poll(closeSeenBy(client), settled).toEqual(sessionEnded);
  });
});
