import { html } from 'hono/html';
import { pageUrl } from '@sallyport/core';
import type { CreatePage, PageParts } from '../built-in-page.ts';
import { hiddenField, submitButton, textField } from '../document/fields.ts';
import { noRefusal, showRefusal, type ShownRefusal } from '../forms/refusal-words.ts';
import { askedPage } from './begin-again.ts';

interface Typed {
  readonly email: string;
  readonly returnTo: string;
}

/** Sends the mail that leads to a new password. Says the same for an address without an account. */
export const createForgotPasswordPage: CreatePage = (parts) => ({
  name: 'forgotPassword',
  get(call) {
    const { email = '', returnTo = '' } = parts.flow.read(call.request);
    return { kind: 'page', page: forgotForm(parts, { email, returnTo: call.query('returnTo') || returnTo }) };
  },
  async post(call, form) {
    const typed = { email: form.of('email'), returnTo: form.of('returnTo') };
    const answer = await call.identity('POST', '/auth/request-password-reset', { email: typed.email });
    if (answer.kind === 'refused') {
      const page = forgotForm(parts, typed, showRefusal(answer.refusal, { email: 'Email address' }));
      return { kind: 'page', status: answer.refusal.status, page };
    }
    const flow = parts.flow.write({ ...typed, mail: 'reset-password' });
    return { kind: 'redirect', to: parts.pages.checkMail, cookies: [...answer.cookies, flow] };
  },
});

function forgotForm({ pages }: PageParts, { email, returnTo }: Typed, shown: ShownRefusal = noRefusal) {
  return {
    title: 'Forgot password?',
    heading: 'Reset your password',
    lead: 'Enter your email address, and we’ll send you a link to choose a new password.',
    content: html`${shown.notice}
      <form method="post" action="${pages.forgotPassword}">
        ${hiddenField('returnTo', returnTo)}
        ${textField({
          name: 'email',
          label: 'Email address',
          type: 'email',
          autocomplete: 'username',
          value: email,
          error: shown.errorOf('email'),
          takesFocus: true,
          whenEmpty: 'Enter your email address.',
          more: { 'data-carry': 'email' },
        })}
        ${submitButton({ label: 'Send the link', pending: 'Sending…', waitSeconds: shown.waitSeconds })}
      </form>`,
    aside: html`<p>
      <a href="${pageUrl(pages.signIn, { returnTo: askedPage(returnTo) })}">Back to sign in</a>
    </p>`,
  };
}
