import { retryContended, type InvalidationBus, type SessionRecord, type SessionStore } from '@sallyport/core';

/**
 * Lets the sessions of a user that work in an organization follow a change of the membership: those that stay get a new
 * generation, and those of a membership that ended leave the organization. Every cache, every service that listens and
 * every token has heard of it when this resolves. Call it after the change is durable: whatever turns to the organization
 * later reads the membership as it is then.
 */
export type UpdateMemberSessions = (userId: string, organizationId: string, isMember: boolean) => Promise<void>;

export interface MemberSessionsOptions {
  readonly sessions: SessionStore;
  readonly bus: InvalidationBus;
  readonly now: () => Date;
}

const contention = { maxAttempts: 10, code: 'SP_CONFLICT' } as const;

/** Builds what tells sessions of a change of a membership. */
export function createUpdateMemberSessions({ sessions, bus, now }: MemberSessionsOptions): UpdateMemberSessions {
  const update = ({ sid }: SessionRecord, organizationId: string, isMember: boolean): Promise<void> =>
    retryContended(contention, async () => {
      const before = await sessions.findBySid(sid);
      if (before?.org !== organizationId || before.revokedAt !== undefined) return;
      const write = await sessions.change(sid, before.generation, isMember ? {} : { org: null });
      if (write.kind === 'stale') return 'retry';
      if (write.kind !== 'written') return;
      const { generation: minGeneration } = write.record;
      await bus.publish({ kind: 'session', id: sid, minGeneration, at: now(), reason: 'membership-changed' });
    });

  return async (userId, organizationId, isMember) => {
    const live = await sessions.listLive(userId, now());
    for (const record of live) if (record.org === organizationId) await update(record, organizationId, isMember);
  };
}
