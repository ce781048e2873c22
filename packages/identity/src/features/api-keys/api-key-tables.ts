import { recordModels, type RecordTable, type RetentionRule } from '@sallyport/core';

/** The tables of API keys, and of the service accounts that own some of them. */
export const apiKeyTables: readonly RecordTable[] = [
  {
    model: recordModels.apiKey,
    columns: {
      /** The public handle: in lists, events and tokens. */
      keyId: { type: 'string', required: true, unique: true },
      ownerKind: { type: 'string', required: true },
      ownerId: { type: 'string', required: true, index: true },
      name: { type: 'string', required: true },
      /** Names of permissions, with a space between. */
      scopes: { type: 'string', required: true },
      /** How sure it was who made the key. */
      acr: { type: 'string', required: true },
      /** The beginning of the secret, to tell keys apart. */
      hint: { type: 'string', required: true },
      /** HMAC of the secret. */
      keyHash: { type: 'string', required: true, unique: true },
      /** HMAC of the secret before, for as long as both work. */
      previousHash: { type: 'string', required: false, unique: true },
      previousUntil: { type: 'date', required: false },
      previousUsedAt: { type: 'date', required: false },
      /** Grows with every rotation: the number of the secret. */
      generation: { type: 'number', required: true },
      /** How long it lives from its creation, and from each rotation. */
      days: { type: 'number', required: true },
      createdAt: { type: 'date', required: true },
      expiresAt: { type: 'date', required: true, index: true },
      lastUsedAt: { type: 'date', required: false },
      revokedAt: { type: 'date', required: false },
    },
  },
  {
    model: recordModels.serviceAccount,
    columns: {
      name: { type: 'string', required: true, unique: true },
      /** Names of roles, with a space between. */
      roles: { type: 'string', required: true },
      /** Grows with every change of its authority. */
      generation: { type: 'number', required: true },
      /** The name in the certificate by which it calls: of two accounts the unique index lets one have it. */
      certificate: { type: 'string', required: false, unique: true },
      disabledAt: { type: 'date', required: false },
      createdAt: { type: 'date', required: true },
    },
  },
];

/** Keys that expired or were revoked stay for a while, so that a caller who still presents one can be told apart. */
export const apiKeyRetention: readonly RetentionRule[] = [
  { kind: 'api-keys', model: recordModels.apiKey, expiry: 'expiresAt', keepSeconds: 30 * 86_400 },
];
