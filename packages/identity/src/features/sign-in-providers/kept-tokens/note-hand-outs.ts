import { createLeastRecentlyUsed, type SecurityEventLog } from '@sallyport/core';
import type { AuditContext } from '../../../events/audit-context.ts';
import type { ProviderEvent } from '../provider-events.ts';

/** A token that is about to be handed out. */
export interface HandOut {
  readonly userId: string;
  readonly provider: string;
  /** The service or zone that asked. */
  readonly audience: string;
}

/** One event for all hand-outs of one token to one service within this time. */
const coalescedMilliseconds = 10 * 60_000;
const rememberedHandOuts = 10_000;

/**
 * Builds the record of hand-outs: the first is in the log before the token leaves, and those that follow are counted by the
 * next event. Rejects when the event cannot be written; then no token leaves.
 */
export function createHandOutLog(
  events: SecurityEventLog<ProviderEvent>,
  now: () => Date,
): (handOut: HandOut, where: AuditContext) => Promise<void> {
  const noted = createLeastRecentlyUsed<{ readonly at: number; since: number }>(rememberedHandOuts);
  return async ({ userId, provider, audience }, { requestId, address }) => {
    const key = `${userId} ${provider} ${audience}`;
    const at = now();
    const known = noted.get(key);
    if (known !== undefined && at.getTime() - known.at < coalescedMilliseconds) {
      known.since += 1;
      return;
    }
    await events.append({
      type: 'provider.token-handed-out',
      at,
      outcome: 'success',
      actor: userId,
      target: userId,
      requestId,
      address,
      details: { provider, audience, alsoBefore: known?.since ?? 0 },
    });
    noted.set(key, { at: at.getTime(), since: 0 });
  };
}
