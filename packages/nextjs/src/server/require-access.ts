import 'server-only';
import { accessFor, type ActionOf, type AnyPolicy, type RecordOf, type TypeOf } from '@sallyport/policy';
import { forbidden, notFound, redirect } from 'next/navigation.js';
import { signInUrl } from '../sign-in-url.ts';
import { auth, callerOf } from './auth.ts';
import { returnPathOf } from './return-path-of.ts';

/** How a refusal looks. */
export interface RequireAccessOptions {
  /** 404: as a record that is not there, so that no user learns which records there are. @default 403 */
  readonly onDeny?: 403 | 404;
  /** Where to go after signing in: a path of this origin. @default the address of this request, as the gateway reports it */
  readonly returnTo?: string;
}

/**
 * Gives a record back to a user who may do this with it. Call it where data is read: page, route handler, action.
 *
 * No record: `notFound()`. Refused: `forbidden()`, or `notFound()` by `onDeny: 404`, and for a visitor who is not signed in
 * the sign-in page, and back here afterwards. All work by throwing: do not call it inside a `try`.
 *
 * @param record as the policy judges it: with every field that its rules look at.
 * @throws what `auth()` throws.
 * @example
 * const product = await requireAccess(policy, 'update', 'Product', await findProduct(id), { onDeny: 404 });
 */
export async function requireAccess<
  Policy extends AnyPolicy,
  const Type extends TypeOf<Policy>,
  Given extends RecordOf<Policy, Type>,
>(
  policy: Policy,
  action: ActionOf<Policy, Type>,
  type: Type,
  record: Given | null | undefined,
  { onDeny = 403, returnTo }: RequireAccessOptions = {},
): Promise<Given> {
  const caller = await auth();
  if (record === null || record === undefined) notFound();
  if (accessFor(policy, callerOf(caller)).can(action, type, record)) return record;
  if (onDeny === 404) notFound();
  if (caller.status === 'signed-out') redirect(signInUrl(await returnPathOf('requireAccess', returnTo)));
  forbidden();
}
