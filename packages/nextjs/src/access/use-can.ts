'use client';

import { use } from 'react';
import { AccessContext, type PageAccess } from './access-context.ts';
import type { PolicyAction, PolicyField, PolicyRecord, PolicyType } from './known-policy.ts';

/**
 * Says whether the user may do this with a record, and with one field of it where it is named. It shows and hides, and never
 * protects: the service decides when it is done.
 *
 * @param record `false` where it is null or undefined: what is still loading is not offered.
 * @throws Error outside `<AccessProvider>`.
 * @example
 * const mayPrice = useCan('update', 'Product', product, 'priceCents');
 */
export function useCan<const Type extends PolicyType>(
  action: PolicyAction<Type>,
  type: Type,
  record: PolicyRecord<Type> | null | undefined,
  field?: PolicyField<Type>,
): boolean {
  const { access, types } = usePageAccess('useCan');
  if (record === null || record === undefined || !types.has(type)) return false;
  return access.can(action, type, record, field);
}

/**
 * Says whether there may be a record with which the user may do this: for a menu, or a button that creates one.
 *
 * @throws Error outside `<AccessProvider>`.
 */
export function useCanAny<const Type extends PolicyType>(
  action: PolicyAction<Type>,
  type: Type,
  field?: PolicyField<Type>,
): boolean {
  const { access, types } = usePageAccess('useCanAny');
  return types.has(type) && access.canAny(action, type, field);
}

function usePageAccess(hook: string): PageAccess {
  const known = use(AccessContext);
  if (known === undefined)
    throw new Error(`${hook}() was called outside <AccessProvider>: put one in the root layout, with clientAccess()`);
  return known;
}
