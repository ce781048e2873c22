import { html } from 'hono/html';
import type { InvitationsAnswer, MembersAnswer, OrganizationAnswer } from '@sallyport/core';
import type { CreatePage, PageAnswer, PageCall, PageParts } from '../../built-in-page.ts';
import { refusedPage } from '../../forms/refused-page.ts';
import { noRefusal, showRefusal, type ShownRefusal } from '../../forms/refusal-words.ts';
import type { IdentityAnswer, Refusal } from '../../identity/call-identity.ts';
import { leadToStepUp } from '../lead-to-step-up.ts';
import { organizationRoute, organizationUrl, segment, type OrganizationView } from './address.ts';
import { changeOf, type OrganizationChange } from './changes.ts';
import { confirmation } from './confirmations.ts';
import { doneNotice } from './done-notice.ts';
import { memberForm } from './member-form.ts';
import { organizationContent, type TypedInvitation } from './organization-content.ts';

const labels = { name: 'Name', email: 'Email address', roles: 'Roles' } as const;

/** One organization: its members and their roles, its invitations, its name; and the ways out of it. */
export const createOrganizationPage: CreatePage = (parts) => ({
  name: 'organization',
  get(call) {
    const view = viewOf(call);
    return show(parts, call, view, { ...noRefusal, notice: doneNotice(view.did ?? '') });
  },
  async post(call, form) {
    const change = changeOf(parts.pages, call, form);
    const answer = await call.identity(change.method, change.route, change.json);
    if (answer.kind === 'done')
      return { kind: 'redirect', to: change.done, cookies: answer.cookies, news: change.news };
    return refused(parts, call, change, answer.refusal);
  },
});

function refused(
  parts: PageParts,
  call: PageCall,
  change: OrganizationChange,
  refusal: Refusal,
): PageAnswer | Promise<PageAnswer> {
  const again = organizationUrl(parts.pages, change.again);
  return (
    leadToStepUp(parts, refusal, undefined, again) ??
    show(parts, call, change.again, showRefusal(refusal, labels), refusal.status, change.typed)
  );
}

function viewOf({ query }: PageCall): OrganizationView {
  const confirm = query('confirm');
  return {
    id: query('id'),
    member: query('member') || undefined,
    after: query('after') || undefined,
    invited: query('invited') || undefined,
    confirm: confirm === 'remove' || confirm === 'leave' || confirm === 'delete' ? confirm : undefined,
    did: query('did') || undefined,
  };
}

async function show(
  parts: PageParts,
  call: PageCall,
  view: OrganizationView,
  shown: ShownRefusal,
  status = 200,
  typed?: TypedInvitation,
): Promise<PageAnswer> {
  const route = organizationRoute(view.id);
  const after = view.after === undefined ? '' : `?after=${segment(view.after)}`;
  const [found, members] = await Promise.all([
    call.identity<OrganizationAnswer>('GET', route),
    call.identity<MembersAnswer>('GET', `${route}/members${after}`),
  ]);
  if (found.kind === 'refused') return notShown(parts, view, found.refusal);
  if (members.kind === 'refused') return notShown(parts, view, members.refusal);
  const asked = { pages: parts.pages, view, found: found.body, members: members.body, shown };
  const page = confirmation(asked) ?? memberForm(asked);
  if (page !== undefined) return { kind: 'page', status, page };
  const invited = view.invited === undefined ? '' : `?after=${segment(view.invited)}`;
  const invitations = found.body.may.manageMembers
    ? await call.identity<InvitationsAnswer>('GET', `${route}/invitations${invited}`)
    : none;
  // Members are shown also while invitations are not: another member may just have taken that permission.
  const waiting = invitations.kind === 'done' ? invitations.body : none.body;
  return { kind: 'page', status, page: organizationContent({ ...asked, invitations: waiting, typed }) };
}

const none = {
  kind: 'done',
  body: { invitations: [], next: null },
  cookies: [],
} as const satisfies IdentityAnswer<InvitationsAnswer>;

/** An organization that is unknown and one of others are the same. */
function notShown(parts: PageParts, view: OrganizationView, refusal: Refusal): PageAnswer {
  const led = leadToStepUp(parts, refusal, undefined, organizationUrl(parts.pages, view));
  if (led !== undefined) return led;
  if (refusal.code !== 'SP_NOT_FOUND') return refusedPage(refusal);
  return {
    kind: 'page',
    status: refusal.status,
    page: {
      title: 'Organization not found',
      lead: 'It does not exist any more, or you are no member of it.',
      content: html`<p><a class="button" href="${parts.pages.organizations}">Your organizations</a></p>`,
    },
  };
}
