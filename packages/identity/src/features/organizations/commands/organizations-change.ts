import { exitCodes } from '@sallyport/core';
import {
  explainRefusal,
  requireAccount,
  requireOrganization,
  toShownOrganization,
  type OrganizationCommand,
} from './organization-command.ts';

/** Makes an organization. */
export const createOrganization: OrganizationCommand = {
  name: 'organizations create',
  summary: 'Makes an organization, which an account owns',
  operands: ['<name>'],
  options: { owner: { value: 'email', describe: 'The account that owns it, by its email address' } },
  run: (call) =>
    call.withServices('writes', async (services) => {
      const owner = await requireAccount(services, call.value('owner') ?? '');
      const made = await services.organizations.create(call.operands[0] ?? '', owner.id);
      const organization = toShownOrganization(made);
      call.report({ organization }, `${organization.id} is made, and ${call.toPlainText(owner.email)} owns it.`);
      return exitCodes.done;
    }),
};

/** Makes a user a member, or replaces the roles of one. */
export const setMember: OrganizationCommand = {
  name: 'organizations set-member',
  summary: 'Makes an account a member of an organization, or replaces the roles of a member',
  operands: ['<id>', '<email>', '<roles…>'],
  run: (call) =>
    call.withServices('writes', async (services) => {
      const [id, email, ...roles] = call.operands;
      const { organizationId } = await requireOrganization(services, id);
      const user = await requireAccount(services, email);
      const { roles: after, before } = await explainRefusal(() =>
        services.organizations.setMember(organizationId, user.id, roles),
      );
      const was = before === null ? 'no member before' : `before: ${before.join(', ')}`;
      const text = `${call.toPlainText(user.email)} has the roles ${after.join(', ')} in ${organizationId} (${was}).`;
      call.report({ member: { id: user.id, email: user.email, roles: after }, before }, text);
      return exitCodes.done;
    }),
};

/** Ends a membership. */
export const removeMember: OrganizationCommand = {
  name: 'organizations remove-member',
  summary: 'Ends the membership of an account in an organization',
  operands: ['<id>', '<email>'],
  run: (call) =>
    call.withServices('writes', async (services) => {
      const [id, email] = call.operands;
      const { organizationId } = await requireOrganization(services, id);
      const user = await requireAccount(services, email);
      await explainRefusal(() => services.organizations.removeMember(organizationId, user.id));
      const text = `${call.toPlainText(user.email)} is no member of ${organizationId} any more.`;
      call.report({ member: { id: user.id, email: user.email } }, text);
      return exitCodes.done;
    }),
};

/** Deletes an organization. */
export const deleteOrganization: OrganizationCommand = {
  name: 'organizations delete',
  summary: 'Deletes an organization, with its memberships and invitations',
  operands: ['<id>'],
  notes: ['What services keep of it is for them to delete. The accounts of its members stay.'],
  run: (call) =>
    call.withServices('writes', async (services) => {
      const found = await requireOrganization(services, call.operands[0]);
      await services.organizations.delete(found.organizationId);
      const organization = toShownOrganization(found);
      call.report({ organization }, `${organization.id} is deleted.`);
      return exitCodes.done;
    }),
};
