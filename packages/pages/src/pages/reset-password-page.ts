import { html } from 'hono/html';
import type { CreatePage, PageAnswer, PageParts } from '../built-in-page.ts';
import { fingerprintOfLink } from '../cookies/link-cookie.ts';
import {
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
  async post(call, form) {
    const token = parts.resetLink.read(call.request);
    if (token === undefined) return spent(parts);
    if (form.of('link') !== fingerprintOfLink(token)) return { kind: 'redirect', to: parts.pages.resetPassword };
    const email = form.of('email');
    const chosen = { ...chosenIn(form), newPassword: form.of('newPassword') };
    const answer = await call.identity('POST', '/auth/reset-password', { token, ...chosen });
    if (answer.kind === 'done') {
      const { returnTo } = parts.flow.read(call.request);
      const flow = parts.flow.write({ email, returnTo, done: 'password-changed' });
      const cookies = [...answer.cookies, parts.resetLink.cleared, flow];
      return { kind: 'redirect', to: parts.pages.signIn, cookies };
    }
    const { refusal } = answer;
    if (refusal.code === 'SP_LINK_INVALID') return spent(parts);
    return refusedForm(refusal, labels, (shown) =>
      resetForm(parts, { ...linkOfForm(token, form, refusal), email }, form.of('name'), shown),
    );
  },
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
          asksForName
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
        ${passwordField({
          name: 'newPassword',
          label: labels.newPassword,
          autocomplete: 'new-password',
          minLength: minPasswordLength,
          error: shown.errorOf('newPassword'),
          takesFocus: !asksForName,
          whenEmpty: 'Choose a password.',
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
