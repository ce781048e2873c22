import { html } from 'hono/html';
import type { ActiveOrganizationAnswer, OrganizationsAnswer, ShownOrganization } from '@sallyport/core';
import type { CreatePage, PageAnswer, PageCall, PageParts } from '../../built-in-page.ts';
import { hiddenFields } from '../../document/fields.ts';
import { nothing, type Html } from '../../document/html.ts';
import { signOutForm } from '../../document/sign-out-form.ts';
import { refusedPage } from '../../forms/refused-page.ts';
import { noRefusal, showRefusal, type ShownRefusal } from '../../forms/refusal-words.ts';
import { askedPage, withReturnTo } from '../asked-page.ts';
import { leadToStepUp } from '../lead-to-step-up.ts';
import { organizationUrl } from './address.ts';
import { doneNotice } from './done-notice.ts';

/** The organizations of the signed-in user; its form makes another one active, or none. */
export const createOrganizationsPage: CreatePage = (parts) => ({
  name: 'organizations',
  get: (call) => show(parts, call, call.query('returnTo'), { ...noRefusal, notice: doneNotice(call.query('did')) }),
  async post(call, form) {
    const { pages } = parts;
    const { organization, returnTo } = form.pick('organization', 'returnTo');
    const answer = await call.identity<ActiveOrganizationAnswer>('POST', '/auth/organizations/active', {
      organization: organization === '' ? null : organization,
    });
    if (answer.kind === 'done') {
      const to = askedPage(returnTo, pages) ?? pages.organizations;
      return { kind: 'redirect', to, cookies: answer.cookies, news: 'changed' };
    }
    const { refusal } = answer;
    const back = withReturnTo(pages.organizations, returnTo, pages);
    return (
      leadToStepUp(parts, refusal, undefined, back) ??
      show(parts, call, returnTo, showRefusal(refusal, {}), refusal.status)
    );
  },
});

async function show(
  parts: PageParts,
  call: PageCall,
  returnTo: string,
  shown: ShownRefusal,
  status = 200,
): Promise<PageAnswer> {
  const { pages } = parts;
  const answer = await call.identity<OrganizationsAnswer>('GET', '/auth/organizations');
  if (answer.kind === 'refused') {
    const back = withReturnTo(pages.organizations, returnTo, pages);
    return leadToStepUp(parts, answer.refusal, undefined, back) ?? refusedPage(answer.refusal);
  }
  const { organizations, mayCreate } = answer.body;
  const active = organizations.find(({ isActive }) => isActive);
  return {
    kind: 'page',
    status,
    page: {
      title: 'Your organizations',
      lead: leadOf(organizations, active),
      content: html`${shown.notice}
      ${
        organizations.length === 0
          ? nothing
          : html`<ul class="rows">
              ${organizations.map((one) => row(parts, one, returnTo))}
            </ul>`
      }
      ${active === undefined ? nothing : workWithout(parts, returnTo)}
      ${mayCreate ? html`<p><a class="button" href="${pages.createOrganization}">Create an organization</a></p>` : nothing}`,
      aside: html`<p><a href="${askedPage(returnTo, pages) ?? '/'}">${returnTo === '' ? 'Home' : 'Back'}</a></p>
        ${signOutForm(pages)}`,
    },
  };
}

function leadOf(organizations: readonly ShownOrganization[], active: ShownOrganization | undefined): string | Html {
  if (active !== undefined) return html`You work in <strong>${active.name}</strong> now, in every open tab.`;
  return organizations.length === 0
    ? 'You belong to none. A member can invite you by email.'
    : 'None is active. Choose the one in which you work.';
}

function row({ pages }: PageParts, { id, name, roles, isActive }: ShownOrganization, returnTo: string): Html {
  return html`<li ${isActive ? html`aria-current="true"` : nothing}>
    <span class="row-text">
      <a href="${organizationUrl(pages, { id })}">${name}</a>
      <span class="quiet">${roles.join(', ')}</span>
    </span>
    ${
      isActive
        ? html`<span class="mark">Active</span>`
        : html`<form method="post" action="${pages.organizations}">
            ${hiddenFields({ organization: id, returnTo: askedPage(returnTo, pages) })}
            <button class="button button-small" type="submit" data-pending="Switching…" aria-label="Switch to ${name}">
              Switch
            </button>
          </form>`
    }
  </li>`;
}

function workWithout({ pages }: PageParts, returnTo: string): Html {
  return html`<form class="inline-form" method="post" action="${pages.organizations}">
    ${hiddenFields({ returnTo: askedPage(returnTo, pages) })}
    <button class="button-link" type="submit" data-pending="Switching…">Work in none</button>
  </form>`;
}
