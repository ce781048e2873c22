import type { Broadcast } from '@sallyport/core';
import { createGatewayTraces, type GatewayTrace } from '@sallyport/gateway';
import { describe, expect, it } from 'vitest';
import { shareTraces } from './share-traces.ts';

/** Broadcasts of several processes that hear each other at once. */
function connected(count: number): readonly Broadcast[] {
  const members = Array.from({ length: count }, () => new Set<(text: string) => void>());
  return members.map((own) => ({
    send: (text) => {
      for (const member of members) if (member !== own) for (const listener of member) listener(text);
    },
    listen: (listener) => {
      own.add(listener);
      return () => void own.delete(listener);
    },
  }));
}

const trace = (requestId: string): GatewayTrace => ({
  requestId,
  at: new Date('2026-11-30T01:00:00Z'),
  method: 'GET',
  route: 'shop',
  path: '/api/shop/products',
  isPrefetch: false,
  status: 200,
  stages: [{ name: 'firewall', microseconds: 3 }],
  sessionCache: 'hit',
  tokenCache: 'none',
  signatures: 0,
  decision: 'forward',
  totalMilliseconds: 1,
});

function twoGateways() {
  const broadcasts = connected(2);
  const kept = broadcasts.map(() => createGatewayTraces({ perSession: 3, sessions: 2 }));
  const [one, other] = kept.map((traces, index) => shareTraces(traces, broadcasts[index] ?? silent));
  if (one === undefined || other === undefined) throw new Error('there are two');
  return { one, other, broadcasts, kept };
}

const silent: Broadcast = { send: () => {}, listen: () => () => {} };

describe('the requests of a session at two gateways', () => {
  it('are listed by both, newest first, as they were recorded', () => {
    const { one, other } = twoGateways();
    one.record('a', trace('1'));
    other.record('a', trace('2'));
    for (const gateway of [one, other]) expect(gateway.list('a')).toEqual([trace('2'), trace('1')]);
  });

  it('are not those of another session', () => {
    const { one, other } = twoGateways();
    one.record('a', trace('1'));
    other.record('b', trace('2'));
    expect(one.list('b').map(({ requestId }) => requestId)).toEqual(['2']);
    expect(other.list('a').map(({ requestId }) => requestId)).toEqual(['1']);
    expect(other.list('c')).toEqual([]);
  });

  it('are as many as one gateway keeps', () => {
    const { one, other } = twoGateways();
    for (let request = 0; request < 10; request += 1) one.record('a', trace(String(request)));
    expect(other.list('a').map(({ requestId }) => requestId)).toEqual(['9', '8', '7']);
    for (const sid of ['b', 'c']) one.record(sid, trace(sid));
    expect(other.list('a')).toEqual([]);
  });

  it('are no longer heard of by a gateway that has closed', () => {
    const { one, other } = twoGateways();
    other.close();
    one.record('a', trace('1'));
    expect(other.list('a')).toEqual([]);
  });

  it.each([
    { name: 'no session', text: JSON.stringify({ trace: trace('1') }) },
    { name: 'no trace', text: JSON.stringify({ sid: 'a' }) },
    { name: 'a time that is none', text: JSON.stringify({ sid: 'a', trace: { ...trace('1'), at: 'x' } }) },
    { name: 'no stages', text: JSON.stringify({ sid: 'a', trace: { ...trace('1'), stages: 1 } }) },
    { name: 'no path', text: JSON.stringify({ sid: 'a', trace: { ...trace('1'), path: undefined } }) },
  ])('of another version are left out: $name', ({ text }) => {
    const { one, broadcasts } = twoGateways();
    broadcasts[1]?.send(text);
    expect(one.list('a')).toEqual([]);
  });
});
