import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createLoopTurns } from './event-loop-pacing.ts';

describe('turns at the event loop', () => {
  it('come in the order in which they were asked for', async () => {
    const { take } = createLoopTurns();
    const order: number[] = [];
    await Promise.all([1, 2, 3].map((number) => take().then(() => order.push(number))));
    expect(order).toEqual([1, 2, 3]);
  });

  it('let the loop do something else in between', async () => {
    const { take } = createLoopTurns();
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
        take().then(() => {
          betweenTurns.push(othersSince);
          othersSince = 0;
        }),
      ),
    );
    isOver = true;
    await others;
    expect(betweenTurns.slice(1).every((count) => count > 0)).toBe(true);
  });

  it('are refused while too many wait, and given again when they are through', async () => {
    const { take, requireRoom } = createLoopTurns(2);
    const turns = [take(), take()];
    expect(requireRoom).not.toThrow();
    turns.push(take());
    expect(requireRoom).toThrow(expect.objectContaining({ code: 'SP_SERVICE_UNAVAILABLE', reason: 'loop-turns' }));
    await Promise.all(turns);
    expect(requireRoom).not.toThrow();
  });

  it('leave the loop to others for longer than a turn took', async () => {
    const { take } = createLoopTurns();
    const begun: number[] = [];
    await Promise.all(
      Array.from({ length: 3 }, () =>
        take().then(() => {
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
