import { isDuplicateRow, recordModels, SallyportError, type RecordFilter, type Records } from '@sallyport/core';

/** An account of an identity provider that signs in to an account here. */
export interface ExternalIdentity {
  readonly id: string;
  readonly userId: string;
  /** The name of the provider in the configuration. */
  readonly provider: string;
  readonly issuer: string;
  readonly subject: string;
  readonly email: string | null;
  readonly createdAt: Date;
  readonly lastUsedAt: Date;
}

/** One to connect. */
export type NewExternalIdentity = Pick<ExternalIdentity, 'userId' | 'provider' | 'issuer' | 'subject'> & {
  readonly email: string | undefined;
};

/** Identities of providers. Methods join the transaction that they are called in. */
export interface ExternalIdentities {
  find(issuer: string, subject: string): Promise<ExternalIdentity | null>;
  list(userId: string): Promise<readonly ExternalIdentity[]>;
  /**
   * Connects one. Rejects with `SP_CONFLICT` when the identity is connected already, or the account has one of this
   * provider: ends a transaction.
   */
  connect(identity: NewExternalIdentity, at: Date): Promise<void>;
  /** Notes a sign-in, and the address that came with it. */
  noteUse(id: string, email: string | undefined, at: Date): Promise<void>;
  /** Takes one away: `true` for exactly one caller. */
  disconnect(id: string, userId: string): Promise<boolean>;
  forget(userId: string): Promise<void>;
}

const model = recordModels.externalIdentity;

/** Builds the table of identities. */
export function createExternalIdentities(records: Records): ExternalIdentities {
  const ofUser = (userId: string): RecordFilter[] => [{ field: 'userId', value: userId }];
  return {
    find: (issuer, subject) =>
      records.findOne<ExternalIdentity>({ model, where: [{ field: 'identity', value: toKey(issuer, subject) }] }),
    list: (userId) =>
      records.findMany<ExternalIdentity>({
        model,
        where: ofUser(userId),
        sortBy: { field: 'createdAt', direction: 'asc' },
      }),
    async connect({ userId, provider, issuer, subject, email = null }, at) {
      const identity = toKey(issuer, subject);
      const slot = `${userId} ${provider}`;
      const times = { createdAt: at, lastUsedAt: at };
      try {
        await records.create({ model, data: { identity, slot, userId, provider, issuer, subject, email, ...times } });
      } catch (cause) {
        if (isDuplicateRow(cause)) throw new SallyportError('SP_CONFLICT', { cause, reason: 'duplicate' });
        throw cause;
      }
    },
    async noteUse(id, email, at) {
      const update = { lastUsedAt: at, ...(email === undefined ? {} : { email }) };
      await records.updateMany({ model, where: [{ field: 'id', value: id }], update });
    },
    async disconnect(id, userId) {
      return (await records.deleteMany({ model, where: [{ field: 'id', value: id }, ...ofUser(userId)] })) === 1;
    },
    async forget(userId) {
      await records.deleteMany({ model, where: ofUser(userId) });
    },
  };
}

/** A subject may hold every character of ASCII, and an issuer has no blank. */
function toKey(issuer: string, subject: string): string {
  return `${issuer} ${subject}`;
}
