/** Lets one after the other go on, by name. Resolves to what lets the next one go. */
export type TakeTurn = (name: string) => Promise<() => void>;

/**
 * Builds turns within this process: requests for one refresh token that arrive at once are answered one after the other, so
 * that all but the first find its answer, and none makes tokens in vain. Between processes the store decides.
 */
export function createTurns(): TakeTurn {
  const last = new Map<string, Promise<void>>();
  return async (name) => {
    const before = last.get(name);
    const { promise, resolve } = Promise.withResolvers<void>();
    last.set(name, promise);
    void promise.then(() => {
      if (last.get(name) === promise) last.delete(name);
    });
    await before;
    return resolve;
  };
}
