import type { PageTable } from '@sallyport/core';
import type { PageCall, SessionNews } from '../../built-in-page.ts';
import type { FormFields } from '../../forms/read-form.ts';
import type { IdentityMethod } from '../../identity/call-identity.ts';
import { organizationRoute, organizationUrl, segment, type OrganizationView } from './address.ts';
import type { TypedInvitation } from './organization-content.ts';
import { chosenRoles } from './role-boxes.ts';

/** What a form of the page of an organization asks of identity, and where its user goes on. */
export interface OrganizationChange {
  readonly method: IdentityMethod;
  readonly route: string;
  readonly json?: object;
  /** Once it is done. */
  readonly done: string;
  /** What is shown again where it was refused, and after a sign-in that it needs. */
  readonly again: OrganizationView;
  readonly news?: SessionNews;
  readonly typed?: TypedInvitation;
}

/** Reads which form was sent. One that no page of ours has makes the organization the active one. */
export function changeOf(pages: PageTable, call: PageCall, form: FormFields): OrganizationChange {
  const { organization: id, member, after, invitation } = form.pick('organization', 'member', 'after', 'invitation');
  const route = organizationRoute(id);
  const here = { id, after: after || undefined };
  const done = (did: string): string => organizationUrl(pages, { ...here, did });
  switch (form.of('do')) {
    case 'rename':
      return { method: 'PATCH', route, json: { name: form.of('name') }, done: done('renamed'), again: here };
    case 'invite': {
      const typed = { email: form.of('email'), roles: chosenRoles(form) };
      const again = { ...here, did: 'confirmed' };
      return { method: 'POST', route: `${route}/invitations`, json: typed, done: done('invited'), again, typed };
    }
    case 'resend':
      return {
        method: 'POST',
        route: `${route}/invitations/${segment(invitation)}/resend`,
        json: {},
        done: done('resent'),
        again: { ...here, did: 'confirmed' },
      };
    case 'withdraw':
      return {
        method: 'DELETE',
        route: `${route}/invitations/${segment(invitation)}`,
        done: done('withdrawn'),
        again: here,
      };
    case 'roles':
      return {
        method: 'PUT',
        route: `${route}/members/${segment(member)}`,
        json: { roles: chosenRoles(form) },
        done: done('roles'),
        again: { ...here, member },
      };
    case 'remove':
      return {
        method: 'DELETE',
        route: `${route}/members/${segment(member)}`,
        done: done('removed'),
        again: { ...here, member, confirm: 'remove' },
      };
    case 'leave':
      return {
        method: 'DELETE',
        route: `${route}/members/${segment(callerOf(call))}`,
        done: `${pages.organizations}?did=left`,
        again: { ...here, confirm: 'leave' },
        news: 'changed',
      };
    case 'delete':
      return {
        method: 'DELETE',
        route,
        done: `${pages.organizations}?did=deleted`,
        again: { ...here, confirm: 'delete' },
        news: 'changed',
      };
    default:
      return {
        method: 'POST',
        route: '/auth/organizations/active',
        json: { organization: segment(id) },
        done: organizationUrl(pages, here),
        again: here,
        news: 'changed',
      };
  }
}

/** Who leaves is who sent the form, and never a member that it names. */
function callerOf({ context }: PageCall): string {
  return context.caller.kind === 'anonymous' ? '' : context.caller.id;
}
