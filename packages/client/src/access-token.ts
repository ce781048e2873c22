import type { Stopwatch } from './stopwatch.ts';

/** The access token, in memory and nowhere else. */
export interface AccessTokenMemory {
  /**
   * @param expiresInMilliseconds counted from the start of the stopwatch
   */
  put(token: string, expiresInMilliseconds: number, elapsed: Stopwatch): void;
  /** The token, when it is not the one that was refused. With time to spare where `hasMargin`; at all otherwise. */
  usable(refused: string | undefined, hasMargin: boolean): string | undefined;
  remainingMilliseconds(): number;
  drop(): void;
}

/** A token that ends this soon is refreshed before it is used, but not in the first half of its life. */
const marginMilliseconds = 30_000;

/** Builds the memory, empty. */
export function createAccessTokenMemory(): AccessTokenMemory {
  let held: { readonly token: string; readonly margin: number; remaining(): number } | undefined;
  return {
    put(token, expiresInMilliseconds, elapsed) {
      const margin = Math.min(marginMilliseconds, expiresInMilliseconds / 2);
      held = { token, margin, remaining: () => expiresInMilliseconds - elapsed() };
    },
    usable(refused, hasMargin) {
      if (held === undefined || held.token === refused) return undefined;
      return held.remaining() > (hasMargin ? held.margin : 0) ? held.token : undefined;
    },
    remainingMilliseconds: () => held?.remaining() ?? 0,
    drop() {
      held = undefined;
    },
  };
}
