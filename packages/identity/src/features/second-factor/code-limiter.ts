import { SallyportError, type Counters, type Sealer } from '@sallyport/core';

/** What a code is tried for. Each has limits of its own: who runs out of tries with codes can still use a recovery code. */
export type CodeUse = 'code' | 'recovery-code' | 'set-up';

/** A try that was counted, before the code is looked at. */
export type CountedTry =
  | { readonly kind: 'allowed'; readonly isLast: boolean }
  /** Of this sign-in: it is over. */
  | { readonly kind: 'used-up' }
  /** Of this account. `isFirst` of many, and worth a record and a mail. */
  | { readonly kind: 'limited'; readonly isFirst: boolean; readonly retryAfterSeconds: number };

/**
 * Limits how often codes are tried and sent. A try is counted before the code is looked at, so that tries at the same
 * moment, on any number of gateways, cannot all pass under the limit.
 *
 * A caller who gets here knows the password, or holds a session. No other one can use up the tries of an account, and the
 * password itself has limits of its own.
 */
export interface CodeLimiter {
  countTry(userId: string, use: CodeUse, pendingId?: string): Promise<CountedTry>;
  /** The code was right: earlier tries are forgotten. */
  forgetTries(userId: string, use: CodeUse): Promise<void>;
  /** Counts a code that is about to be sent; rejects with `SP_TOO_MANY_ATTEMPTS` when there were too many. */
  countSend(userId: string, send: SendToCount): Promise<void>;
}

/** A code that is about to be sent. */
export interface SendToCount {
  /** What it is for. */
  readonly purpose: string;
  readonly destination: string;
  /** Address of the caller who asks for it. */
  readonly network: string;
}

/** A number within a time. */
interface Limit {
  readonly maximum: number;
  readonly windowSeconds: number;
}

const hour = 60 * 60;

/** Tries for one pending sign-in, for as long as it can live. */
const perSignIn: Limit = { maximum: 5, windowSeconds: 10 * 60 };

/** Of a million codes three are right at any time: fifty tries find one with a chance of 1 in 6600, and that once a day. */
const perAccount: readonly Limit[] = [
  { maximum: 10, windowSeconds: 15 * 60 },
  { maximum: 50, windowSeconds: 24 * hour },
];

const sends = {
  /** Between two codes for the same purpose: a sign-in, a step-up, a set-up. */
  pause: { maximum: 1, windowSeconds: 30 },
  perAccount: { maximum: 6, windowSeconds: hour },
  perDestination: { maximum: 6, windowSeconds: hour },
  perNetwork: { maximum: 30, windowSeconds: hour },
} as const satisfies Record<string, Limit>;

/** Seconds that a page shows until a code can be sent again. */
export const resendSeconds = sends.pause.windowSeconds;

export function createCodeLimiter(counters: Counters, sealer: Sealer): CodeLimiter {
  const tryKeys = (userId: string, use: CodeUse): readonly string[] =>
    perAccount.map(({ windowSeconds }) => `code-try:${sealer.hash(`${use}\n${userId}`)}:${windowSeconds}`);

  const requireSend = async (kind: keyof typeof sends, what: string): Promise<void> => {
    const { maximum, windowSeconds } = sends[kind];
    const key = `code-send:${kind}:${sealer.hash(what)}`;
    if ((await counters.increment(key, windowSeconds)) <= maximum) return;
    const { remainingSeconds } = await counters.read(key);
    const retryAfterSeconds = Math.max(1, Math.ceil(remainingSeconds));
    throw new SallyportError('SP_TOO_MANY_ATTEMPTS', { reason: 'code-sends', retryAfterSeconds });
  };

  return {
    async countTry(userId, use, pendingId) {
      for (const [index, key] of tryKeys(userId, use).entries()) {
        const { maximum = 0, windowSeconds = hour } = perAccount[index] ?? {};
        const count = await counters.increment(key, windowSeconds);
        if (count <= maximum) continue;
        const { remainingSeconds } = await counters.read(key);
        const retryAfterSeconds = Math.max(1, Math.ceil(remainingSeconds));
        return { kind: 'limited', isFirst: count === maximum + 1, retryAfterSeconds };
      }
      if (pendingId === undefined) return { kind: 'allowed', isLast: false };
      const { maximum, windowSeconds } = perSignIn;
      const count = await counters.increment(`code-try:sign-in:${pendingId}`, windowSeconds);
      return count > maximum ? { kind: 'used-up' } : { kind: 'allowed', isLast: count === maximum };
    },
    async forgetTries(userId, use) {
      for (const key of tryKeys(userId, use)) await counters.reset(key);
    },
    async countSend(userId, { purpose, destination, network }) {
      await requireSend('pause', `${purpose}\n${destination}`);
      await requireSend('perAccount', userId);
      await requireSend('perDestination', destination);
      await requireSend('perNetwork', network);
    },
  };
}
