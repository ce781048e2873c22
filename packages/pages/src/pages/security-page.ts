import { html } from 'hono/html';
import { pageUrl, type FactorsAnswer, type OwnFactor } from '@sallyport/core';
import type { CreatePage, PageAnswer, PageCall, PageParts } from '../built-in-page.ts';
import { hiddenField, hiddenFields } from '../document/fields.ts';
import { nothing, type Html } from '../document/html.ts';
import { signOutForm } from '../document/sign-out-form.ts';
import { methodWords } from '../forms/method-words.ts';
import type { FormFields } from '../forms/read-form.ts';
import { refusedPage } from '../forms/refused-page.ts';
import { noRefusal, showRefusal, type ShownRefusal } from '../forms/refusal-words.ts';
import type { IdentityAnswer, Refusal } from '../identity/call-identity.ts';
import { appsSection, withdrawAccess } from './apps-section.ts';
import { connectedSection, disconnect, findConnected } from './connected-section.ts';
import { leadToStepUp } from './lead-to-step-up.ts';
import { chosenProvider, leaveForProvider, providerRefusal } from './provider-buttons.ts';

const methods: readonly string[] = ['totp', 'email', 'sms'];

/** What protects the account of the signed-in user, and the ways to change that. */
export const createSecurityPage: CreatePage = (parts) => ({
  name: 'security',
  get: (call) => show(parts, call, { ...noRefusal, notice: providerRefusal(call) }),
  async post(call, form) {
    const refused = (refusal: Refusal): PageAnswer | Promise<PageAnswer> =>
      leadToStepUp(parts, refusal, 'security', parts.pages.security) ??
      show(parts, call, showRefusal(refusal, {}), refusal.status);
    const provider = chosenProvider(form);
    if (provider !== undefined)
      return leaveForProvider(call, { provider, returnTo: '', path: '/auth/account/providers' }, refused);
    const answer = await change(call, form);
    if (answer.kind === 'done') return { kind: 'redirect', to: parts.pages.security, cookies: answer.cookies };
    return refused(answer.refusal);
  },
});

function change(call: PageCall, form: FormFields): Promise<IdentityAnswer<unknown>> {
  const method = form.of('method');
  switch (form.of('do')) {
    case 'sign-out-others':
      return call.identity('POST', '/auth/sessions/revoke-others', {});
    case 'disconnect':
      return disconnect(call, form.of('account'));
    case 'withdraw':
      return withdrawAccess(call, form.of('app'));
    default:
      return call.identity('DELETE', `/auth/second-factor/${methods.includes(method) ? method : 'none'}`);
  }
}

async function show(
  parts: PageParts,
  call: PageCall,
  shown: ShownRefusal = noRefusal,
  status = 200,
): Promise<PageAnswer> {
  const answer = await call.identity<FactorsAnswer>('GET', '/auth/second-factor');
  if (answer.kind === 'refused')
    return leadToStepUp(parts, answer.refusal, 'security', parts.pages.security) ?? refusedPage(answer.refusal);
  const { factors, recoveryCodesLeft } = answer.body;
  const others = await findConnected(call);
  const { pages } = parts;
  const back = { returnTo: pages.security };
  return {
    kind: 'page',
    status,
    page: {
      title: 'Security settings',
      lead: 'What protects your account.',
      content: html`${shown.notice}
        <section class="section">
          <h2>Two-step verification</h2>
          ${
            factors.length === 0
              ? html`<p class="quiet">
                  Off. Only ${others.hasPassword ? 'your password' : 'the account that you sign in with'} protects your
                  account.
                </p>`
              : html`<ul class="rows">
                  ${factors.map((factor) => factorRow(parts, factor))}
                </ul>`
          }
          <p>
            <a href="${pageUrl(pages.secondFactorSetUp, back)}"
              >${factors.length === 0 ? 'Set it up' : 'Add another way'}</a
            >
          </p>
          ${
            factors.length === 0
              ? nothing
              : html`<p>
                  <a href="${pageUrl(pages.recoveryCodes, back)}">Recovery codes</a>
                  <span class="quiet">(${recoveryCodesLeft} left)</span>
                </p>`
          }
        </section>
        ${connectedSection(others, pages.security)} ${await appsSection(call, pages.security)}
        <section class="section">
          <h2>Password</h2>
          ${
            others.hasPassword
              ? nothing
              : html`<p class="quiet">None. With one you can sign in when a connected account does not work.</p>`
          }
          <p>
            <a href="${pages.forgotPassword}">${others.hasPassword ? 'Change your' : 'Choose a'} password by email</a>
          </p>
        </section>
        <section class="section">
          <h2>Other devices</h2>
          <form class="inline-form" method="post" action="${pages.security}">
            ${hiddenField('do', 'sign-out-others')}
            <button class="button button-small" type="submit" data-pending="Signing out…">
              Sign out other devices
            </button>
          </form>
        </section>`,
      aside: html`<p><a href="/">Home</a></p>
        ${signOutForm(pages)}`,
    },
  };
}

function factorRow({ pages }: PageParts, { method, destination, enabled }: OwnFactor): Html {
  const { name } = methodWords[method];
  return html`<li>
    <span>${name}${destination === undefined ? '' : ` to ${destination}`}${enabled ? '' : ' (switched off)'}</span>
    <form method="post" action="${pages.security}">
      ${hiddenFields({ do: 'remove', method })}
      <button class="button button-small" type="submit" data-pending="Removing…" aria-label="Remove: ${name}">
        Remove
      </button>
    </form>
  </li>`;
}
