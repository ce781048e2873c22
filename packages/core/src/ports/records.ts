/** A condition on a column. All conditions of a list must hold. */
export interface RecordFilter {
  readonly field: string;
  readonly value: string | number | boolean | string[] | number[] | Date | null;
  /** `contains` and `starts_with` are for a part of a text column; they read every row. */
  readonly operator?: 'eq' | 'ne' | 'lt' | 'lte' | 'gt' | 'gte' | 'in' | 'not_in' | 'contains' | 'starts_with';
}

/**
 * Rows of our own tables. Better Auth's database adapter has this shape, so that one implementation of ours serves
 * every database that it serves. The counts that `updateMany` and `deleteMany` resolve to decide compare-and-set.
 */
export interface Records {
  create<T>(query: { model: string; data: Record<string, unknown>; forceAllowId?: boolean }): Promise<T>;
  findOne<T>(query: { model: string; where: RecordFilter[] }): Promise<T | null>;
  findMany<T>(query: {
    model: string;
    where?: RecordFilter[];
    limit?: number;
    offset?: number;
    sortBy?: { field: string; direction: 'asc' | 'desc' };
  }): Promise<T[]>;
  updateMany(query: { model: string; where: RecordFilter[]; update: Record<string, unknown> }): Promise<number>;
  deleteMany(query: { model: string; where: RecordFilter[] }): Promise<number>;
  count(query: { model: string; where?: RecordFilter[] }): Promise<number>;
}

/** The names of our tables. Their columns are declared where the schema of the database is made. */
export const recordModels = {
  session: 'sallyportSession',
  endedSession: 'sallyportEndedSession',
  heartbeat: 'sallyportHeartbeat',
  key: 'sallyportKey',
  role: 'sallyportRole',
  appliedPolicy: 'sallyportAppliedPolicy',
  event: 'sallyportEvent',
  factor: 'sallyportFactor',
  recoveryCode: 'sallyportRecoveryCode',
  oneTimeCode: 'sallyportOneTimeCode',
  pendingSignIn: 'sallyportPendingSignIn',
  tokenFamily: 'sallyportTokenFamily',
  lease: 'sallyportLease',
  apiKey: 'sallyportApiKey',
  serviceAccount: 'sallyportServiceAccount',
  webhookDelivery: 'sallyportWebhookDelivery',
  oauthClient: 'sallyportOAuthClient',
  oauthLogout: 'sallyportOAuthLogout',
  oauthArtifact: 'sallyportOAuthArtifact',
  externalIdentity: 'sallyportExternalIdentity',
  providerSession: 'sallyportProviderSession',
  providerLogout: 'sallyportProviderLogout',
  usedProviderAnswer: 'sallyportUsedProviderAnswer',
  providerToken: 'sallyportProviderToken',
  organization: 'sallyportOrganization',
  organizationMember: 'sallyportOrganizationMember',
  organizationInvitation: 'sallyportOrganizationInvitation',
} as const;

/** A column of one of our tables. On PostgreSQL `number` is a 32-bit integer, so times are `date`. */
export interface RecordColumn {
  readonly type: 'string' | 'number' | 'boolean' | 'date';
  /** Without it the column may hold `null`. */
  readonly required: boolean;
  /** No two rows hold the same value; any number of rows hold `null`. */
  readonly unique?: boolean;
  readonly index?: boolean;
}

/** One of our tables, as data from which the schema of every database is made. `id` is added by the database. */
export interface RecordTable {
  readonly model: string;
  readonly columns: Readonly<Record<string, RecordColumn>>;
}
