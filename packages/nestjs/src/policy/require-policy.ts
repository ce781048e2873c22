import { OptionsError } from '@sallyport/core';
import type { SallyportOptions } from '../sallyport-options.ts';
import type { AppPolicy } from './known-policy.ts';

/**
 * The policy of the module.
 *
 * @throws OptionsError where it was given none.
 */
export function requirePolicy({ policy }: SallyportOptions): AppPolicy {
  if (policy === undefined)
    throw new OptionsError('There is no policy to ask: give SallyportModule the policy of definePolicy, as policy');
  return policy;
}
