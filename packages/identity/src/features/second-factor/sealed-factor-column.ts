import { recordModels } from '@sallyport/core';

/** The purpose of the sealer of second factors. */
export const factorSealingPurpose = 'second-factor';

/** Where the secrets, addresses and numbers of second factors are sealed, for a change of the root secret. */
export const sealedFactorColumn = {
  model: recordModels.factor,
  column: 'sealed',
  purpose: factorSealingPurpose,
  /** A text is sealed for the user whose factor it is. */
  contextOf: ({ userId }: Readonly<Record<string, unknown>>): string => {
    if (typeof userId === 'string') return userId;
    throw new TypeError('the column userId of a stored row cannot be read');
  },
} as const;
