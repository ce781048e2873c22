import { html } from 'hono/html';
import type { PageParts } from '../built-in-page.ts';
import type { PageContent } from '../document/document.ts';
import { codeField, hiddenField, hiddenFields, submitButton } from '../document/fields.ts';
import { nothing, type Html } from '../document/html.ts';
import { mailboxNote } from '../document/mailbox-note.ts';
import { qrCode } from '../document/qr-code.ts';
import { noRefusal, type ShownRefusal } from '../forms/refusal-words.ts';
import { askedPage, withReturnTo } from './asked-page.ts';

/** A factor that was begun, and waits for its first code. */
export type BegunFactor =
  | { readonly method: 'totp'; readonly uri: string }
  | { readonly method: 'email' | 'sms'; readonly destination: string };

/** Shows what the first code comes from, and asks for it. */
export function confirmFactor(
  { pages, mailboxUrl }: PageParts,
  begun: BegunFactor,
  returnTo: string,
  shown: ShownRefusal = noRefusal,
  typedCode = '',
): PageContent {
  const isApp = begun.method === 'totp';
  return {
    title: 'Set up two-step verification',
    lead: isApp ? 'Scan the code with your authenticator app, then enter what it shows.' : sentTo(begun.destination),
    content: html`${shown.notice} ${isApp ? appKey(begun.uri) : mailboxNote(mailboxUrl)}
      <form method="post" action="${pages.secondFactorSetUp}">
        ${hiddenFields({ do: 'confirm', method: begun.method, returnTo: askedPage(returnTo, pages) })}
        ${isApp ? hiddenField('uri', begun.uri) : hiddenField('destination', begun.destination)}
        ${codeField({
          label: isApp ? 'Code that the app shows' : 'Code that you received',
          hint: 'Six digits.',
          kind: 'digits',
          value: typedCode,
          error: shown.errorOf('code'),
        })}
        ${submitButton({ label: 'Turn on', pending: 'Checking…', waitSeconds: shown.waitSeconds })}
      </form>`,
    aside: html`<p>
      <a href="${withReturnTo(pages.secondFactorSetUp, returnTo, pages)}">Choose another way</a>
    </p>`,
  };
}

function sentTo(destination: string): Html {
  return html`We sent a code to <strong>${destination}</strong>. It works for ten minutes.`;
}

/** What the app must learn. A form brought it back here when the first code was wrong: what has another form is not shown. */
function appKey(uri: string): Html {
  const secret = secretOf(uri);
  if (secret === undefined) return nothing;
  return html`<div class="app-key">
    ${qrCode(uri, 'QR code for your authenticator app')}
    <div>
      <p class="on-phone"><a href="${uri}">Open my authenticator app</a></p>
      <p class="quiet">Can’t scan it? Enter this key in the app:</p>
      <p class="key" id="app-key" data-secret data-text="${secret}">${secret.replace(/(.{4})(?=.)/g, '$1 ')}</p>
      <button class="button button-small" type="button" hidden data-keep="copy" data-of="app-key">Copy the key</button>
    </div>
  </div>`;
}

/** Names of the product and of the account may be long, and each byte of theirs may take three characters. */
const maxUriLength = 2048;

function secretOf(uri: string): string | undefined {
  if (uri.length > maxUriLength || !/^otpauth:\/\/totp\/[\x21-\x7e]+$/.test(uri) || !URL.canParse(uri))
    return undefined;
  const secret = new URL(uri).searchParams.get('secret') ?? '';
  return /^[A-Z2-7]{16,128}$/.test(secret) ? secret : undefined;
}
