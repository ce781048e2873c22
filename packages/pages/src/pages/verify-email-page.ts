import { html } from 'hono/html';
import type { CreatePage, PageAnswer, PageParts } from '../built-in-page.ts';
import { fingerprintOfLink } from '../cookies/link-cookie.ts';
import {
  emailField,
  hiddenField,
  hiddenFields,
  passwordField,
  submitButton,
  textField,
  usernameForPasswordManagers,
} from '../document/fields.ts';
import { nothing } from '../document/html.ts';
import { refusedForm } from '../forms/refused-form.ts';
import type { ShownRefusal } from '../forms/refusal-words.ts';
import { chosenIn, linkOfForm, openMailedLink, type OpenedLink } from './open-mailed-link.ts';

/**
 * Confirms an email address. The address of the mailed link is left at once, the link is looked at without using it up,
 * and a button uses it: programs that follow links in mails confirm nothing. In another browser than the one that signed
 * up, a name and a password are chosen here: those of the sign-up may be a stranger's.
 */
export const createVerifyEmailPage: CreatePage = (parts) => ({
  name: 'verifyEmail',
  get: (call) =>
    openMailedLink(call, {
      purpose: 'verify-email',
      path: parts.pages.verifyEmail,
      cookie: parts.verifyLink,
      form: (link, shown) => confirmForm(parts, link, '', shown),
      spent: () => spent(parts, parts.flow.read(call.request).email ?? ''),
    }),
  async post(call, form) {
    const token = parts.verifyLink.read(call.request);
    const { email = '', returnTo } = parts.flow.read(call.request);
    if (token === undefined) return spent(parts, email);
    if (form.of('link') !== fingerprintOfLink(token)) return { kind: 'redirect', to: parts.pages.verifyEmail };
    const answer = await call.identity('POST', '/auth/verify-email', { token, ...chosenIn(form) });
    if (answer.kind === 'done') {
      const flow = parts.flow.write({ email: form.of('email') || email, returnTo, done: 'verified' });
      const cookies = [...answer.cookies, parts.verifyLink.cleared, flow];
      return { kind: 'redirect', to: parts.pages.signIn, cookies };
    }
    const { refusal } = answer;
    if (refusal.code === 'SP_LINK_INVALID') return spent(parts, form.of('email') || email);
    return refusedForm(refusal, labels, (shown) =>
      confirmForm(parts, linkOfForm(token, form, refusal), form.of('name'), shown),
    );
  },
});

const labels = { name: 'Name', newPassword: 'Password' } as const;

function confirmForm(
  { pages, productName, minPasswordLength }: PageParts,
  { token, email, asksFor }: OpenedLink,
  name: string,
  shown: ShownRefusal,
) {
  const isElsewhere = asksFor.length > 0;
  return {
    title: 'Confirm your email',
    lead:
      email === ''
        ? `Confirm your email address for ${productName}.`
        : html`Confirm that <strong>${email}</strong> is your email address for
            ${productName}${isElsewhere ? ', and choose your name and password.' : '.'}`,
    content: html`${shown.notice}
      <form method="post" action="${pages.verifyEmail}">
        ${hiddenFields({ link: fingerprintOfLink(token), email, asksFor: asksFor.join(' ') })}
        ${isElsewhere && email !== '' ? usernameForPasswordManagers(email) : nothing}
        ${
          asksFor.includes('name')
            ? textField({
                name: 'name',
                label: labels.name,
                autocomplete: 'name',
                value: name,
                error: shown.errorOf('name'),
                takesFocus: !shown.isAtField,
                whenEmpty: 'Enter your name.',
              })
            : nothing
        }
        ${
          asksFor.includes('newPassword')
            ? passwordField({
                name: 'newPassword',
                label: labels.newPassword,
                autocomplete: 'new-password',
                minLength: minPasswordLength,
                error: shown.errorOf('newPassword'),
                whenEmpty: 'Choose a password.',
              })
            : nothing
        }
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
