import { html } from 'hono/html';
import type { OrganizationAnswer, OrganizationsAnswer } from '@sallyport/core';
import type { CreatePage, PageParts } from '../../built-in-page.ts';
import type { PageContent } from '../../document/document.ts';
import { submitButton } from '../../document/fields.ts';
import { refusedForm } from '../../forms/refused-form.ts';
import { refusedPage } from '../../forms/refused-page.ts';
import { noRefusal, type ShownRefusal } from '../../forms/refusal-words.ts';
import { leadToStepUp } from '../lead-to-step-up.ts';
import { organizationUrl } from './address.ts';
import { organizationNameField } from './organization-name-field.ts';

const labels = { name: 'Name' } as const;

/** A new organization, whose creator works in it at once. */
export const createNewOrganizationPage: CreatePage = (parts) => ({
  name: 'createOrganization',
  async get(call) {
    const { pages } = parts;
    const answer = await call.identity<OrganizationsAnswer>('GET', '/auth/organizations');
    if (answer.kind === 'refused')
      return leadToStepUp(parts, answer.refusal, undefined, pages.createOrganization) ?? refusedPage(answer.refusal);
    return { kind: 'page', page: answer.body.mayCreate ? nameForm(parts, '', noRefusal) : notOffered(parts) };
  },
  async post(call, form) {
    const { pages } = parts;
    const name = form.of('name');
    const made = await call.identity<OrganizationAnswer>('POST', '/auth/organizations', { name });
    if (made.kind === 'refused')
      return (
        leadToStepUp(parts, made.refusal, undefined, pages.createOrganization) ??
        refusedForm(made.refusal, labels, (shown) => nameForm(parts, name, shown))
      );
    const { id } = made.body.organization;
    const to = organizationUrl(pages, { id, did: 'created' });
    // It exists whether or not the session can work in it now: its page offers that again.
    const active = await call.identity('POST', '/auth/organizations/active', { organization: id });
    const cookies = [...made.cookies, ...(active.kind === 'done' ? active.cookies : [])];
    return { kind: 'redirect', to, cookies, news: 'changed' };
  },
});

function nameForm({ pages }: PageParts, name: string, shown: ShownRefusal): PageContent {
  return {
    title: 'Create an organization',
    lead: 'A place for your team: you invite others, and what you do in it belongs to it.',
    content: html`${shown.notice}
      <form method="post" action="${pages.createOrganization}">
        ${organizationNameField({ value: name, error: shown.errorOf('name'), takesFocus: !shown.isAtField })}
        ${submitButton({ label: 'Create organization', pending: 'Creating…', waitSeconds: shown.waitSeconds })}
      </form>`,
    aside: html`<p><a href="${pages.organizations}">Your organizations</a></p>`,
  };
}

function notOffered({ pages }: PageParts): PageContent {
  return {
    title: 'You can’t create an organization',
    lead: 'You belong to as many as you may, or organizations are created by the operator of this system.',
    content: html`<p><a class="button" href="${pages.organizations}">Your organizations</a></p>`,
  };
}
