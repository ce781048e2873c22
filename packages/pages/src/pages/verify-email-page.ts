import { html } from 'hono/html';
import type { CreatePage, PageAnswer, PageParts } from '../built-in-page.ts';
import { fingerprintOfLink } from '../cookies/link-cookie.ts';
import {
  emailField,
  hiddenField,
  hiddenFields,
  nameField,
  newPasswordField,
  submitButton,
  usernameForPasswordManagers,
} from '../document/fields.ts';
import { nothing } from '../document/html.ts';
import type { ShownRefusal } from '../forms/refusal-words.ts';
import { openMailedLink, redeemMailedLink, type OpenedLink } from './open-mailed-link.ts';

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
  post(call, form) {
    const { email: typedBefore = '', returnTo } = parts.flow.read(call.request);
    return redeemMailedLink(call, form, {
      path: parts.pages.verifyEmail,
      cookie: parts.verifyLink,
      route: '/auth/verify-email',
      labels,
      form: (link, typedName, shown) => confirmForm(parts, link, typedName, shown),
      spent: (email) => spent(parts, email || typedBefore),
      done: (email) => ({
        kind: 'redirect',
        to: parts.pages.signIn,
        cookies: [parts.flow.write({ email: email || typedBefore, returnTo, done: 'verified' })],
      }),
    });
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
            ? nameField({ value: name, error: shown.errorOf('name'), takesFocus: !shown.isAtField })
            : nothing
        }
        ${
          asksFor.includes('newPassword')
            ? newPasswordField({
                name: 'newPassword',
                label: labels.newPassword,
                minLength: minPasswordLength,
                error: shown.errorOf('newPassword'),
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
