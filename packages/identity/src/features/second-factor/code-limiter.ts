import { SallyportError, type Counters, type Sealer } from '@sallyport/core';
import type { TrustedAccount } from '../../accounts/device-trust.ts';

/** What a code is tried for. Each has limits of its own: who runs out of tries with codes can still use a recovery code. */
export type CodeUse = 'code' | 'recovery-code' | 'set-up';

/** A try that was counted, before the code is looked at. */
export type CountedTry =
  | { readonly kind: 'allowed'; readonly isLast: boolean }
  /** Of this sign-in: it is over. */
  | { readonly kind: 'used-up' }
  /** Of this account. `isFirst` of many, and worth a record and a mail. */
  | { readonly kind: 'limited'; readonly isFirst: boolean; readonly retryAfterSeconds: number };

/** Whose code is tried, what for, and from where. */
export interface CodeTry {
  /** As it is now: a new password, another factor or other roles begin a count of their own. */
  readonly account: TrustedAccount;
  /** The browser, when the account was signed in to on it before. */
  readonly device: string | null;
  readonly use: CodeUse;
  /** The sign-in that the code is to complete, if any. */
  readonly pendingId?: string | undefined;
}

/**
 * Limits how often codes are tried and sent. A try is counted before the code is looked at, so that tries at the same
 * moment, on any number of gateways, cannot all pass under the limit.
 *
 * A caller who gets here knows the password, or holds a session. No other one can use up the tries of an account, and the
 * password itself has limits of its own. Who learned the password uses up the tries of strangers, and of the account as
 * it is: the owner goes on with a browser that is known, or with a new password, which makes another generation.
 */
export interface CodeLimiter {
  countTry(attempt: CodeTry): Promise<CountedTry>;
  /** The code was right: earlier tries are forgotten. */
  forgetTries(attempt: CodeTry): Promise<void>;
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

/**
 * Over every generation and every browser: who reads the mail of the owner could choose new passwords all day, and have a
 * browser that is known each time. Who does not read it never gets here.
 */
const perAccountInAll: Limit = { maximum: 250, windowSeconds: 24 * hour };

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
  /** The narrowest first. */
  const triesOf = ({ account, device, use }: CodeTry): readonly (Limit & { readonly key: string })[] => {
    const { id, generation } = account;
    const whose = device === null ? `${use}\n${id}\n${generation}` : `${use}\n${id}\ndevice\n${device}`;
    const inAll = { ...perAccountInAll, key: `code-try:in-all:${sealer.hash(`${use}\n${id}`)}` };
    return [
      ...perAccount.map((limit) => ({ ...limit, key: `code-try:${sealer.hash(whose)}:${limit.windowSeconds}` })),
      inAll,
    ];
  };

  const requireSend = async (kind: keyof typeof sends, what: string): Promise<void> => {
    const { maximum, windowSeconds } = sends[kind];
    const key = `code-send:${kind}:${sealer.hash(what)}`;
    if ((await counters.increment(key, windowSeconds)) <= maximum) return;
    const { remainingSeconds } = await counters.read(key);
    const retryAfterSeconds = Math.max(1, Math.ceil(remainingSeconds));
    throw new SallyportError('SP_TOO_MANY_ATTEMPTS', { reason: 'code-sends', retryAfterSeconds });
  };

  return {
    async countTry(attempt) {
      for (const { key, maximum, windowSeconds } of triesOf(attempt)) {
        const count = await counters.increment(key, windowSeconds);
        if (count <= maximum) continue;
        const { remainingSeconds } = await counters.read(key);
        const retryAfterSeconds = Math.max(1, Math.ceil(remainingSeconds));
        return { kind: 'limited', isFirst: count === maximum + 1, retryAfterSeconds };
      }
      const { pendingId } = attempt;
      if (pendingId === undefined) return { kind: 'allowed', isLast: false };
      const { maximum, windowSeconds } = perSignIn;
      const count = await counters.increment(`code-try:sign-in:${pendingId}`, windowSeconds);
      return count > maximum ? { kind: 'used-up' } : { kind: 'allowed', isLast: count === maximum };
    },
    async forgetTries(attempt) {
      for (const { key } of triesOf(attempt)) await counters.reset(key);
    },
    async countSend(userId, { purpose, destination, network }) {
      await requireSend('pause', `${purpose}\n${destination}`);
      await requireSend('perAccount', userId);
      await requireSend('perDestination', destination);
      await requireSend('perNetwork', network);
    },
  };
}
