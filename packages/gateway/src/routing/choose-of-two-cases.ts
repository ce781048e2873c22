import { isDeepStrictEqual } from 'node:util';
import { SallyportError } from '@sallyport/core';
import { incomparableStrictness, strictnessOf, type Demands } from './strictness.ts';

/**
 * Chooses between the route of a path as it is written and the one that it has for an upstream that does not tell cases
 * apart. A prefix that is no longer says nothing new. The stricter one wins, wholly; of two that demand the same the
 * longer one, which may bound what its callers do.
 *
 * @throws `SP_REQUEST_AMBIGUOUS` where each demands something that the other does not.
 */
export function chooseOfTwoCases<Found extends Demands & { readonly prefix: string }>(
  written: Found,
  folded: Found,
): Found {
  if (folded === written || folded.prefix.length <= written.prefix.length) return written;
  const difference = strictnessOf(folded) - strictnessOf(written);
  if (difference < 0) return written;
  const isComparable =
    difference > 0 || strictnessOf(folded) < incomparableStrictness || demandTheSame(written, folded);
  if (!isComparable) throw new SallyportError('SP_REQUEST_AMBIGUOUS', { reason: 'case-of-two-places' });
  return folded;
}

function demandTheSame(one: Demands, other: Demands): boolean {
  return isDeepStrictEqual([one.access, one.stepUp], [other.access, other.stepUp]);
}
