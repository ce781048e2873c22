import { networkOf, silentMeter, type Logger, type Meter } from '@sallyport/core';
import type { AttemptBudget, AttemptLimiter } from '../accounts/attempt-limiter.ts';
import type { MailLimits } from './mail-limits.ts';

/** A mail that a visitor who is not signed in is about to cause. */
export interface VisitorMail {
  /** Address of the visitor. */
  readonly from: string;
  /** Whether the owner of the address has ever confirmed it. */
  readonly toOwner: boolean;
}

/** A place under the limits. */
export interface TakenPlace {
  /** The mail is not sent after all: it does not count. */
  giveBack(): Promise<void>;
}

/**
 * Limits the mails that visitors cause: one network cannot make this gateway write to many, and all together cannot make it
 * a mailer for strangers. Mails to owners fall under the limit of the network alone, so that no client who writes to strangers
 * from many networks keeps owners from the mail that lets them in.
 */
export interface VisitorMailLimiter {
  /** Takes a place; `null` when a limit is used up. The first time in each window is logged. */
  take(mail: VisitorMail): Promise<TakenPlace | null>;
}

export interface VisitorMailLimiterOptions {
  readonly attempts: AttemptLimiter;
  readonly limits: MailLimits;
  readonly logger: Logger;
  readonly meter?: Meter | undefined;
}

const networkBudget = 'mail-network';
const strangersBudget = 'mail-strangers';

/** Builds the limiter on the counters that all gateways share. */
export function createVisitorMailLimiter(options: VisitorMailLimiterOptions): VisitorMailLimiter {
  const { attempts, limits, logger, meter = silentMeter } = options;
  const heldBack = meter.counter({
    name: 'sallyport_mails_held_back_total',
    help: 'Mails that visitors asked for and that a limit left out',
    labels: ['limit'],
  });
  return {
    async take({ from, toOwner }) {
      const attempt = await attempts.begin(budgetsOf(networkOf(from), toOwner, limits));
      if (attempt.kind === 'allowed') return { giveBack: () => attempt.giveBack() };
      const limit = attempt.budget === strangersBudget ? 'strangers' : 'network';
      heldBack.of(limit).add();
      if (attempt.isFirst) {
        const fields = { limit, retryAfterSeconds: attempt.retryAfterSeconds };
        if (limit === 'strangers')
          logger.error('mails to strangers are left out', { event: 'mail-limit-used-up', ...fields });
        else logger.warn('mails that one network asks for are left out', { event: 'mail-network-limited', ...fields });
      }
      return null;
    },
  };
}

/** The narrower first: what one network asks for beyond its own limit uses nothing up of the limit of all. */
function budgetsOf(network: string, toOwner: boolean, limits: MailLimits): readonly AttemptBudget[] {
  const { perNetwork, toStrangers } = limits;
  const own = {
    name: networkBudget,
    subject: `${network}\n${toOwner ? 'owners' : 'strangers'}`,
    limit: { maxFailures: perNetwork.max, windowSeconds: perNetwork.windowSeconds },
  };
  const all = {
    name: strangersBudget,
    subject: 'all',
    limit: { maxFailures: toStrangers.max, windowSeconds: toStrangers.windowSeconds },
  };
  return toOwner ? [own] : [own, all];
}
