import { html } from 'hono/html';
import { pageUrl, type DeviceDecisionAnswer, type DeviceRequestAnswer, type SessionAnswer } from '@sallyport/core';
import type { CreatePage, PageAnswer, PageCall, PageParts } from '../built-in-page.ts';
import type { PageContent } from '../document/document.ts';
import { hiddenFields, submitButton, textField } from '../document/fields.ts';
import { nothing, type Html } from '../document/html.ts';
import { notice } from '../document/notice.ts';
import { refusedForm } from '../forms/refused-form.ts';
import { noRefusal, type ShownRefusal } from '../forms/refusal-words.ts';
import type { Refusal } from '../identity/call-identity.ts';
import { withReturnTo } from './asked-page.ts';
import { leadToStepUp } from './lead-to-step-up.ts';

/** Longer than a code with whatever people put between its letters. */
const maxTypedLength = 32;

/**
 * Where users enter the code that a device shows, and let it sign in (RFC 8628, section 3.3). An address that holds the code
 * fills the field in and decides nothing: users compare what the device shows.
 */
export const createDevicePage: CreatePage = (parts) => ({
  name: 'device',
  async get(call) {
    const typed = call.query('user_code').slice(0, maxTypedLength);
    const session = await call.identity<SessionAnswer>('GET', '/auth/session');
    if (session.kind === 'done' && session.body.status === 'signed-out') return toSignIn(parts, typed);
    return { kind: 'page', page: codePage(parts, typed, noRefusal) };
  },
  post(call, form) {
    const { user_code: userCode, decision } = form.pick('user_code', 'decision');
    const typed = userCode.slice(0, maxTypedLength);
    return decision === 'allow' || decision === 'deny'
      ? decide(parts, call, typed, decision)
      : lookUp(parts, call, typed);
  },
});

async function lookUp(parts: PageParts, call: PageCall, typed: string): Promise<PageAnswer> {
  const answer = await call.identity<DeviceRequestAnswer>('POST', '/auth/device/request', { userCode: typed });
  if (answer.kind === 'refused') return refused(parts, answer.refusal, typed);
  return { kind: 'page', page: questionPage(parts, answer.body) };
}

async function decide(
  parts: PageParts,
  call: PageCall,
  typed: string,
  decision: 'allow' | 'deny',
): Promise<PageAnswer> {
  const path = '/auth/device/decision';
  const answer = await call.identity<DeviceDecisionAnswer>('POST', path, { userCode: typed, decision });
  if (answer.kind === 'refused') return refused(parts, answer.refusal, typed);
  const { status, client } = answer.body;
  return {
    kind: 'page',
    page: status === 'allowed' ? allowedPage(parts, client.name) : refusedDevicePage(client.name),
  };
}

function refused(parts: PageParts, refusal: Refusal, typed: string): PageAnswer {
  if (refusal.code === 'SP_UNAUTHENTICATED') return toSignIn(parts, typed);
  const elsewhere = leadToStepUp(parts, refusal, undefined, pageUrl(parts.pages.device, { user_code: typed }));
  if (elsewhere !== undefined) return elsewhere;
  // A code that was answered in another tab is one that does not work any more.
  const isOver = refusal.code === 'SP_NOT_FOUND' || refusal.code === 'SP_CONFLICT';
  if (!isOver) return refusedForm(refusal, { userCode: 'Code' }, (shown) => codePage(parts, typed, shown));
  return { kind: 'page', status: refusal.status, page: codePage(parts, typed, unknownCode) };
}

function toSignIn({ pages }: PageParts, typed: string): PageAnswer {
  return { kind: 'redirect', to: withReturnTo(pages.signIn, pageUrl(pages.device, { user_code: typed }), pages) };
}

const unknownCode: ShownRefusal = {
  ...noRefusal,
  notice: notice(
    'refused',
    'That code doesn’t work',
    'Compare it with your device. It may have been used already, or it took too long: then start again there.',
  ),
};

