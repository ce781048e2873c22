import { SallyportError } from '@sallyport/core';

/** The refusal of an id that no account has; it says so, that it can be told from an address that is not served. */
export function unknownAccount(): SallyportError {
  const errors = [{ field: 'id', message: 'is that of no account' }];
  return new SallyportError('SP_NOT_FOUND', { reason: 'account-unknown', errors });
}
