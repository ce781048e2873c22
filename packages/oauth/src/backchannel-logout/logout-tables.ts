import { recordModels, type RecordTable, type RetentionRule } from '@sallyport/core';

/**
 * Which clients were signed in to by which session, and which of them wait to be told that it is over. One table: a session
 * that ends turns its rows from the one into the other with a single write, which joins the transaction that ends it.
 */
export const logoutTables: readonly RecordTable[] = [
  {
    model: recordModels.oauthLogout,
    columns: {
      /** The session of ours. */
      sid: { type: 'string', required: true, index: true },
      subject: { type: 'string', required: true, index: true },
      clientId: { type: 'string', required: true, index: true },
      /** What the client knows as `sid` from its ID token. */
      clientSid: { type: 'string', required: true },
      /** `signed-in`, and `waiting` from the end of the session on. */
      state: { type: 'string', required: true },
      /** How often it was tried: the fencing number of the turn that tries it. */
      attempts: { type: 'number', required: true },
      /** When it is tried next, or until when one gateway tries it; of a row that waits. */
      dueAt: { type: 'date', required: false, index: true },
      endedAt: { type: 'date', required: false },
      /** In a word, why it failed last. */
      lastFailure: { type: 'string', required: false },
      createdAt: { type: 'date', required: true },
      /** When the session is over by itself, and long after the last attempt. */
      expiresAt: { type: 'date', required: true, index: true },
    },
  },
];

/** A session that runs out ends nothing at its clients, whose own sessions have limits of their own: its rows are deleted. */
export const logoutRetention: readonly RetentionRule[] = [
  { kind: 'oauth-logouts', model: recordModels.oauthLogout, expiry: 'expiresAt', keepSeconds: 0 },
];
