import { recordModels, type RecordTable, type RetentionRule } from '@sallyport/core';

/** Families of refresh tokens: one row for each sign-in, which says which token of it is good. */
export const tokenFamilyTables: readonly RecordTable[] = [
  {
    model: recordModels.tokenFamily,
    columns: {
      /** The `sid` of the session of the sign-in. */
      family: { type: 'string', required: true, unique: true },
      userId: { type: 'string', required: true, index: true },
      /** Of the token that is good. Each rotation is a compare-and-set on it. */
      number: { type: 'number', required: true },
      /** HMAC of that token. */
      tokenHash: { type: 'string', required: true },
      /** When it took the place of the one before. */
      rotatedAt: { type: 'date', required: true },
      expiresAt: { type: 'date', required: true, index: true },
    },
  },
];

/** A family ends for good with its sign-in. */
export const tokenFamilyRetention: readonly RetentionRule[] = [
  { kind: 'token-families', model: recordModels.tokenFamily, expiry: 'expiresAt', keepSeconds: 0 },
];
