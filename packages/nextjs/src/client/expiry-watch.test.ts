import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createExpiryWatch, type ExpiryWatch } from './expiry-watch.ts';

const minute = 60_000;
let asked: number;
let watch: ExpiryWatch;
beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
  asked = 0;
  watch = createExpiryWatch({ ask: () => (asked += 1), clock: Date.now });
});
afterEach(() => {
  watch.forget();
  vi.useRealTimers();
});

/** The gateway says how long the session lives, in minutes. */
function note(idle: number, absolute = 24 * 60, limit = 30): void {
  watch.note({
    idleMilliseconds: idle * minute,
    absoluteMilliseconds: absolute * minute,
    idleLimitMilliseconds: limit * minute,
  });
}

describe('the warning before a session expires', () => {
  it('comes two minutes before, once the gateway has said again that nothing happened', () => {
    note(30);
    vi.advanceTimersByTime(28 * minute - 1);
    expect(asked).toBe(0);
    vi.advanceTimersByTime(1);
    expect([asked, watch.get().status]).toEqual([1, 'far']);

    note(2);
    expect(watch.get()).toEqual({ status: 'near', endsAt: 30 * minute, canExtend: true });
  });

  it('does not come when another tab kept the session alive', () => {
    note(30);
    vi.advanceTimersByTime(28 * minute);
    note(12);
    vi.advanceTimersByTime(10 * minute - 1);
    expect([asked, watch.get().status]).toEqual([1, 'far']);
  });

  it('goes when the session lives longer again', () => {
    const seen: string[] = [];
    watch.subscribe(() => seen.push(watch.get().status));
    note(1);
    note(30);
    expect(seen).toEqual(['near', 'far']);
  });

  it('looks again when the time is over', () => {
    note(1);
    vi.advanceTimersByTime(minute + 1500);
    expect(asked).toBe(1);
  });

  it.each([
    { name: 'the longest life is nearly over', idle: 1, absolute: 1, canExtend: false },
    { name: 'the longest life leaves no more than is left', idle: 1, absolute: 1.5, canExtend: false },
    { name: 'only the idle time is', idle: 1, absolute: 20, canExtend: true },
  ])('offers to stay or not when $name', ({ idle, absolute, canExtend }) => {
    note(idle, absolute);
    expect(watch.get()).toMatchObject({ status: 'near', canExtend });
  });

  it('comes in the last quarter of a short session', () => {
    note(0.26, 60, 1);
    expect(watch.get().status).toBe('far');
    note(0.25, 60, 1);
    expect(watch.get().status).toBe('near');
  });

  it('is on time for a session that lives longer than a timer can', () => {
    note(60 * 24 * 60, 60 * 24 * 60, 60 * 24 * 60);
    vi.advanceTimersByTime((60 * 24 * 60 - 2) * minute - 1);
    expect(asked).toBe(0);
    vi.advanceTimersByTime(1);
    expect(asked).toBe(1);
  });

  it('is forgotten with the session', () => {
    note(1);
    watch.forget();
    vi.advanceTimersByTime(5 * minute);
    expect([asked, watch.get().status]).toEqual([0, 'far']);
  });
});
