import type { Counters, Sealer } from '@sallyport/core';

/** How often something may fail within which time. */
export interface AttemptLimit {
  readonly maxFailures: number;
  readonly windowSeconds: number;
}

/** One limit that an attempt falls under. */
export interface AttemptBudget {
  /** What is limited, such as `account`: budgets of different names never share a count. */
  readonly name: string;
  /** For which it is counted, such as an email address. At rest there is only an HMAC of it. */
  readonly subject: string;
  readonly limit: AttemptLimit;
}

/** An attempt that every limit let through, and that counts under each of them from now on. */
export interface Attempt {
  readonly kind: 'allowed';
  /** It failed: it goes on counting. */
  failed(): void;
  /** It did not fail: it counts no longer. Rejects when the counters do not answer, in which case it goes on counting. */
  giveBack(): Promise<void>;
}

/** An attempt that a limit did not let through, and that counts nowhere. */
export interface LimitedAttempt {
  readonly kind: 'limited';
  /** Name of the budget that is used up. */
  readonly budget: string;
  /** Whether it is the first in this window: worth a record, which the thousand that follow are not. */
  readonly isFirst: boolean;
  readonly retryAfterSeconds: number;
}

/** Limits how often something may fail: passwords, codes of a second factor, mails on request. */
export interface AttemptLimiter {
  /** Counts an attempt under all of its budgets, or under none. */
  begin(budgets: readonly AttemptBudget[]): Promise<Attempt | LimitedAttempt>;
}

export interface AttemptLimiterOptions {
  readonly counters: Counters;
  /** Keys of counters hold no email address. */
  readonly sealer: Sealer;
  readonly now: () => Date;
}

/**
 * Builds the limiter on counters that several processes may share.
 *
 * An attempt counts before its outcome is known, and is given back when it did not fail: of those that run at the same
 * moment, here or in another process, no more pass than the limit has left. A process that is killed on the way leaves
 * them counted.
 *
 * Windows are numbered by the clock, and the number is part of the key, so that what is given back late is never taken
 * from the window after. Where a window begins depends on the subject alone: the time to wait tells nothing about what
 * happened before, and not all begin at once.
 */
export function createAttemptLimiter({ counters, sealer, now }: AttemptLimiterOptions): AttemptLimiter {
  const windowOf = ({ name, subject, limit }: AttemptBudget): { key: string; remainingSeconds: number } => {
    const hash = sealer.hash(`${name}\n${subject}`);
    const { windowSeconds } = limit;
    const offset = Buffer.from(hash, 'base64url').readUInt32BE(0) % windowSeconds;
    const seconds = now().getTime() / 1000 + offset;
    const number = Math.floor(seconds / windowSeconds);
    return { key: `attempts:${hash}:${number}`, remainingSeconds: (number + 1) * windowSeconds - seconds };
  };

  return {
    async begin(budgets) {
      const counted: string[] = [];
      const giveBack = async (): Promise<void> => {
        await Promise.all(counted.splice(0).map((key) => counters.decrement(key)));
      };
      try {
        for (const budget of budgets) {
          const { maxFailures, windowSeconds } = budget.limit;
          const { key, remainingSeconds } = windowOf(budget);
          const count = await counters.increment(key, windowSeconds);
          counted.push(key);
          if (count <= maxFailures) continue;
          await giveBack();
          const isFirst = (await counters.increment(`${key}:limited`, windowSeconds)) === 1;
          const retryAfterSeconds = Math.max(1, Math.ceil(remainingSeconds));
          return { kind: 'limited', budget: budget.name, isFirst, retryAfterSeconds };
        }
      } catch (error) {
        // What cannot be given back goes on counting: too much, and never too little.
        await giveBack().catch(() => {});
        throw error;
      }
      return { kind: 'allowed', failed: () => void counted.splice(0), giveBack };
    },
  };
}
