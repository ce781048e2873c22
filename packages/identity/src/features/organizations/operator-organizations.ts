import type { AskOperation } from '@sallyport/core';
import * as z from 'zod';

/** An organization, as an operator sees it. */
export interface OperatedOrganization {
  readonly organizationId: string;
  readonly name: string;
  readonly createdAt: Date;
  readonly members: number;
}

/** A member, as an operator sees one. */
export interface OperatedMember {
  readonly userId: string;
  /** `null` for an account that is gone. */
  readonly email: string | null;
  readonly roles: readonly string[];
  readonly joinedAt: Date;
}

/** Organizations as an operator changes them, wherever that is done. */
export interface OperatorOrganizations {
  create(name: string, ownerId: string): Promise<OperatedOrganization>;
  /** A page in the order of their ids, after this one. */
  list(limit: number, after?: string): Promise<readonly OperatedOrganization[]>;
  find(organizationId: string): Promise<OperatedOrganization | null>;
  members(organizationId: string, limit: number, after?: string): Promise<readonly OperatedMember[]>;
  /** Makes a user a member, or replaces the roles of one. `before` is `null` for a new one. */
  setMember(
    organizationId: string,
    userId: string,
    roles: readonly string[],
  ): Promise<{ readonly roles: readonly string[]; readonly before: readonly string[] | null }>;
  removeMember(organizationId: string, userId: string): Promise<void>;
  delete(organizationId: string): Promise<void>;
}

const time = z.coerce.date();
const roles = z.array(z.string());
const organizationSchema = z.object({
  organizationId: z.string(),
  name: z.string(),
  createdAt: time,
  members: z.number(),
});
const memberSchema = z.object({ userId: z.string(), email: z.string().nullable(), roles, joinedAt: time });
const changeSchema = z.object({ roles, before: roles.nullable() });

/** Builds the organizations of operators on their operations. What comes back from another process is checked. */
export function createOperatorOrganizations(ask: AskOperation): OperatorOrganizations {
  const pageOf = (limit: number, after: string | undefined) => ({ limit, ...(after === undefined ? {} : { after }) });
  return {
    create: async (name, ownerId) => organizationSchema.parse(await ask('organizations/create', { name, ownerId })),
    list: async (limit, after) =>
      z.array(organizationSchema).parse(await ask('organizations/list', pageOf(limit, after))),
    find: async (organizationId) =>
      organizationSchema.nullable().parse(await ask('organizations/find', { organizationId })),
    members: async (organizationId, limit, after) =>
      z.array(memberSchema).parse(await ask('organizations/members', { organizationId, ...pageOf(limit, after) })),
    setMember: async (organizationId, userId, names) =>
      changeSchema.parse(await ask('organizations/set-member', { organizationId, userId, roles: names })),
    async removeMember(organizationId, userId) {
      await ask('organizations/remove-member', { organizationId, userId });
    },
    async delete(organizationId) {
      await ask('organizations/delete', { organizationId });
    },
  };
}
