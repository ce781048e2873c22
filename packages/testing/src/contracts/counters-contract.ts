import type { Counters } from '@sallyport/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

/** Empty counters under test, on a clock that the test moves. */
export interface CountersFixture {
  readonly counters: Counters;
  /** Lets time pass: on a fake clock, or really where the store keeps its own time. */
  pass(seconds: number): void | Promise<void>;
  close(): void | Promise<void>;
}

export interface CountersContractOptions {
  readonly name: string;
  open(): Promise<CountersFixture>;
}

/** What all counters must do, wherever they count. */
export function countersContract(options: CountersContractOptions): void {
  describe(`counters: ${options.name}`, () => {
    let fixture: CountersFixture;
    let counters: Counters;
    beforeEach(async () => {
      fixture = await options.open();
      counters = fixture.counters;
    });
    afterEach(() => fixture.close());

    it('counts from one', async () => {
      expect([await counters.increment('a', 10), await counters.increment('a', 10)]).toEqual([1, 2]);
    });

    it('adds several at once, in the window that is open', async () => {
      expect(await counters.increment('a', 2, 5)).toBe(5);
      await fixture.pass(1);
      expect(await counters.increment('a', 3600, 7)).toBe(12);
      await fixture.pass(1);
      expect(await counters.increment('a', 2)).toBe(1);
    });

    it.each([0, -1, 1.5, Number.NaN])('adds nothing but a positive whole number: %s', async (amount) => {
      await expect(counters.increment('a', 10, amount)).rejects.toThrow(TypeError);
      expect((await counters.read('a')).count).toBe(0);
    });

    it('keeps keys apart', async () => {
      await counters.increment('a', 10);
      expect(await counters.increment('b', 10)).toBe(1);
      expect(await counters.increment('A', 10)).toBe(1);
      expect(await counters.increment('__proto__', 10)).toBe(1);
    });

    it('gives every one of several parallel callers a number of its own', async () => {
      const counts = await Promise.all(Array.from({ length: 50 }, () => counters.increment('a', 10)));
      expect(new Set(counts).size).toBe(50);
      expect(Math.max(...counts)).toBe(50);
    });

    it('starts anew when the window that began with the first is over', async () => {
      await counters.increment('a', 2);
      await fixture.pass(1);
      expect(await counters.increment('a', 2)).toBe(2);
      await fixture.pass(1);
      expect(await counters.increment('a', 2)).toBe(1);
    });

    it('does not lengthen a window that is open', async () => {
      await counters.increment('a', 2);
      await counters.increment('a', 3600);
      await fixture.pass(2);
      expect(await counters.read('a')).toEqual({ count: 0, remainingSeconds: 0 });
    });

    it('says how long a window lasts, and never less than what is left', async () => {
      await counters.increment('a', 3);
      expect(await counters.read('a')).toEqual({ count: 1, remainingSeconds: 3 });
      await fixture.pass(1.5);
      expect((await counters.read('a')).remainingSeconds).toBe(2);
    });

    it('reads zero for a key that was never counted, and reading counts nothing', async () => {
      expect(await counters.read('a')).toEqual({ count: 0, remainingSeconds: 0 });
      expect(await counters.increment('a', 10)).toBe(1);
    });

    it('takes back one at a time, and counts on from there', async () => {
      await counters.increment('a', 10);
      await counters.increment('a', 10);
      await counters.decrement('a');
      expect((await counters.read('a')).count).toBe(1);
      expect(await counters.increment('a', 10)).toBe(2);
    });

    it('takes back nothing below zero, and opens no window by it', async () => {
      await counters.decrement('a');
      expect(await counters.read('a')).toEqual({ count: 0, remainingSeconds: 0 });
      await counters.increment('a', 10);
      await counters.decrement('a');
      await counters.decrement('a');
      expect((await counters.read('a')).count).toBe(0);
      expect(await counters.increment('a', 10)).toBe(1);
    });

    it('leaves a window as long as it was when something is taken back', async () => {
      await counters.increment('a', 2);
      await fixture.pass(1);
      await counters.decrement('a');
      expect(await counters.increment('a', 3600)).toBe(1);
      await fixture.pass(1);
      expect(await counters.read('a')).toEqual({ count: 0, remainingSeconds: 0 });
    });

    it('loses nothing when parallel callers add and take back', async () => {
      for (let count = 0; count < 10; count += 1) await counters.increment('a', 10);
      await Promise.all(
        Array.from({ length: 40 }, (_, index) =>
          index % 2 === 0 ? counters.increment('a', 10) : counters.decrement('a'),
        ),
      );
      expect((await counters.read('a')).count).toBe(10);
    });

    it('forgets a key that is reset, and no other', async () => {
      await counters.increment('a', 10);
      await counters.increment('b', 10);
      await counters.reset('a');
      expect((await counters.read('a')).count).toBe(0);
      expect((await counters.read('b')).count).toBe(1);
    });
  });
}
