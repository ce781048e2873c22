import { defineOperation, SallyportError, type Operation } from '@sallyport/core';
import * as z from 'zod';
import type { UserTable } from '../../accounts/user-table.ts';
import type { MemberTable } from './member-table.ts';
import type { Members } from './members.ts';
import { organizationFields } from './organization-fields.ts';
import { unknownOrganization } from './organization-refusals.ts';
import type { Organization, OrganizationTable } from './organization-table.ts';
import type { Organizations } from './organizations.ts';

/** What operators use of organizations. */
export interface OrganizationServicesParts {
  readonly organizations: Organizations;
  readonly changes: Members;
  readonly table: OrganizationTable;
  readonly members: MemberTable;
  readonly users: Pick<UserTable, 'findById'>;
}

const id = z.string().min(1).max(100);
const page = { limit: z.number().int().min(1).max(1000), after: z.string().max(100).optional() };
const operator = { kind: 'operator' } as const;

/** What operators do with organizations. `parts` is `undefined` where the policy has no roles for them. */
export function createOrganizationOperations(parts: OrganizationServicesParts | undefined): readonly Operation[] {
  const on = (): OrganizationServicesParts => {
    if (parts !== undefined) return parts;
    const errors = [{ field: 'organizationRoles', message: 'are not in the policy: there are no organizations' }];
    throw new SallyportError('SP_VALIDATION_FAILED', { reason: 'organizations-off', errors });
  };
  const withCount = async (organization: Organization) => ({
    ...organization,
    members: await on().members.count(organization.organizationId),
  });

  return [
    defineOperation({
      name: 'organizations/create',
      input: z.strictObject({ name: organizationFields.name, ownerId: id }),
      run: async ({ name, ownerId }, context) => withCount(await on().organizations.create(name, ownerId, context)),
    }),
    defineOperation({
      name: 'organizations/list',
      input: z.strictObject(page),
      run: async ({ limit, after }) => Promise.all((await on().table.list(limit, after)).map(withCount)),
    }),
    defineOperation({
      name: 'organizations/find',
      input: z.strictObject({ organizationId: id }),
      run: async ({ organizationId }) => {
        const organization = await on().table.find(organizationId);
        return organization === null ? null : withCount(organization);
      },
    }),
    defineOperation({
      name: 'organizations/members',
      input: z.strictObject({ organizationId: id, ...page }),
      run: async ({ organizationId, limit, after }) => {
        const { members, users } = on();
        const found = await members.list(organizationId, limit, after);
        return Promise.all(
          found.map(async (member) => ({ ...member, email: (await users.findById(member.userId))?.email ?? null })),
        );
      },
    }),
    defineOperation({
      name: 'organizations/set-member',
      input: z.strictObject({ organizationId: id, userId: id, roles: organizationFields.roles }),
      run: async ({ roles, ...selection }, context) => {
        const { changes, members, table } = on();
        if ((await table.find(selection.organizationId)) === null) throw unknownOrganization();
        const before = await members.find(selection.organizationId, selection.userId);
        const after =
          before === null
            ? await changes.add(selection, roles, context)
            : await changes.setRoles(selection, roles, operator, context);
        return { roles: after.roles, before: before?.roles ?? null };
      },
    }),
    defineOperation({
      name: 'organizations/remove-member',
      input: z.strictObject({ organizationId: id, userId: id }),
      run: (selection, context) => on().changes.remove(selection, operator, context),
    }),
    defineOperation({
      name: 'organizations/delete',
      input: z.strictObject({ organizationId: id }),
      run: ({ organizationId }, context) => on().organizations.delete(organizationId, operator, context),
    }),
  ];
}
