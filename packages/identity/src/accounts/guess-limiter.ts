import { networkOf } from '@sallyport/core';
import type { AttemptBudget, AttemptLimiter } from './attempt-limiter.ts';
import type { GuessLimits } from './guess-limits.ts';

/** A try at the password of an account. */
export interface GuessAttempt {
  /** The email address, whether it has an account or not. */
  readonly account: string;
  readonly address: string;
  /** The device, when it signed in to this account before. */
  readonly device: string | null;
}

/** A try at a credential that the limits let through. The first thing said of it counts; say at least one. */
export interface Guess {
  readonly kind: 'allowed';
  /** The credential was wrong: it counts. */
  failed(): Promise<void>;
  /** The credential was right: it does not count. */
  succeeded(): Promise<void>;
  /** It was never found out, because something of ours failed: it does not count. Never rejects. */
  abandoned(): Promise<void>;
}

/** A try that a limit did not let through, also when the credential would be right. */
export interface LimitedGuess {
  readonly kind: 'limited';
  /** Whether it is the first in this window: worth a record, which the thousand that follow are not. */
  readonly isFirst: boolean;
  readonly retryAfterSeconds: number;
}

/**
 * Limits guessing at passwords. An attacker cannot lock the owner of an account out: a device on which the owner
 * signed in before has a limit of its own, which no other client can use up.
 *
 * @see {@link https://owasp.org/www-community/Slow_Down_Online_Guessing_Attacks_with_Device_Cookies OWASP, device cookies}
 */
export interface GuessLimiter {
  begin(attempt: GuessAttempt): Promise<Guess | LimitedGuess>;
}

export interface GuessLimiterOptions {
  readonly attempts: AttemptLimiter;
  readonly limits: GuessLimits;
}

/** Builds the limits on guessing. */
export function createGuessLimiter({ attempts, limits }: GuessLimiterOptions): GuessLimiter {
  return {
    async begin(attempt) {
      const { device } = attempt;
      if (device !== null) {
        const known = await begin(attempts, [{ name: 'guess-device', subject: device, limit: limits.device }]);
        // A device that failed too often has lost its trust, also in other hands.
        if (known.kind === 'allowed') return known;
      }
      return begin(attempts, budgetsOfStranger(attempt, limits));
    },
  };
}

/** The narrowest first: what one network does to one account is to use up no more than its own share of the wider ones. */
function budgetsOfStranger({ account, address }: GuessAttempt, limits: GuessLimits): readonly AttemptBudget[] {
  const network = networkOf(address);
  return [
    { name: 'guess-account-from-network', subject: `${account}\n${network}`, limit: limits.accountFromNetwork },
    { name: 'guess-network', subject: network, limit: limits.network },
    { name: 'guess-account', subject: account, limit: limits.account },
  ];
}

async function begin(attempts: AttemptLimiter, budgets: readonly AttemptBudget[]): Promise<Guess | LimitedGuess> {
  const attempt = await attempts.begin(budgets);
  if (attempt.kind === 'limited') {
    const { isFirst, retryAfterSeconds } = attempt;
    return { kind: 'limited', isFirst, retryAfterSeconds };
  }
  return {
    kind: 'allowed',
    failed: async () => attempt.failed(),
    succeeded: () => attempt.giveBack(),
    // A store that is down keeps the count: too much, and never too little.
    abandoned: () => attempt.giveBack().catch(() => {}),
  };
}
