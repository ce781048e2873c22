/** A clock that a test moves. */
export interface FakeClock {
  /** Milliseconds since 1970. */
  now(): number;
  advance(seconds: number): void;
  set(date: Date): void;
  /** Gives the real clock back. */
  restore(): void;
}

const { Date: RealDate } = globalThis;

/**
 * Takes the place of `Date` in this process: time stands still until the test moves it. Timers and sockets run on, unlike
 * with the fake timers of Vitest and Jest, so that a real server answers meanwhile. Works in either.
 *
 * @example
 * const clock = startFakeClock();
 * const token = issuer.issueToken({ expiresInSeconds: 60 });
 * clock.advance(120);
 * // 401 now
 * clock.restore();
 */
export function startFakeClock(start: Date = new RealDate()): FakeClock {
  const previous = globalThis.Date;
  let now = start.getTime();
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, values, newTarget) =>
      // oxlint-disable-next-line typescript/no-unsafe-argument -- the arguments of `new Date` are handed on as they are
      Reflect.construct(
        target,
        values.length === 0 ? [now] : values,
        newTarget === globalThis.Date ? target : newTarget,
      ) as Date,
    apply: () => new RealDate(now).toString(),
    get: (target, name, receiver): unknown => (name === 'now' ? () => now : Reflect.get(target, name, receiver)),
  });
  return {
    now: () => now,
    advance: (seconds) => {
      now += seconds * 1000;
    },
    set: (date) => {
      now = date.getTime();
    },
    restore: () => {
      globalThis.Date = previous;
    },
  };
}
