import { isDuplicateRow, recordModels, type Records } from '@sallyport/core';

/** Which account a session of a provider signed in to, so that its end is known to belong to it. */
export interface ProviderSessions {
  note(issuer: string, sid: string, userId: string, expiresAt: Date): Promise<void>;
  findUser(issuer: string, sid: string): Promise<string | null>;
  forget(userId: string): Promise<void>;
}

const model = recordModels.providerSession;

/** Builds the table of them. Of a session that signs in several times the last account counts. */
export function createProviderSessions(records: Records): ProviderSessions {
  const toKey = (issuer: string, sid: string): string => `${issuer} ${sid}`;
  return {
    async note(issuer, sid, userId, expiresAt) {
      const session = toKey(issuer, sid);
      const update = { userId, expiresAt };
      const where = [{ field: 'session', value: session }];
      if ((await records.updateMany({ model, where, update })) > 0) return;
      try {
        await records.create({ model, data: { session, ...update } });
      } catch (error) {
        // Another sign-in of the same session was first.
        if (!isDuplicateRow(error)) throw error;
        await records.updateMany({ model, where, update });
      }
    },
    async findUser(issuer, sid) {
      const where = [{ field: 'session', value: toKey(issuer, sid) }];
      return (await records.findOne<{ readonly userId: string }>({ model, where }))?.userId ?? null;
    },
    async forget(userId) {
      await records.deleteMany({ model, where: [{ field: 'userId', value: userId }] });
    },
  };
}
