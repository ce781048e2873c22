import { html } from 'hono/html';
import type { CreatePage, PageAnswer, PageParts } from '../built-in-page.ts';
import { fingerprintOfLink } from '../cookies/link-cookie.ts';
import { emailField, hiddenField, hiddenFields, submitButton } from '../document/fields.ts';
import { refusedForm } from '../forms/refused-form.ts';
import type { ShownRefusal } from '../forms/refusal-words.ts';
import { openMailedLink } from './open-mailed-link.ts';

/**
 * Confirms an email address. The address of the mailed link is left at once, the link is looked at without using it up,
 * and a button uses it: programs that follow links in mails confirm nothing.
 */
export const createVerifyEmailPage: CreatePage = (parts) => ({
  name: 'verifyEmail',
  get: (call) =>
    openMailedLink(call, {
      purpose: 'verify-email',
      path: parts.pages.verifyEmail,
      cookie: parts.verifyLink,
      form: (token, email, shown) => confirmForm(parts, token, email, shown),
      spent: () => spent(parts, parts.flow.read(call.request).email ?? ''),
    }),
  async post(call, form) {
    const token = parts.verifyLink.read(call.request);
    const { email = '', returnTo } = parts.flow.read(call.request);
    if (token === undefined) return spent(parts, email);
    if (form.of('link') !== fingerprintOfLink(token)) return { kind: 'redirect', to: parts.pages.verifyEmail };
    const answer = await call.identity('POST', '/auth/verify-email', { token });
    if (answer.kind === 'done') {
      const flow = parts.flow.write({ email: form.of('email') || email, returnTo, done: 'verified' });
      const cookies = [...answer.cookies, parts.verifyLink.cleared, flow];
      return { kind: 'redirect', to: parts.pages.signIn, cookies };
    }
    const { refusal } = answer;
    if (refusal.code === 'SP_LINK_INVALID') return spent(parts, form.of('email') || email);
    return refusedForm(refusal, {}, (shown) => confirmForm(parts, token, form.of('email'), shown));
  },
});

function confirmForm({ pages, productName }: PageParts, token: string, email: string, shown: ShownRefusal) {
  return {
    title: 'Confirm your email',
    lead:
      email === ''
        ? `Confirm your email address for ${productName}.`
        : html`Confirm that <strong>${email}</strong> is your email address for ${productName}.`,
    content: html`${shown.notice}
      <form method="post" action="${pages.verifyEmail}">
        ${hiddenFields({ link: fingerprintOfLink(token), email })}
        ${submitButton({ label: 'Confirm email', pending: 'Confirming…', waitSeconds: shown.waitSeconds })}
      </form>
      <p class="quiet">If you didn’t sign up, close this page. Nothing will happen.</p>`,
  };
}

/** A user who opens the link twice has often confirmed the address already, so that signing in comes first. */
function spent({ pages, verifyLink }: PageParts, email: string): PageAnswer {
  return {
    kind: 'page',
    cookies: [verifyLink.cleared],
    page: {
      title: 'This link doesn’t work any more',
      lead: 'It was used already, it has expired, or it is not complete. If you have confirmed your address, just sign in.',
      content: html`<p><a class="button button-primary" href="${pages.signIn}">Sign in</a></p>`,
      aside: html`<form method="post" action="${pages.checkMail}">
        ${hiddenField('mail', 'verify-email')} ${emailField({ value: email })}
        <button class="button" type="submit" data-pending="Sending…">Send a new link</button>
      </form>`,
    },
  };
}
