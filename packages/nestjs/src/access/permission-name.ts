/* oxlint-disable typescript/no-empty-interface, typescript/no-empty-object-type -- applications fill the interface */

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

/** A permission by name: one of {@link KnownPermissions}, or any `resource:action` where none are listed. */
export type PermissionName = KnownPermissions extends { readonly names: infer Names extends string }
  ? Names
  : `${string}:${string}`;
