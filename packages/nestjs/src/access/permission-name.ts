/* oxlint-disable typescript/no-empty-interface, typescript/no-empty-object-type -- applications fill the interface */
import type { AnyPolicy, PermissionOf } from '@sallyport/policy';
import type { KnownPolicy } from '../policy/known-policy.ts';

/**
 * Which permissions there are, for the type of `@Permissions`. An application that lists its own makes every other name a
 * type error.
 *
 * @example
 * declare module '@sallyport/nestjs' {
 *   interface KnownPermissions {
 *     readonly names: 'order:read' | 'order:refund';
 *   }
 * }
 */
export interface KnownPermissions {}

/**
 * A permission by name: one of {@link KnownPermissions}, or of the policy of `KnownPolicy`, or any `resource:action` where
 * neither is named.
 */
export type PermissionName = KnownPermissions extends { readonly names: infer Names extends string }
  ? Names
  : KnownPolicy extends { readonly policy: infer Policy extends AnyPolicy }
    ? PermissionOf<Policy>
    : `${string}:${string}`;
