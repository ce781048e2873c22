'use client';

import type { ReactNode } from 'react';
import type { PolicyAction, PolicyField, PolicyRecord, PolicyType } from './known-policy.ts';
import { useCan, useCanAny } from './use-can.ts';

export interface CanProps<Type extends PolicyType> {
  readonly action: PolicyAction<Type>;
  /** The type of record. */
  readonly on: Type;
  /** The record; nothing is shown where it is null. Left out, it is asked whether there may be any: for a menu. */
  readonly record?: PolicyRecord<Type> | null | undefined;
  readonly field?: PolicyField<Type>;
  readonly children: ReactNode;
  /** What everyone else sees. @default nothing */
  readonly fallback?: ReactNode;
}

/**
 * Shows its children to users whom the policy allows something. The children are in the browser either way: hide controls
 * here, never data.
 *
 * @example
 * <Can action="delete" on="Product" record={product}>
 *   <DeleteButton id={product.id} />
 * </Can>
 */
export function Can<const Type extends PolicyType>(props: CanProps<Type>): ReactNode {
  const { action, on, record, field, children, fallback = null } = props;
  const isAllowed = useCan(action, on, record, field);
  const isConceivable = useCanAny(action, on, field);
  const isShown = 'record' in props ? isAllowed : isConceivable;
  return isShown ? children : fallback;
}
