import { exitCodes } from '@sallyport/core';
import { requireOrganization, toShownOrganization, type OrganizationCommand } from './organization-command.ts';

/** Rows that are read, and set in columns, at once. */
const pageSize = 500;

/** Lists organizations. */
export const listOrganizations: OrganizationCommand = {
  name: 'organizations list',
  summary: 'Lists organizations',
  notes: ['With --json each organization is one line.'],
  run: (call) =>
    call.withServices('reads', async ({ organizations }) => {
      let count = 0;
      for (let after: string | undefined; ;) {
        const page = await organizations.list(pageSize, after);
        const shown = page.map(toShownOrganization);
        count += shown.length;
        if (call.isJson) for (const organization of shown) call.report(organization, '');
        else if (shown.length > 0)
          call.report(
            null,
            call.toTable(
              ['ID', 'NAME', 'MEMBERS', 'SINCE'],
              shown.map(({ id, name, members, createdAt }) => [id, name, String(members), createdAt.toISOString()]),
            ),
          );
        after = page.at(-1)?.organizationId;
        if (page.length < pageSize) break;
      }
      call.note(count === 1 ? 'One organization.' : `${count} organizations.`);
      return exitCodes.done;
    }),
};

/** Shows one organization and its members. */
export const showOrganization: OrganizationCommand = {
  name: 'organizations show',
  summary: 'Shows an organization and its members',
  operands: ['<id>'],
  run: (call) =>
    call.withServices('reads', async (services) => {
      const organization = await requireOrganization(services, call.operands[0]);
      const members: { id: string; email: string | null; roles: readonly string[]; joinedAt: Date }[] = [];
      for (let after: string | undefined; ;) {
        const page = await services.organizations.members(organization.organizationId, pageSize, after);
        members.push(...page.map(({ userId: id, email, roles, joinedAt }) => ({ id, email, roles, joinedAt })));
        after = page.at(-1)?.userId;
        if (page.length < pageSize) break;
      }
      const table = call.toTable(
        ['EMAIL', 'ROLES', 'SINCE'],
        members.map(({ email, roles, joinedAt }) => [email ?? '(deleted)', roles.join(' '), joinedAt.toISOString()]),
      );
      const shown = toShownOrganization(organization);
      call.report({ organization: shown, members }, `${call.toPlainText(shown.name)}\n${table}`);
      return exitCodes.done;
    }),
};
