import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createEventLoopPacing } from './event-loop-pacing.ts';

describe('event-loop pacing', () => {
  it('gives turns in the order in which they were asked for', async () => {
    const { nextTurn } = createEventLoopPacing();
    const order: number[] = [];
    await Promise.all([1, 2, 3].map((number) => nextTurn('a').then(() => order.push(number))));
    expect(order).toEqual([1, 2, 3]);
  });

  it('lets the loop do other work between two turns', async () => {
    const { nextTurn } = createEventLoopPacing();
    let isOver = false;
    let othersSince = 0;
    const betweenTurns: number[] = [];
    const others = (async () => {
      while (!isOver) {
        await turn();
        othersSince += 1;
      }
    })();
    await Promise.all(
      Array.from({ length: 5 }, () =>
        nextTurn('a').then(() => {
          betweenTurns.push(othersSince);
          othersSince = 0;
        }),
      ),
    );
    isOver = true;
    await others;
    expect(betweenTurns.slice(1).every((count) => count > 0)).toBe(true);
  });

  it('refuses turns while too many requests wait, and gives them again afterwards', async () => {
    const { nextTurn, requireRoom } = createEventLoopPacing({ maxWaiting: 2, maxWaitingOfOne: 2 });
    const turns = [nextTurn('a'), nextTurn('a')];
    expect(() => requireRoom('b')).not.toThrow();
    turns.push(nextTurn('a'));
    expect(() => requireRoom('b')).toThrow(
      expect.objectContaining({ code: 'SP_SERVICE_UNAVAILABLE', reason: 'event-loop-full' }),
    );
    await Promise.all(turns);
    expect(() => requireRoom('b')).not.toThrow();
  });

  it('gives networks their turns one after the other, whatever one of them asks for', async () => {
    const { nextTurn } = createEventLoopPacing();
    const order: string[] = [];
    const flood = Array.from({ length: 40 }, () => nextTurn('flood').then(() => order.push('flood')));
    const others = ['one', 'two'].map((network) => nextTurn(network).then(() => order.push(network)));
    await Promise.all(others);
    expect(order.filter((network) => network === 'flood').length).toBeLessThanOrEqual(3);
    await Promise.all(flood);
    expect(order).toHaveLength(42);
  });

  it('refuses turns to a network with a quarter of the places, and to no other', async () => {
    const { nextTurn, requireRoom } = createEventLoopPacing({ maxWaiting: 8 });
    const turns = Array.from({ length: 3 }, () => nextTurn('flood'));
    expect(() => requireRoom('flood')).toThrow(
      expect.objectContaining({ code: 'SP_TOO_MANY_REQUESTS', reason: 'event-loop-share' }),
    );
    expect(() => requireRoom('other')).not.toThrow();
    await Promise.all(turns);
    expect(() => requireRoom('flood')).not.toThrow();
  });

  it('leaves the loop to other work for longer than a turn took', async () => {
    const { nextTurn } = createEventLoopPacing();
    const begun: number[] = [];
    await Promise.all(
      Array.from({ length: 3 }, () =>
        nextTurn('a').then(() => {
          begun.push(performance.now());
          const until = performance.now() + 20;
          while (performance.now() < until);
        }),
      ),
    );
    const apart = begun.slice(1).map((at, index) => at - (begun[index] ?? 0));
    expect(apart.every((milliseconds) => milliseconds >= 40)).toBe(true);
  });
});
