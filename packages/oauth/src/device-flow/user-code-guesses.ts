import { networkOf, SallyportError, type RequestContext, type SecurityEventLog } from '@sallyport/core';
import { whereOf, type AttemptLimiter } from '@sallyport/identity';
import type { ProviderEvent } from '../provider/provider-events.ts';

/** Limits on entering codes that are none (RFC 8628, section 5.1). */
export interface UserCodeGuesses {
  /**
   * Runs a look-up that counts unless it finds something. What is found out while a limit is used up is nothing: it rejects
   * with `SP_TOO_MANY_ATTEMPTS` before it looks.
   */
  count<Found>(userId: string, context: RequestContext, look: () => Promise<Found | null>): Promise<Found | null>;
}

export interface UserCodeGuessParts {
  readonly attempts: AttemptLimiter;
  readonly events: SecurityEventLog<ProviderEvent>;
  readonly now: () => Date;
}

/**
 * Of 25 thousand million codes 5000 wait at most, for each client: ten guesses in a quarter of an hour find one of them once
 * in five hundred thousand. A network has more, since many accounts may be behind it.
 */
const perAccount = { maxFailures: 10, windowSeconds: 900 };
const perNetwork = { maxFailures: 60, windowSeconds: 900 };

/** Builds them on counters that all gateways share. */
export function createUserCodeGuesses({ attempts, events, now }: UserCodeGuessParts): UserCodeGuesses {
  return {
    async count(userId, context, look) {
      const attempt = await attempts.begin([
        { name: 'user-code-account', subject: userId, limit: perAccount },
        { name: 'user-code-network', subject: networkOf(context.clientAddress), limit: perNetwork },
      ]);
      if (attempt.kind === 'limited') {
        const { isFirst, budget, retryAfterSeconds } = attempt;
        const limit = budget === 'user-code-account' ? 'account' : 'network';
        if (isFirst)
          await events.append({
            type: 'oauth-device.guessing-limited',
            at: now(),
            outcome: 'refused',
            actor: userId,
            target: userId,
            ...whereOf(context),
            details: { limit },
          });
        throw new SallyportError('SP_TOO_MANY_ATTEMPTS', { reason: 'user-code-guessing', retryAfterSeconds });
      }
      // It was never found out where something of ours failed.
      const found = await look().catch(async (error: unknown) => {
        await attempt.giveBack().catch(() => {});
        throw error;
      });
      if (found === null) attempt.failed();
      else await attempt.giveBack();
      return found;
    },
  };
}
