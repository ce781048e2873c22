import { html } from 'hono/html';
import type { ShownMember } from '@sallyport/core';
import type { PageContent } from '../../document/document.ts';
import { hiddenFields, submitButton } from '../../document/fields.ts';
import { nothing } from '../../document/html.ts';
import { organizationUrl } from './address.ts';
import type { AskedOrganization } from './organization-content.ts';
import { roleBoxes } from './role-boxes.ts';

/** The member that is looked at, on the page of members that was read. */
export function findMember({ view, members }: AskedOrganization): ShownMember | undefined {
  return members.members.find(({ user }) => user.id === view.member);
}

/** The roles of a member, and the way to remove it; `undefined` where the reader may do neither. */
export function memberForm(asked: AskedOrganization): PageContent | undefined {
  const { pages, view, found, shown } = asked;
  const member = findMember(asked);
  if (member === undefined || !(member.mayChange || member.mayRemove)) return undefined;
  const { user, roles } = member;
  const { id, after } = view;
  const remove = organizationUrl(pages, { id, member: user.id, after, confirm: 'remove' });
  return {
    title: user.name,
    lead: html`Member of
      <strong>${found.organization.name}</strong>${user.email === undefined ? nothing : html`: ${user.email}`}`,
    content: html`${shown.notice}
    ${
      member.mayChange
        ? html`<form method="post" action="${pages.organization}">
            ${hiddenFields({ do: 'roles', organization: id, member: user.id, after })}
            ${roleBoxes({
              // Those that the reader cannot give can be taken.
              offered: [...new Set([...found.offeredRoles, ...roles])],
              ticked: roles,
              error: shown.errorOf('roles'),
            })}
            ${submitButton({ label: 'Save roles', pending: 'Saving…', waitSeconds: shown.waitSeconds })}
          </form>`
        : nothing
    }
    ${member.mayRemove ? html`<p><a class="button button-danger" href="${remove}">Remove from organization</a></p>` : nothing}`,
    aside: html`<p><a href="${organizationUrl(pages, { id, after })}">Back to ${found.organization.name}</a></p>`,
  };
}
