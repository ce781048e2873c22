import { recordModels, type RetentionRule } from '@sallyport/core';
import { linkRetention } from './accounts/one-time-links.ts';
import { pendingAccountRetention } from './accounts/pending-accounts.ts';

/** How long security events are kept where nothing else is said. */
export const usualEventDays = 400;

/** Which rows of identity are deleted, and when: those of the kernel, then those of each feature. */
export function retentionRules(
  { retention }: { readonly retention: readonly RetentionRule[] },
  eventDays: number = usualEventDays,
): readonly RetentionRule[] {
  const events = { kind: 'events', model: recordModels.event, expiry: 'at', keepSeconds: eventDays * 86_400 };
  return [linkRetention, pendingAccountRetention, events, ...retention];
}
