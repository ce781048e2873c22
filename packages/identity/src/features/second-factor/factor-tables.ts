import { recordModels, type RecordTable, type RetentionRule } from '@sallyport/core';

/** The tables of second factors. What is single-use is used up by one conditional statement on its row. */
export const factorTables: readonly RecordTable[] = [
  {
    model: recordModels.factor,
    columns: {
      /** `<user>:<method>`, and `<user>:<method>:begun` until it is confirmed: an account has at most one of each. */
      slot: { type: 'string', required: true, unique: true },
      userId: { type: 'string', required: true, index: true },
      method: { type: 'string', required: true },
      /** The TOTP secret, the address or the number, sealed for its user. */
      sealed: { type: 'string', required: true },
      confirmedAt: { type: 'date', required: false },
      /** The latest time step whose code was used: neither it nor an earlier one works again. */
      lastUsedStep: { type: 'number', required: true },
      createdAt: { type: 'date', required: true },
    },
  },
  {
    model: recordModels.recoveryCode,
    columns: {
      userId: { type: 'string', required: true, index: true },
      /** HMAC under the key of the list; of lists without one, argon2id. */
      codeHash: { type: 'string', required: true },
      /** The key of the list, sealed for its user. */
      sealedKey: { type: 'string', required: false },
      usedAt: { type: 'date', required: false },
      createdAt: { type: 'date', required: true },
    },
  },
  {
    model: recordModels.oneTimeCode,
    columns: {
      /** What the code was sent for, and by which method: a new code takes the place of the one before. */
      slot: { type: 'string', required: true, unique: true },
      codeHash: { type: 'string', required: true },
      expiresAt: { type: 'date', required: true, index: true },
    },
  },
  {
    model: recordModels.pendingSignIn,
    columns: {
      handleHash: { type: 'string', required: true, unique: true },
      userId: { type: 'string', required: true, index: true },
      /** Generation of the user when the first factor was right: any change of authority voids the sign-in. */
      userGeneration: { type: 'number', required: true },
      purpose: { type: 'string', required: true },
      amr: { type: 'string', required: true },
      /** The identity provider of the first factor, as a JSON object. */
      provider: { type: 'string', required: false },
      expiresAt: { type: 'date', required: true, index: true },
    },
  },
];

/** Codes and sign-ins that were never completed: they stopped working when they expired. */
export const factorRetention: readonly RetentionRule[] = [
  { kind: 'codes', model: recordModels.oneTimeCode, expiry: 'expiresAt', keepSeconds: 0 },
  { kind: 'pending-sign-ins', model: recordModels.pendingSignIn, expiry: 'expiresAt', keepSeconds: 0 },
];
