import { isLetGoBy, recordModels, type RetentionRule } from '@sallyport/core';
import { retentionRules } from '@sallyport/identity';
import { features } from '../features.ts';
import type { ContentCheck } from './content-context.ts';

/** How long a row may be overdue: gateways that were stopped over night clean up when they are back. */
const graceSeconds = 86_400;

const sessionRules: readonly RetentionRule[] = [
  { kind: 'sessions', model: recordModels.session, expiry: 'absoluteExpiresAt', keepSeconds: 0 },
  { kind: 'ended-sessions', model: recordModels.endedSession, expiry: 'expiresAt', keepSeconds: 0 },
];

/** Whether rows that expired are deleted. */
export const checkRetention: ContentCheck = {
  name: 'retention',
  run: async ({ config, records }) => {
    const { eventDays } = config.retention;
    const now = new Date();
    const overdue: string[] = [];
    for (const rule of [...sessionRules, ...retentionRules(features, eventDays)]) {
      const late = { ...rule, keepSeconds: rule.keepSeconds + graceSeconds };
      const [oldest] = await records.findMany({ model: rule.model, where: [isLetGoBy(late, now)], limit: 1 });
      if (oldest !== undefined) overdue.push(rule.kind);
    }
    if (overdue.length === 0)
      return [{ kind: 'ok', finding: `no row is overdue; events are kept for ${eventDays} days` }];
    return [
      {
        kind: 'warning',
        finding: `rows that expired more than a day ago are still there: ${overdue.join(', ')}`,
        hint: 'A running gateway deletes them every ten minutes: look for "expired-rows-not-deleted" in its log. After a long stop this passes by itself.',
      },
    ];
  },
};
