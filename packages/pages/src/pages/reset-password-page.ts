import { html } from 'hono/html';
import type { CreatePage, PageAnswer, PageParts } from '../built-in-page.ts';
import { fingerprintOfLink } from '../cookies/link-cookie.ts';
import {
  hiddenFields,
  nameField,
  newPasswordField,
  submitButton,
  usernameForPasswordManagers,
} from '../document/fields.ts';
import { nothing } from '../document/html.ts';
import type { ShownRefusal } from '../forms/refusal-words.ts';
import { openMailedLink, redeemMailedLink, type OpenedLink } from './open-mailed-link.ts';

const labels = { name: 'Name', newPassword: 'New password' } as const;

/** A new password by a mailed link. The link is looked at before anything is typed, and used up by the form alone. */
export const createResetPasswordPage: CreatePage = (parts) => ({
  name: 'resetPassword',
  get: (call) =>
    openMailedLink(call, {
      purpose: 'reset-password',
      path: parts.pages.resetPassword,
      cookie: parts.resetLink,
      form: (link, shown) => resetForm(parts, link, '', shown),
      spent: () => spent(parts),
    }),
  post: (call, form) =>
    redeemMailedLink(call, form, {
      path: parts.pages.resetPassword,
      cookie: parts.resetLink,
      route: '/auth/reset-password',
      alwaysChosen: ['newPassword'],
      labels,
      form: (link, typedName, shown) => resetForm(parts, link, typedName, shown),
      spent: () => spent(parts),
      done(email) {
        const { returnTo } = parts.flow.read(call.request);
        return {
          kind: 'redirect',
          to: parts.pages.signIn,
          cookies: [parts.flow.write({ email, returnTo, done: 'password-changed' })],
        };
      },
    }),
});

function resetForm(
  { pages, minPasswordLength }: PageParts,
  { token, email, asksFor }: OpenedLink,
  name: string,
  shown: ShownRefusal,
) {
  const asksForName = asksFor.includes('name');
  return {
    title: 'Choose a new password',
    lead: html`${email === '' ? nothing : html`For <strong>${email}</strong>. `}This signs you out on every device.`,
    content: html`${shown.notice}
      <form method="post" action="${pages.resetPassword}">
        ${hiddenFields({ link: fingerprintOfLink(token), email, asksFor: asksFor.join(' ') })}${email === '' ? nothing : usernameForPasswordManagers(email)}
        ${
          asksForName ? nameField({ value: name, error: shown.errorOf('name'), takesFocus: !shown.isAtField }) : nothing
        }
        ${newPasswordField({
          name: 'newPassword',
          label: labels.newPassword,
          minLength: minPasswordLength,
          error: shown.errorOf('newPassword'),
          takesFocus: !asksForName,
        })}
        ${submitButton({ label: 'Change password', pending: 'Changing your password…', waitSeconds: shown.waitSeconds })}
      </form>`,
  };
}

function spent({ pages, resetLink }: PageParts): PageAnswer {
  return {
    kind: 'page',
    cookies: [resetLink.cleared],
    page: {
      title: 'This link doesn’t work any more',
      lead: 'It was used already, it has expired, or it is not complete.',
      content: html`<p><a class="button button-primary" href="${pages.forgotPassword}">Get a new link</a></p>`,
      aside: html`<p><a href="${pages.signIn}">Back to sign in</a></p>`,
    },
  };
}