function codePage({ pages, productName }: PageParts, typed: string, shown: ShownRefusal): PageContent {
  return {
    title: 'Connect a device',
    lead: `Enter the code that your device or terminal shows, to sign it in to ${productName}.`,
    content: html`${shown.notice}
      <form method="post" action="${pages.device}">
        ${textField({
          name: 'user_code',
          label: 'Code',
          autocomplete: 'off',
          value: typed,
          error: shown.errorOf('userCode'),
          hint: 'Eight letters, such as WDJB-MJHT. Capitals and the hyphen don’t matter.',
          takesFocus: true,
          whenEmpty: 'Enter the code.',
          more: {
            class: 'code',
            autocapitalize: 'characters',
            autocorrect: 'off',
            spellcheck: 'false',
            maxlength: maxTypedLength,
          },
        })}
        ${submitButton({ label: 'Continue', pending: 'Looking…', waitSeconds: shown.waitSeconds })}
      </form>`,
    aside: html`<p class="quiet">
      Enter only a code that you asked for yourself, on a device in front of you. ${productName} never sends you one.
    </p>`,
  };
}

function questionPage({ pages, productName }: PageParts, request: DeviceRequestAnswer): PageContent {
  const { client, userCode, account } = request;
  return {
    title: `Connect ${client.name}?`,
    lead: html`<strong>${client.name}</strong> asks to be signed in to your ${productName} account on another device.`,
    content: html`<p class="quiet">Signed in as ${account.name} (${account.email})</p>
      <section class="section">
        <h2>Compare the code</h2>
        <p class="device-code">${userCode}</p>
        <p>${whereFrom(request)}</p>
      </section>
      <section class="section">
        <h2>It would be able to</h2>
        <ul class="rows">
          ${abilitiesOf(request).map((text) => html`<li><span>${text}</span></li>`)}
        </ul>
      </section>
      ${notice(
        'note',
        'Did you get this code from another person?',
        'Then cancel: that person would be signed in as you. Allow it only if you started this yourself and your device shows the same code.',
      )}
      <div class="buttons">
        ${answerForm(pages.device, userCode, 'allow')} ${answerForm(pages.device, userCode, 'deny')}
      </div>`,
    aside: html`<p class="quiet">
      The device stays signed in when you sign out here. You can end it at any time in the list of your devices.
      ${client.homepage === undefined ? nothing : html`<a href="${client.homepage}" rel="noreferrer">About ${client.name}</a>`}
    </p>`,
  };
}

function whereFrom({ address, isFromYourNetwork, requestedAt }: DeviceRequestAnswer): Html {
  const minutes = Math.max(0, Math.round((Date.now() - Date.parse(requestedAt)) / 60_000));
  const when = minutes === 0 ? 'just now' : minutes === 1 ? 'a minute ago' : `${minutes} minutes ago`;
  const where = isFromYourNetwork ? 'the network that you are in' : 'another network than yours';
  return html`It asked <time datetime="${requestedAt}">${when}</time> from ${address}, ${where}.`;
}

function abilitiesOf({ actsForYou, scopes }: DeviceRequestAnswer): readonly string[] {
  const texts = scopes.map(({ description }) => description);
  if (actsForYou) return ['Do everything that you can do', ...texts];
  return texts.length === 0 ? ['Know that you signed in'] : texts;
}

function answerForm(action: string, userCode: string, decision: 'allow' | 'deny'): Html {
  const isAllow = decision === 'allow';
  return html`<form method="post" action="${action}">
    ${hiddenFields({ user_code: userCode, decision })}
    <button
      class="${isAllow ? 'button button-primary' : 'button'}"
      type="submit"
      data-pending="${isAllow ? 'Signing in…' : 'Cancelling…'}"
    >
      ${isAllow ? 'Allow' : 'Cancel'}
    </button>
  </form>`;
}

function allowedPage({ pages }: PageParts, client: string): PageContent {
  return {
    title: 'Your device is signed in',
    lead: html`<strong>${client}</strong> goes on by itself in a moment. You can close this page.`,
    content: html`<p><a class="button" href="${pages.security}">Your account</a></p>`,
  };
}

function refusedDevicePage(client: string): PageContent {
  return {
    title: 'Nothing was allowed',
    lead: html`<strong>${client}</strong> was not signed in.`,
    content: html`<p><a class="button" href="/">Home</a></p>`,
  };
}
