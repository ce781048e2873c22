import type { SessionExpiry } from './current-session.ts';

/** Whether the session of this page is about to expire. */
export type SessionExpiryState =
  | { readonly status: 'far' }
  | {
      readonly status: 'near';
      /** When it expires, by the clock of this browser, in milliseconds since 1970. */
      readonly endsAt: number;
      /** Whether staying signed in is possible: not when its longest life is over. */
      readonly canExtend: boolean;
    };

export interface ExpiryWatchParts {
  /** Asks the gateway how long the session lives; what it says comes back by `note`. */
  readonly ask: () => void;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

/** Knows when a session expires, and says so in time. */
export interface ExpiryWatch {
  /** The gateway said just now how long the session lives. */
  note(expiry: SessionExpiry): void;
  /** No session is known any more. */
  forget(): void;
  get(this: void): SessionExpiryState;
  subscribe(this: void, listener: () => void): () => void;
}

const far: SessionExpiryState = { status: 'far' };

/** How long before the end its user is warned. Of a session that lives shorter than eight minutes, a quarter of its life. */
const warningMilliseconds = 120_000;

/** A timer of a browser holds 2³¹ milliseconds at most, and one that is far away need not be exact. */
const maxTimerMilliseconds = 3_600_000;

/** The gateway looks once a second which sessions are over. */
const graceMilliseconds = 1500;

/**
 * Builds the watch. Other tabs keep a session alive as well, so that the gateway is asked again before its user is warned:
 * once in the life of an idle session.
 */
export function createExpiryWatch({ ask, clock }: ExpiryWatchParts): ExpiryWatch {
  const listeners = new Set<() => void>();
  let state: SessionExpiryState = far;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const show = (next: SessionExpiryState): void => {
    if (next.status === 'far' && state.status === 'far') return;
    state = next;
    for (const listener of listeners) listener();
  };
  const askAt = (time: number): void => {
    clearTimeout(timer);
    const left = time - clock();
    timer =
      left > maxTimerMilliseconds ? setTimeout(askAt, maxTimerMilliseconds, time) : setTimeout(ask, Math.max(0, left));
  };

  return {
    note: ({ idleMilliseconds, absoluteMilliseconds, idleLimitMilliseconds }) => {
      const left = Math.min(idleMilliseconds, absoluteMilliseconds);
      const warning = Math.min(warningMilliseconds, idleLimitMilliseconds / 4);
      const endsAt = clock() + left;
      if (left > warning) {
        show(far);
        return askAt(endsAt - warning);
      }
      const longest = Math.min(idleLimitMilliseconds, absoluteMilliseconds);
      show({ status: 'near', endsAt, canExtend: longest > left + 1000 && longest > warning });
      askAt(endsAt + graceMilliseconds);
    },
    forget: () => {
      clearTimeout(timer);
      show(far);
    },
    get: () => state,
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
