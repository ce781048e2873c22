import type { Policy } from '@sallyport/core';
import { createAttemptLimiter } from '../../accounts/attempt-limiter.ts';
import type { MembershipReader } from '../../accounts/memberships.ts';
import type { Feature } from '../../feature.ts';
import type { IdentityKernel } from '../../kernel.ts';
import type { AccountMailer } from '../../mail/account-mailer.ts';
import { createDescribeMemberships, createForgetMemberships } from './account-organizations.ts';
import { createActivateOrganization } from './active-organization.ts';
import { createInvitationAnswers } from './invitation-answers.ts';
import type { OrganizationServices } from './commands/organization-command.ts';
import { createOrganization, deleteOrganization, removeMember, setMember } from './commands/organizations-change.ts';
import { listOrganizations, showOrganization } from './commands/organizations-list.ts';
import { createReserveInvitationMail } from './invitation-mailer.ts';
import { createInvitationRoutes } from './invitation-routes.ts';
import { createInvitationTable } from './invitation-table.ts';
import { createInvitations } from './invitations.ts';
import { createMemberRoutes } from './member-routes.ts';
import { createUpdateMemberSessions } from './member-sessions.ts';
import { createMemberTable } from './member-table.ts';
import { createMembers } from './members.ts';
import {
  organizationConfig,
  problemsOfOrganizations,
  usualOrganizationSettings,
  type OrganizationSettings,
} from './organization-config.ts';
import { organizationEvents } from './organization-events.ts';
import { organizationMails, type OrganizationMail } from './organization-mails.ts';
import { createNoteRefusals } from './organization-refusals.ts';
import { createOrganizationOperations } from './organization-operations.ts';
import { createOrganizationRoles } from './organization-roles.ts';
import { createOrganizationRoutes } from './organization-routes.ts';
import { createOrganizationTable } from './organization-table.ts';
import { organizationRetention, organizationTables } from './organization-tables.ts';
import { createOrganizations } from './organizations.ts';

type OrganizationKernel = Pick<
  IdentityKernel,
  | 'records'
  | 'transaction'
  | 'hasTransactions'
  | 'makeReportedChange'
  | 'events'
  | 'bus'
  | 'counters'
  | 'sealerFor'
  | 'sessions'
  | 'directory'
  | 'users'
  | 'policy'
  | 'requiredAssurance'
  | 'now'
> & { readonly mailer: AccountMailer<OrganizationMail> };

/** Organizations of users: members with roles of their own, and invitations. Off unless the policy has `organizationRoles`. */
export const organizationFeature = {
  name: 'organizations',
  config: organizationConfig,
  tables: organizationTables,
  events: organizationEvents,
  mails: organizationMails,
  retention: organizationRetention,
  commands: [listOrganizations, showOrganization, createOrganization, setMember, removeMember, deleteOrganization],
  problemsOf: problemsOfOrganizations,
  isOfferedBy: ({ organizationRoles = {} }: Policy) => Object.keys(organizationRoles).length > 0,
  create(kernel: OrganizationKernel, config: OrganizationSettings | undefined) {
    const { records, sealerFor, policy, counters, users, now } = kernel;
    const settings = config ?? usualOrganizationSettings;
    const roles = createOrganizationRoles(policy);
    const table = createOrganizationTable(records);
    const members = createMemberTable(records);
    const invitations = createInvitationTable(records, sealerFor('organization-invitation'));
    const tables = { ...kernel, roles, table, members, invitations };
    const account = {
      forgetAccount: createForgetMemberships(tables),
      describeAccount: createDescribeMemberships(tables),
    };
    if (roles.names.length === 0) return { ...account, operations: createOrganizationOperations(undefined) };

    const sealer = sealerFor('counter-key');
    const memberships: MembershipReader = {
      async find(organizationId, userId) {
        const [organization, member] = await Promise.all([
          table.find(organizationId),
          members.find(organizationId, userId),
        ]);
        if (organization === null || member === null) return null;
        return { organization: organizationId, roles: roles.knownAmong(member.roles) };
      },
      nameOf: async (organizationId) => (await table.find(organizationId))?.name ?? null,
    };
    const parts = { ...tables, settings, updateSessions: createUpdateMemberSessions(kernel) };
    const access = { ...parts, noteRefusals: createNoteRefusals({ ...kernel, sealer }) };
    const attempts = createAttemptLimiter({ counters, sealer, now });
    const reserveMail = createReserveInvitationMail({ settings, attempts, mailer: kernel.mailer });
    const organizations = createOrganizations(parts);
    const changes = createMembers(parts);
    return {
      ...account,
      memberships,
      operations: createOrganizationOperations({ organizations, changes, table, members, users }),
      routes: [
        createOrganizationRoutes({
          ...access,
          organizations,
          activate: createActivateOrganization({ ...kernel, findMembership: memberships.find }),
        }),
        createMemberRoutes({ ...access, changes }),
        createInvitationRoutes({
          ...access,
          invitationTable: invitations,
          inviting: createInvitations({ ...parts, users, reserveMail }),
          answers: createInvitationAnswers(parts),
        }),
      ],
    };
  },
} as const satisfies Feature<OrganizationSettings | undefined, OrganizationServices>;
