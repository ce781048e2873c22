import { recordModels, type RecordTable, type RetentionRule, type SealedColumn } from '@sallyport/core';

/** The purpose of the sealer of artifacts: it hashes what they are found by, and seals what they hold. */
export const artifactPurpose = 'oauth-artifact';

/**
 * What the provider keeps: codes, tokens, grants, consent that is being asked for, and answers that may have got lost. What
 * finds a row is often the credential itself, so that only an HMAC of it is kept, and no other column can be presented.
 */
export const artifactTables: readonly RecordTable[] = [
  {
    model: recordModels.oauthArtifact,
    columns: {
      /** HMAC of the kind and of what it is found by. */
      artifactHash: { type: 'string', required: true, unique: true },
      kind: { type: 'string', required: true },
      /** Sealed JSON. */
      payload: { type: 'string', required: true },
      grantId: { type: 'string', required: false, index: true },
      clientId: { type: 'string', required: false, index: true },
      subject: { type: 'string', required: false, index: true },
      /** When it was used up; of what is used once. */
      consumedAt: { type: 'date', required: false },
      /** When a token of a grant or of a delegation was used last, to the minute. */
      lastUsedAt: { type: 'date', required: false },
      createdAt: { type: 'date', required: true },
      expiresAt: { type: 'date', required: true, index: true },
    },
  },
];

/** All of it ends by itself. */
export const artifactRetention: readonly RetentionRule[] = [
  { kind: 'oauth-artifacts', model: recordModels.oauthArtifact, expiry: 'expiresAt', keepSeconds: 0 },
];

/** What an artifact is sealed for: a payload that was moved to another row does not open. */
export function artifactContextOf({ kind, artifactHash }: Readonly<Record<string, unknown>>): string {
  return `${String(kind)}/${String(artifactHash)}`;
}

/** For a change of the root secret. */
export const artifactSealedColumns: readonly SealedColumn[] = [
  {
    model: recordModels.oauthArtifact,
    column: 'payload',
    purpose: artifactPurpose,
    contextOf: artifactContextOf,
  },
];
