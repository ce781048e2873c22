import { html } from 'hono/html';
import type {
  InvitationsAnswer,
  MembersAnswer,
  OrganizationAnswer,
  PageTable,
  ShownInvitation,
  ShownMember,
} from '@sallyport/core';
import type { PageContent } from '../../document/document.ts';
import { hiddenFields, submitButton, textField } from '../../document/fields.ts';
import { nothing, type Html } from '../../document/html.ts';
import { signOutForm } from '../../document/sign-out-form.ts';
import type { ShownRefusal } from '../../forms/refusal-words.ts';
import { organizationUrl, type OrganizationView } from './address.ts';
import { organizationNameField } from './organization-name-field.ts';
import { roleBoxes } from './role-boxes.ts';

/** What was typed for an invitation that was refused. */
export interface TypedInvitation {
  readonly email: string;
  readonly roles: readonly string[];
}

/** An organization that was found, and what of it is looked at. */
export interface AskedOrganization {
  readonly pages: PageTable;
  readonly view: OrganizationView;
  readonly found: OrganizationAnswer;
  readonly members: MembersAnswer;
  readonly shown: ShownRefusal;
}

interface WholeOrganization extends AskedOrganization {
  readonly invitations: InvitationsAnswer;
  readonly typed: TypedInvitation | undefined;
}

/** All of an organization that the reader may see. */
export function organizationContent(whole: WholeOrganization): PageContent {
  const { pages, found, shown } = whole;
  const { organization, may } = found;
  return {
    title: organization.name,
    lead: html`Your roles here: ${organization.roles.join(', ')}.`,
    content: html`${shown.notice} ${activeState(whole)} ${membersSection(whole)}
    ${may.manageMembers ? invitationsSection(whole) : nothing} ${settingsSection(whole)}`,
    aside: html`<p><a href="${pages.organizations}">Your organizations</a></p>
      ${signOutForm(pages)}`,
  };
}

function activeState({ pages, view: { id }, found }: WholeOrganization): Html {
  if (found.organization.isActive) return html`<p><span class="mark">Active</span> You work in it now.</p>`;
  return html`<form class="inline-form" method="post" action="${pages.organization}">
    ${hiddenFields({ do: 'switch', organization: id })}
    <button class="button" type="submit" data-pending="Switching…">Work in this organization</button>
  </form>`;
}

function membersSection({ pages, view, found, members }: WholeOrganization): Html {
  const { id } = view;
  const more =
    members.next === null
      ? nothing
      : html`<p><a href="${organizationUrl(pages, { id, after: members.next })}">More members</a></p>`;
  const first =
    view.after === undefined ? nothing : html`<p><a href="${organizationUrl(pages, { id })}">First members</a></p>`;
  return html`<section class="section" aria-labelledby="members">
    <h2 id="members">Members <span class="quiet">(${found.members})</span></h2>
    <ul class="rows">
      ${members.members.map((member) => memberRow(pages, view, member))}
    </ul>
    ${more}${first}
  </section>`;
}

function memberRow(pages: PageTable, { id, after }: OrganizationView, member: ShownMember): Html {
  const { user, roles, isYou, mayChange, mayRemove } = member;
  const url = organizationUrl(pages, { id, member: user.id, after });
  return html`<li>
    <span class="row-text">
      <span>${user.name}${isYou ? ' (you)' : ''}</span>
      ${user.email === undefined ? nothing : html`<span class="quiet">${user.email}</span>`}
      <span class="quiet">${roles.join(', ')}</span>
    </span>
    ${
      mayChange || (mayRemove && !isYou)
        ? html`<a class="button button-small" href="${url}" aria-label="Change: ${user.name}">Change</a>`
        : nothing
    }
  </li>`;
}

