import type { Counters, Sealer } from '@sallyport/core';

/** A try at a credential that the limit let through. The first thing said of it counts; say at least one. */
export interface Guess {
  readonly kind: 'allowed';
  /** The credential was wrong: it counts. */
  failed(): Promise<void>;
  /** The credential was right: earlier failures are forgotten. */
  succeeded(): Promise<void>;
  /** It was never found out, because something of ours failed: it does not count. */
  abandoned(): void;
}

/** A try that the limit did not let through, also when the credential would be right. */
export interface LimitedGuess {
  readonly kind: 'limited';
  /** Whether it is the first in this window: worth a record, which the thousand that follow are not. */
  readonly isFirst: boolean;
  readonly retryAfterSeconds: number;
}

/**
 * Limits guessing at one account from one network. The account as such is never locked: its owner, who comes from
 * elsewhere, is not shut out by somebody else's guesses.
 */
export interface GuessLimiter {
  begin(account: string, address: string): Promise<Guess | LimitedGuess>;
}

/** How often a password may be wrong, for one account from one network, within which time. */
export interface GuessLimit {
  readonly maximumFailures: number;
  readonly windowSeconds: number;
}

export interface GuessLimiterOptions {
  readonly counters: Counters;
  /** Keys of counters hold no e-mail address. */
  readonly sealer: Sealer;
  readonly limit: GuessLimit;
}

export function createGuessLimiter(options: GuessLimiterOptions): GuessLimiter {
  const { counters, sealer } = options;
  const { maximumFailures, windowSeconds } = options.limit;
  if (!Number.isInteger(maximumFailures) || maximumFailures < 1 || !(windowSeconds > 0))
    throw new TypeError('a limit on guessing needs a whole number of failures, and a time');
  // Guesses that run at the same moment have not failed yet, and must not all pass under the limit.
  const running = new Map<string, number>();

  return {
    async begin(account, address) {
      const key = `guess:${sealer.hash(`${account}\n${networkOf(address)}`)}`;
      running.set(key, (running.get(key) ?? 0) + 1);
      let isOpen = true;
      const leave = (): boolean => {
        if (!isOpen) return false;
        isOpen = false;
        const others = (running.get(key) ?? 1) - 1;
        if (others === 0) running.delete(key);
        else running.set(key, others);
        return true;
      };
      try {
        const { count, remainingSeconds } = await counters.read(key);
        if (count + (running.get(key) ?? 0) > maximumFailures) {
          leave();
          const isFirst = (await counters.increment(`${key}:limited`, windowSeconds)) === 1;
          return { kind: 'limited', isFirst, retryAfterSeconds: Math.max(1, Math.ceil(remainingSeconds)) };
        }
      } catch (error) {
        leave();
        throw error;
      }
      return {
        kind: 'allowed',
        async failed() {
          if (!isOpen) return;
          try {
            await counters.increment(key, windowSeconds);
          } finally {
            leave();
          }
        },
        async succeeded() {
          if (leave()) await counters.reset(key);
        },
        abandoned: () => void leave(),
      };
    },
  };
}

/** One household or one machine owns a whole IPv6 /64; counting single addresses of it would be no limit. */
function networkOf(address: string): string {
  if (!address.includes(':')) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  const [head = '', tail = ''] = address.split('%')[0]?.split('::') ?? [];
  const left = head === '' ? [] : head.split(':');
  const right = tail === '' ? [] : tail.split(':');
  const zeros = Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => '0');
  return [...left, ...zeros, ...right]
    .slice(0, 4)
    .map((group) => group.toLowerCase().replace(/^0+(?=.)/, ''))
    .join(':');
}
