/**
 * Runs work with a clock that stands still: what it asks for the time of day is told this time. Nothing else of the process may
 * depend on the clock meanwhile.
 */
export async function withPinnedClock<T>(at: Date, work: () => Promise<T>): Promise<T> {
  const milliseconds = at.getTime();
  const RealDate = globalThis.Date;
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, args, newTarget) =>
      Reflect.construct(target, args.length === 0 ? [milliseconds] : args, newTarget) as object,
    // `Date()` without `new` is the time as a text, whatever it is called with.
    apply: (target) => new target(milliseconds).toString(),
    get: (target, name) => (name === 'now' ? () => milliseconds : (Reflect.get(target, name) as unknown)),
  });
  try {
    return await work();
  } finally {
    globalThis.Date = RealDate;
  }
}
