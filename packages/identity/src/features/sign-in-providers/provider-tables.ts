import { keptTokenTable } from './kept-tokens/kept-token-table.ts';
import { recordModels, type RecordTable, type RetentionRule } from '@sallyport/core';

/** The tables of identity providers. */
export const providerTables: readonly RecordTable[] = [
  {
    model: recordModels.externalIdentity,
    columns: {
      /** `<issuer> <subject>`: an identity belongs to one account. Neither has a blank in it. */
      identity: { type: 'string', required: true, unique: true },
      /** `<user> <provider>`: an account has one identity of each provider. */
      slot: { type: 'string', required: true, unique: true },
      userId: { type: 'string', required: true, index: true },
      provider: { type: 'string', required: true },
      issuer: { type: 'string', required: true },
      subject: { type: 'string', required: true },
      /** As the provider gave it last; nothing is decided by it. */
      email: { type: 'string', required: false },
      createdAt: { type: 'date', required: true },
      lastUsedAt: { type: 'date', required: true },
    },
  },
  {
    model: recordModels.providerSession,
    columns: {
      /** `<issuer> <sid>`: which account a session of the provider signed in to, for logout tokens that name no subject. */
      session: { type: 'string', required: true, unique: true },
      userId: { type: 'string', required: true, index: true },
      expiresAt: { type: 'date', required: true, index: true },
    },
  },
  {
    model: recordModels.providerLogout,
    columns: {
      /** A session or an identity of a provider that it said has signed out. */
      name: { type: 'string', required: true, unique: true },
      /** When the provider said so: sign-ins that were begun before are over. */
      endedAt: { type: 'date', required: true },
      expiresAt: { type: 'date', required: true, index: true },
    },
  },
  {
    model: recordModels.usedProviderAnswer,
    columns: {
      /** An answer of a provider, or a logout token: each is used once. */
      name: { type: 'string', required: true, unique: true },
      expiresAt: { type: 'date', required: true, index: true },
    },
  },
  keptTokenTable,
];

/** What was used, and sessions of providers: of no use once they have expired. */
export const providerRetention: readonly RetentionRule[] = [
  { kind: 'provider-sessions', model: recordModels.providerSession, expiry: 'expiresAt', keepSeconds: 0 },
  { kind: 'provider-logouts', model: recordModels.providerLogout, expiry: 'expiresAt', keepSeconds: 0 },
  { kind: 'used-provider-answers', model: recordModels.usedProviderAnswer, expiry: 'expiresAt', keepSeconds: 0 },
];
