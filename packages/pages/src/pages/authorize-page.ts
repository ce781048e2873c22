import { html } from 'hono/html';
import {
  isLoopbackHost,
  pageUrl,
  type OAuthDecisionAnswer,
  type OAuthRequestAnswer,
  type ShownOAuthClient,
} from '@sallyport/core';
import type { CreatePage, PageAnswer, PageCall, PageParts } from '../built-in-page.ts';
import type { PageContent } from '../document/document.ts';
import { hiddenField } from '../document/fields.ts';
import { nothing, type Html } from '../document/html.ts';
import { refusedPage } from '../forms/refused-page.ts';
import type { Refusal } from '../identity/call-identity.ts';
import { withReturnTo } from './asked-page.ts';
import { continuePage } from './continue-page.ts';

/** The path of the page: the id of a request follows it. */
export const pathOfAuthorizePage = /^\/auth\/oauth\/[\w-]{16,64}$/;

type Consent = Extract<OAuthRequestAnswer, { readonly status: 'consent' }>;

/**
 * What an OAuth client asks of its user: to sign in, to confirm who they are, or to let it have something. What is asked stands
 * in the address of no page; the browser is known by a cookie.
 */
export const createAuthorizePage: CreatePage = (parts) => ({
  name: 'authorize',
  async get(call) {
    const path = pathOf(call);
    if (!pathOfAuthorizePage.test(path)) return overPage;
    const answer = await call.identity<OAuthRequestAnswer>('GET', `${path}/request`);
    return answer.kind === 'refused' ? refused(answer.refusal) : toPage(parts, path, answer.body);
  },
  async post(call, form) {
    const path = pathOf(call);
    if (!pathOfAuthorizePage.test(path)) return overPage;
    const decision = form.of('decision') === 'allow' ? 'allow' : 'deny';
    const answer = await call.identity<OAuthDecisionAnswer>('POST', `${path}/decision`, { decision });
    // What was answered twice at once was answered: the page says how it goes on.
    if (answer.kind === 'done' || answer.refusal.code === 'SP_CONFLICT') return { kind: 'redirect', to: path };
    return refused(answer.refusal);
  },
});

function toPage(parts: PageParts, path: string, answer: OAuthRequestAnswer): PageAnswer {
  const { pages } = parts;
  switch (answer.status) {
    case 'answered':
      return { kind: 'page', page: continuePage(answer.location, answer.client.name) };
    case 'sign-in-required':
      return { kind: 'redirect', to: withReturnTo(pages.signIn, path, pages) };
    case 'step-up-required':
      return { kind: 'redirect', to: pageUrl(pages.stepUp, { returnTo: path, acr_values: answer.acr }) };
    case 'another-account-required':
      return { kind: 'page', page: anotherAccountPage(parts, answer) };
    case 'consent':
      return { kind: 'page', page: consentPage(parts, path, answer) };
    default:
      return overPage;
  }
}

function consentPage(
  { productName, pages }: PageParts,
  path: string,
  { client, account, scopes }: Consent,
): PageContent {
  return {
    title: `Continue to ${client.name}?`,
    lead: leadOf(client, productName),
    content: html`${client.document === undefined ? nothing : aboutDocument(client)}
      <p class="quiet">Signed in as ${account.name} (${account.email})</p>
      <section class="section">
        <h2>It would be able to</h2>
        <ul class="rows">
          ${scopes.map(({ description }) => html`<li><span>${description}</span></li>`)}
        </ul>
      </section>
      <div class="buttons">
        <form method="post" action="${path}">
          ${hiddenField('decision', 'allow')}
          <button class="button button-primary" type="submit" data-pending="Continuing…">Allow</button>
        </form>
        <form method="post" action="${path}">
          ${hiddenField('decision', 'deny')}
          <button class="button" type="submit" data-pending="Cancelling…">Cancel</button>
        </form>
      </div>`,
    aside: html`<p class="quiet">
      Allow it only if you trust
      ${client.homepage === undefined ? html`${client.name}` : html`<a href="${client.homepage}" rel="noreferrer">${client.name}</a>`}.
      What you allow ends when you sign out.
      <a href="${pages.signedOut}">Use another account</a>
    </p>`,
  };
}

function leadOf({ name, host, document }: ShownOAuthClient, productName: string): Html {
  if (document === undefined)
    return html`<strong>${name}</strong> (${host}) asks for access to your ${productName} account.`;
  return html`An agent of <strong>${document.host}</strong> asks for access to your ${productName} account, to act there
    for you.`;
}

/** No administrator has looked at such a client: its host is proved, and what it calls itself is a claim. */
function aboutDocument({ host, document }: ShownOAuthClient): Html {
  const { claimedName } = document ?? {};
  return html`<ul class="rows">
    ${claimedName === undefined ? nothing : html`<li><span>It calls itself “${withoutQuotationMarks(claimedName)}”, which is not verified</span></li>`}
    <li>
      <span
        >${isLoopback(host) ? html`It runs on this device (${host}), where every program could pass itself off as it` : html`It leads your browser to ${host}`}</span
      >
    </li>
  </ul>`;
}

/** A claim that closes its quotation marks would speak in our words from there on. */
function withoutQuotationMarks(text: string): string {
  return text.replaceAll(/[“„‟«‹「『]/g, '‘').replaceAll(/["”»›」』]/g, '’');
}

function isLoopback(host: string): boolean {
  return URL.canParse(`http://${host}`) && isLoopbackHost(new URL(`http://${host}`).hostname);
}

function anotherAccountPage({ pages }: PageParts, { client }: OAuthRequestAnswer): PageContent {
  return {
    title: 'Another account is needed',
    lead: html`${client.name} asks for another account than the one that you are signed in with.`,
    content: html`<p>
      <a class="button button-primary" href="${pages.signedOut}">Sign out, and start again there</a>
    </p>`,
  };
}

const overPage: PageAnswer = {
  kind: 'page',
  status: 404,
  page: {
    title: 'This request is over',
    lead: 'It was answered already, it took too long, or it began in another browser. Go back to the app and start again.',
    content: html`<p><a class="button" href="/">Home</a></p>`,
  },
};

function refused(refusal: Refusal): PageAnswer {
  return refusal.code === 'SP_NOT_FOUND' ? overPage : refusedPage(refusal);
}

function pathOf({ request }: PageCall): string {
  return new URL(request.url).pathname;
}