function invitationsSection(whole: WholeOrganization): Html {
  const { pages, view, found, typed, shown } = whole;
  const { invitations, next } = whole.invitations;
  const { id } = view;
  const more =
    next === null
      ? nothing
      : html`<p><a href="${organizationUrl(pages, { id, invited: next })}">More invitations</a></p>`;
  const first =
    view.invited === undefined
      ? nothing
      : html`<p><a href="${organizationUrl(pages, { id })}">Newest invitations</a></p>`;
  return html`<section class="section" aria-labelledby="invitations">
      <h2 id="invitations">Invitations</h2>
      ${
        invitations.length === 0
          ? html`<p class="quiet">None waits.</p>`
          : html`<ul class="rows">
              ${invitations.map((invitation) => invitationRow(pages, view.id, invitation))}
            </ul>`
      }
      ${more}${first}
    </section>
    <section class="section" aria-labelledby="invite">
      <h2 id="invite">Invite by email</h2>
      <form method="post" action="${pages.organization}">
        ${hiddenFields({ do: 'invite', organization: view.id })}
        ${textField({
          name: 'email',
          label: 'Email address',
          type: 'email',
          autocomplete: 'off',
          value: typed?.email,
          error: shown.errorOf('email'),
          whenEmpty: 'Enter an email address.',
        })}
        ${roleBoxes({ offered: found.offeredRoles, ticked: typed?.roles ?? usual(found), error: shown.errorOf('roles') })}
        ${submitButton({ label: 'Send invitation', pending: 'Sending…', waitSeconds: shown.waitSeconds })}
      </form>
    </section>`;
}

/** The role that gives least is what most are invited with: the last that is offered. */
function usual({ offeredRoles }: OrganizationAnswer): readonly string[] {
  return offeredRoles.slice(-1);
}

function invitationRow(pages: PageTable, organization: string, invitation: ShownInvitation): Html {
  const { id, email, roles, expiresAt, isExpired, mayChange } = invitation;
  const form = (what: string, label: string, pending: string): Html =>
    html`<form method="post" action="${pages.organization}">
      ${hiddenFields({ do: what, organization, invitation: id })}
      <button class="button button-small" type="submit" data-pending="${pending}" aria-label="${label}: ${email}">
        ${label}
      </button>
    </form>`;
  return html`<li class="row-wide">
    <span class="row-text">
      <span>${email}</span>
      <span class="quiet">${roles.join(', ')}; ${isExpired ? 'expired' : html`until ${dayOf(expiresAt)}`}</span>
    </span>
    ${
      mayChange
        ? html`<span class="row-actions">
            ${form('resend', 'Send again', 'Sending…')} ${form('withdraw', 'Withdraw', 'Withdrawing…')}
          </span>`
        : nothing
    }
  </li>`;
}

/** A day is told as ISO 8601 has it: it is read alike everywhere, and needs no script to know the time zone. */
function dayOf(time: string): Html {
  return html`<time datetime="${time}">${time.slice(0, 10)}</time>`;
}

function settingsSection({ pages, view: { id }, found, shown }: WholeOrganization): Html {
  const { organization, may } = found;
  const to = (confirm: 'leave' | 'delete'): string => organizationUrl(pages, { id, confirm });
  if (!may.rename && !may.leave && !may.delete) return nothing;
  return html`<section class="section" aria-labelledby="settings">
    <h2 id="settings">Settings</h2>
    ${
      may.rename
        ? html`<form method="post" action="${pages.organization}">
            ${hiddenFields({ do: 'rename', organization: id })}
            ${organizationNameField({
              value: organization.name,
              error: shown.errorOf('name'),
            })}
            <button class="button" type="submit" data-pending="Saving…">Save name</button>
          </form>`
        : nothing
    }
    <div class="buttons">
      ${may.leave ? html`<a class="button" href="${to('leave')}">Leave organization</a>` : nothing}
      ${may.delete ? html`<a class="button button-danger" href="${to('delete')}">Delete organization</a>` : nothing}
    </div>
  </section>`;
}
