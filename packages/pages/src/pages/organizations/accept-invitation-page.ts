import { html } from 'hono/html';
import type { AcceptedInvitationAnswer, InvitationLinkAnswer } from '@sallyport/core';
import type { CreatePage, PageAnswer, PageCall, PageParts } from '../../built-in-page.ts';
import { fingerprintOfLink } from '../../cookies/link-cookie.ts';
import { hiddenFields, submitButton } from '../../document/fields.ts';
import type { Html } from '../../document/html.ts';
import { refusedPage } from '../../forms/refused-page.ts';
import { noRefusal, showRefusal, type ShownRefusal } from '../../forms/refusal-words.ts';
import type { FormFields } from '../../forms/read-form.ts';
import type { Refusal } from '../../identity/call-identity.ts';
import { withReturnTo } from '../asked-page.ts';
import { leadToStepUp } from '../lead-to-step-up.ts';

/**
 * Where the mail of an invitation leads. The address that holds its token is left at once, as with every mailed link; a
 * button accepts, never the visit, and the one who accepts is signed in with the invited address.
 */
export const createAcceptInvitationPage: CreatePage = (parts) => ({
  name: 'acceptInvitation',
  get(call) {
    const { invitationLink, pages } = parts;
    const given = call.query('token');
    if (given !== '') return { kind: 'redirect', to: pages.acceptInvitation, cookies: [invitationLink.write(given)] };
    const token = invitationLink.read(call.request);
    return token === undefined ? spent(parts) : show(parts, call, token, noRefusal);
  },
  post(call, form) {
    const token = parts.invitationLink.read(call.request);
    if (token === undefined) return spent(parts);
    // Another invitation that was opened meanwhile: this form shows what the button would do no more.
    if (form.of('link') !== fingerprintOfLink(token)) return { kind: 'redirect', to: parts.pages.acceptInvitation };
    return answerInvitation(parts, call, form, token);
  },
});

async function answerInvitation(
  parts: PageParts,
  call: PageCall,
  form: FormFields,
  token: string,
): Promise<PageAnswer> {
  const { pages, invitationLink } = parts;
  if (form.of('do') === 'decline') {
    const declined = await call.identity('POST', '/auth/organizations/invitations/decline', { token });
    if (declined.kind === 'refused') return refused(parts, call, token, declined.refusal);
    return { kind: 'page', page: declinedPage, cookies: [...declined.cookies, invitationLink.cleared] };
  }
  const path = '/auth/organizations/invitations/accept';
  const accepted = await call.identity<AcceptedInvitationAnswer>('POST', path, { token });
  if (accepted.kind === 'refused') return refused(parts, call, token, accepted.refusal);
  const { id } = accepted.body.organization;
  // The user is a member whether or not the session can work in it now: the next page offers that again.
  const active = await call.identity('POST', '/auth/organizations/active', { organization: id });
  const cookies = active.kind === 'done' ? active.cookies : [];
  return {
    kind: 'redirect',
    to: `${pages.organizations}?did=joined`,
    cookies: [...accepted.cookies, ...cookies, invitationLink.cleared],
    news: 'changed',
  };
}

function refused(parts: PageParts, call: PageCall, token: string, refusal: Refusal): PageAnswer | Promise<PageAnswer> {
  if (refusal.code === 'SP_LINK_INVALID') return spent(parts);
  // Another account signed in meanwhile: the page says which one is invited.
  if (refusal.code === 'SP_FORBIDDEN') return { kind: 'redirect', to: parts.pages.acceptInvitation };
  return (
    leadToStepUp(parts, refusal, undefined, parts.pages.acceptInvitation) ??
    show(parts, call, token, showRefusal(refusal, {}), refusal.status)
  );
}

async function show(
  parts: PageParts,
  call: PageCall,
  token: string,
  shown: ShownRefusal,
  status = 200,
): Promise<PageAnswer> {
  const path = '/auth/organizations/invitations/check';
  const answer = await call.identity<InvitationLinkAnswer>('POST', path, { token });
  if (answer.kind === 'refused')
    return answer.refusal.code === 'SP_LINK_INVALID' ? spent(parts) : refusedPage(answer.refusal);
  const invitation = answer.body;
  const { organization, invitedBy, email } = invitation;
  // The next page begins with the invited address.
  const cookies =
    invitation.reader === 'signed-out' ? [parts.flow.write({ email, returnTo: parts.pages.acceptInvitation })] : [];
  return {
    kind: 'page',
    status,
    cookies,
    page: {
      title: `Join ${organization.name}`,
      lead: html`${invitedBy === null ? 'You are' : html`<strong>${invitedBy}</strong> has`}
        invited${invitedBy === null ? '' : ' you'} to <strong>${organization.name}</strong> as
        ${invitation.roles.join(', ')}. The invitation is for <strong>${email}</strong>.`,
      content: html`${shown.notice} ${ways(parts, invitation, token)}`,
      aside: declineForm(parts, token),
    },
  };
}

/** What the reader can do: to accept takes a sign-in with the invited address. */
function ways({ pages }: PageParts, { reader, email }: InvitationLinkAnswer, token: string): Html {
  const returnTo = pages.acceptInvitation;
  switch (reader) {
    case 'invited':
      return html`<form method="post" action="${pages.acceptInvitation}">
        ${hiddenFields({ do: 'accept', link: fingerprintOfLink(token) })}
        ${submitButton({ label: 'Accept invitation', pending: 'Joining…' })}
      </form>`;
    case 'signed-out':
      return html`<div class="buttons">
        <a class="button button-primary" href="${withReturnTo(pages.signIn, returnTo, pages)}">Sign in</a>
        <a class="button" href="${withReturnTo(pages.signUp, returnTo, pages)}">Create an account</a>
      </div>`;
    case 'another-account':
      return html`<p>You are signed in with another account. Sign out, then sign in as ${email}.</p>
        <form method="post" action="${pages.signedOut}">
          ${hiddenFields({ returnTo })}
          <button class="button button-primary" type="submit" data-pending="Signing out…">Sign out</button>
        </form>`;
  }
}

function declineForm({ pages }: PageParts, token: string): Html {
  return html`<form class="way-out" method="post" action="${pages.acceptInvitation}">
    ${hiddenFields({ do: 'decline', link: fingerprintOfLink(token) })}
    <button class="button-link" type="submit" data-pending="Declining…">Decline the invitation</button>
  </form>`;
}

const declinedPage = {
  title: 'You declined the invitation',
  lead: 'It can’t be used any more. If you change your mind, ask for another one.',
  content: html`<p><a class="button" href="/">Home</a></p>`,
};

/** Often it was accepted already, so that the organizations of the reader come first. */
function spent({ pages, invitationLink }: PageParts): PageAnswer {
  return {
    kind: 'page',
    cookies: [invitationLink.cleared],
    page: {
      title: 'This invitation doesn’t work any more',
      lead: 'It was used already, withdrawn, or it has expired. If you accepted it, you are a member; otherwise ask for another one.',
      content: html`<p><a class="button button-primary" href="${pages.organizations}">Your organizations</a></p>`,
    },
  };
}
