import { html } from 'hono/html';
import type { CreatePage, PageParts } from '../built-in-page.ts';
import { emailField, hiddenField, submitButton } from '../document/fields.ts';
import { refusedForm } from '../forms/refused-form.ts';
import { noRefusal, type ShownRefusal } from '../forms/refusal-words.ts';
import { withReturnTo } from './asked-page.ts';

interface Typed {
  readonly email: string;
  readonly returnTo: string;
}

const labels = { email: 'Email address' } as const;

/** Sends the mail that leads to a new password. Says the same for an address without an account. */
export const createForgotPasswordPage: CreatePage = (parts) => ({
  name: 'forgotPassword',
  get(call) {
    const { email = '', returnTo = '' } = parts.flow.read(call.request);
    return { kind: 'page', page: forgotForm(parts, { email, returnTo: call.query('returnTo') || returnTo }) };
  },
  async post(call, form) {
    const typed = form.pick('email', 'returnTo');
    const answer = await call.identity('POST', '/auth/request-password-reset', { email: typed.email });
    if (answer.kind === 'refused')
      return refusedForm(answer.refusal, labels, (shown) => forgotForm(parts, typed, shown));
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
        ${emailField({ value: email, error: shown.errorOf('email'), takesFocus: true })}
        ${submitButton({ label: 'Send the link', pending: 'Sending…', waitSeconds: shown.waitSeconds })}
      </form>`,
    aside: html`<p>
      <a href="${withReturnTo(pages.signIn, returnTo, pages)}">Back to sign in</a>
    </p>`,
  };
}
