import { recordModels } from '@sallyport/core';

/** The purpose of the sealer of second factors. */
export const factorSealingPurpose = 'second-factor';

/** Where the secrets, addresses and numbers of second factors are sealed, for a change of the root secret. */
export const sealedFactorColumn = {
  model: recordModels.factor,
  column: 'sealed',
  purpose: factorSealingPurpose,
  contextOf: userOfRow,
} as const;

/** Where the keys of recovery codes are sealed. */
export const sealedRecoveryKeyColumn = {
  model: recordModels.recoveryCode,
  column: 'sealedKey',
  purpose: factorSealingPurpose,
  contextOf: userOfRow,
} as const;

/** A text is sealed for the user whose row it is in. */
function userOfRow({ userId }: Readonly<Record<string, unknown>>): string {
  if (typeof userId === 'string') return userId;
  throw new TypeError('the column userId of a stored row cannot be read');
}
