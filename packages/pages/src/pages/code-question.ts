import { html } from 'hono/html';
import { pageUrl, type CodeMethod, type ShownFactor } from '@sallyport/core';
import { codeField, hiddenFields, submitButton } from '../document/fields.ts';
import type { Html } from '../document/html.ts';
import { mailboxNote } from '../document/mailbox-note.ts';
import { methodWords } from '../forms/method-words.ts';
import type { ShownRefusal } from '../forms/refusal-words.ts';

/** With what a code can be asked for. */
export interface CodeOffer {
  readonly factors: readonly ShownFactor[];
  readonly hasRecoveryCodes: boolean;
  readonly resendSeconds: number;
}

export interface CodeQuestion {
  readonly offer: CodeOffer;
  /** Path of the page that asks. */
  readonly action: string;
  /** What goes with every form and every link: such as the page that was asked for. */
  readonly carried: Readonly<Record<string, string>>;
  readonly submitLabel: string;
  readonly mailboxUrl: string | undefined;
  /** What was chosen among the ways to get a code; the first one otherwise. */
  readonly method: string;
  /** The way by which a code was sent, if one was. */
  readonly sent: string;
  readonly shown: ShownRefusal;
  readonly typedCode: string;
}

/** Asks for one code, and offers the other ways to get one. */
export function codeQuestion(question: CodeQuestion): { readonly content: Html; readonly aside?: Html } {
  const { offer, action, carried, shown } = question;
  const methods: readonly CodeMethod[] = [
    ...offer.factors.map(({ method }) => method),
    ...(offer.hasRecoveryCodes ? (['recovery-code'] as const) : []),
  ];
  const method = methods.find((one) => one === question.method) ?? methods[0];
  if (method === undefined)
    return {
      content: html`${shown.notice}
        <p>There is no way left to get a code. Ask an administrator for help.</p>`,
    };
  const others = methods.filter((other) => other !== method);
  const content = html`${shown.notice}${isSent(method) ? sentCode(question, method) : codeForm(question, method)}`;
  if (others.length === 0) return { content };
  return {
    content,
    aside: html`<h2>Try another way</h2>
      <ul class="ways">
        ${others.map(
          (other) =>
            html`<li><a href="${pageUrl(action, { ...carried, method: other })}">${methodWords[other].name}</a></li>`,
        )}
      </ul>`,
  };
}

function isSent(method: CodeMethod): method is 'email' | 'sms' {
  return method === 'email' || method === 'sms';
}

/** A code is sent when it is asked for: not by looking at the page. */
function sentCode(question: CodeQuestion, method: 'email' | 'sms'): Html {
  const { offer, sent, shown, mailboxUrl } = question;
  const destination = offer.factors.find((factor) => factor.method === method)?.destination ?? '';
  if (sent !== method)
    return sendForm(
      question,
      method,
      submitButton({ label: `Send a code to ${destination}`, pending: 'Sending…', waitSeconds: shown.waitSeconds }),
    );
  return html`<p role="status">We sent a code to <strong>${destination}</strong>.</p>
    ${mailboxNote(mailboxUrl)} ${codeForm(question, method)}
    ${sendForm(
      question,
      method,
      html`<button
        class="button button-small"
        type="submit"
        data-pending="Sending…"
        data-resend="${offer.resendSeconds}"
      >
        Send another code
      </button>`,
    )}`;
}

function sendForm({ action, carried }: CodeQuestion, method: CodeMethod, button: Html): Html {
  return html`<form method="post" action="${action}">
    ${hiddenFields({ do: 'send', method, ...carried })}${button}
  </form>`;
}

function codeForm({ action, carried, sent, shown, submitLabel, typedCode }: CodeQuestion, method: CodeMethod): Html {
  const { label, hint } = methodWords[method];
  return html`<form method="post" action="${action}">
    ${hiddenFields({ method, sent, ...carried })}
    ${codeField({
      label,
      hint,
      kind: method === 'recovery-code' ? 'recovery-code' : 'digits',
      value: typedCode,
      error: shown.errorOf('code'),
    })}
    ${submitButton({ label: submitLabel, pending: 'Checking…', waitSeconds: shown.waitSeconds })}
  </form>`;
}
