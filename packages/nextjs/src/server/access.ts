import 'server-only';
import { accessFor, type Access, type AnyPolicy } from '@sallyport/policy';
import { auth, callerOf } from './auth.ts';

/**
 * What the user of this request may do with records, by the policy that the services enforce.
 *
 * A page decides by it what it shows. It is a protection only where it stands before the data is read, and the service
 * that holds the data asks the same policy anyway.
 *
 * @throws what `auth()` throws.
 * @example
 * const mine = await access(policy);
 * if (mine.can('update', 'Product', product, 'priceCents')) …
 */
export async function access<Policy extends AnyPolicy>(policy: Policy): Promise<Access<Policy>> {
  return accessFor(policy, callerOf(await auth()));
}
