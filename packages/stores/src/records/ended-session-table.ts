import { recordModels, type RecordTable } from '@sallyport/core';

/**
 * The table of sessions that ended: what a session store outside of the database is checked against, so that a copy of it
 * from yesterday brings no session back to life.
 *
 * No column is unique: two processes that end a session at the same moment must not make each other's transaction fail.
 */
export const endedSessionTable = {
  model: recordModels.endedSession,
  columns: {
    /** The sid of a session, or `subject:` and an HMAC of the subject whose sessions all ended. */
    sid: { type: 'string', required: true, index: true },
    endedAt: { type: 'date', required: true },
    /** When nothing could come back any more, and the row may go. */
    expiresAt: { type: 'date', required: true, index: true },
    reason: { type: 'string', required: true },
    /** The one session that was spared when all others of a subject ended. */
    sparedSid: { type: 'string', required: false },
  },
} as const satisfies RecordTable;
