/* oxlint-disable typescript/no-empty-interface, typescript/no-empty-object-type -- applications fill the interface */

/**
 * Which roles there are inside organizations, for the type of `@OrgRoles`. An application that lists its own makes every
 * other name a type error.
 *
 * @example
 * declare module '@sallyport/nestjs' {
 *   interface KnownOrgRoles {
 *     readonly names: 'owner' | 'member';
 *   }
 * }
 */
export interface KnownOrgRoles {}

/** A role inside an organization by name: one of {@link KnownOrgRoles}, or any text where none are listed. */
export type OrgRoleName = KnownOrgRoles extends { readonly names: infer Names extends string } ? Names : string;
