import { recordModels, type RecordTable, type SealedColumn } from '@sallyport/core';
import { providerTokenPurpose } from './kept-token.ts';

/** The table of tokens that providers gave. */
export const keptTokenTable: RecordTable = {
  model: recordModels.providerToken,
  columns: {
    handle: { type: 'string', required: true, unique: true },
    /** An identity has one set of tokens; those that wait for their revocation have no identity. */
    identityId: { type: 'string', required: false, unique: true },
    userId: { type: 'string', required: true, index: true },
    provider: { type: 'string', required: true },
    /** Access and refresh token, sealed for the handle. */
    sealed: { type: 'string', required: true },
    state: { type: 'string', required: true },
    scope: { type: 'string', required: false },
    accessExpiresAt: { type: 'date', required: false },
    version: { type: 'number', required: true },
    leaseUntil: { type: 'date', required: false },
    attempts: { type: 'number', required: true },
    nextAt: { type: 'date', required: false, index: true },
    changedAt: { type: 'date', required: true },
  },
};

/** Where tokens of providers are sealed, for a change of the root secret. */
export const sealedTokenColumn: SealedColumn = {
  model: recordModels.providerToken,
  column: 'sealed',
  purpose: providerTokenPurpose,
  contextOf({ handle }) {
    if (typeof handle === 'string') return handle;
    throw new TypeError('the column handle of a stored row cannot be read');
  },
};
