import type { Policy } from '@sallyport/core';

/** What a user is in an organization now. */
export interface Membership {
  readonly organization: string;
  /** Of those that the policy declares. */
  readonly roles: readonly string[];
}

/** Reads a membership as it is stored now. Resolves to `null` for a user who is no member, and for an organization that is gone. */
export type FindMembership = (organization: string, userId: string) => Promise<Membership | null>;

/** Reads the name of an organization; `null` for one that is gone. */
export type FindOrganizationName = (organization: string) => Promise<string | null>;

/** What a feature that keeps organizations registers. */
export interface MembershipReader {
  readonly find: FindMembership;
  readonly nameOf: FindOrganizationName;
}

/** The organizations of users, for sessions: no user is a member of anything where no feature keeps them. */
export interface Memberships extends MembershipReader {
  register(reader: MembershipReader): void;
  /** These permissions, and with them those of the roles in an organization. */
  withPermissions(permissions: readonly string[], membership: Pick<Membership, 'roles'> | null): readonly string[];
}

/** Builds the place where the memberships of users are read. What roles of organizations permit is in the policy. */
export function createMemberships({ organizationRoles = {} }: Policy): Memberships {
  let registered: MembershipReader | undefined;
  return {
    register(reader) {
      registered = reader;
    },
    find: async (organization, userId) => (await registered?.find(organization, userId)) ?? null,
    nameOf: async (organization) => (await registered?.nameOf(organization)) ?? null,
    withPermissions(permissions, membership) {
      if (membership === null) return permissions;
      const own = membership.roles.flatMap((role) =>
        Object.hasOwn(organizationRoles, role) ? (organizationRoles[role] ?? []) : [],
      );
      return [...new Set([...permissions, ...own])];
    },
  };
}
