import 'server-only';
import type { ActionOf, AnyPolicy, FieldOf, RecordOf, TypeOf } from '@sallyport/policy';
import type { ReactNode } from 'react';
import { access } from './access.ts';

export interface CanProps<Policy extends AnyPolicy, Type extends TypeOf<Policy>> {
  readonly policy: Policy;
  readonly action: ActionOf<Policy, Type>;
  /** The type of record. */
  readonly on: Type;
  /** The record; nothing is shown where it is null. Left out, it is asked whether there may be any: for a menu. */
  readonly record?: RecordOf<Policy, Type> | null | undefined;
  readonly field?: FieldOf<Policy, Type>;
  readonly children: ReactNode;
  /** What everyone else sees. @default nothing */
  readonly fallback?: ReactNode;
}

/**
 * Shows its children to users whom the policy allows something. What is hidden is never sent to the browser; even so, the
 * service decides when it is done.
 *
 * @example
 * <Can policy={policy} action="update" on="Product" record={product} fallback={<ReadOnly />}>
 *   <EditForm product={product} />
 * </Can>
 */
export async function Can<Policy extends AnyPolicy, const Type extends TypeOf<Policy>>(
  props: CanProps<Policy, Type>,
): Promise<ReactNode> {
  const { policy, action, on, record, field, children, fallback = null } = props;
  const mine = await access(policy);
  if (!('record' in props)) return mine.canAny(action, on, field) ? children : fallback;
  const isAllowed = record !== null && record !== undefined && mine.can(action, on, record, field);
  return isAllowed ? children : fallback;
}
