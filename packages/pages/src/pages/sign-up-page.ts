import { html } from 'hono/html';
import type { OfferedProvider } from '@sallyport/core';
import type { CreatePage, PageParts } from '../built-in-page.ts';
import { emailField, hiddenField, nameField, newPasswordField, submitButton } from '../document/fields.ts';
import { refusedForm } from '../forms/refused-form.ts';
import { noRefusal, type ShownRefusal } from '../forms/refusal-words.ts';
import type { Refusal } from '../identity/call-identity.ts';
import { withReturnTo } from './asked-page.ts';
import { chosenProvider, findProviders, leaveForProvider, providersBelow } from './provider-buttons.ts';

interface Typed {
  readonly name: string;
  readonly email: string;
  readonly returnTo: string;
}

const labels = { name: 'Name', email: 'Email address', password: 'Password' } as const;

/** Asks for what an account needs and nothing more. Says the same whether or not the address has an account. */
export const createSignUpPage: CreatePage = (parts) => ({
  name: 'signUp',
  async get(call) {
    const { email = '', returnTo = '' } = parts.flow.read(call.request);
    const typed = { name: '', email, returnTo: call.query('returnTo') || returnTo };
    return { kind: 'page', page: signUpForm(parts, await findProviders(call), typed) };
  },
  async post(call, form) {
    const typed = form.pick('name', 'email', 'returnTo');
    const { email, returnTo } = typed;
    const refused = async (refusal: Refusal) => {
      const providers = await findProviders(call);
      return refusedForm(refusal, labels, (shown) => signUpForm(parts, providers, typed, shown));
    };
    const provider = chosenProvider(form);
    if (provider !== undefined) return leaveForProvider(call, { provider, returnTo }, refused);
    const answer = await call.identity('POST', '/auth/sign-up/email', form.pick('name', 'email', 'password'));
    const flow = { email, returnTo };
    if (answer.kind === 'refused') return { ...(await refused(answer.refusal)), cookies: [parts.flow.write(flow)] };
    const cookies = [...answer.cookies, parts.flow.write({ ...flow, mail: 'verify-email' })];
    return { kind: 'redirect', to: parts.pages.checkMail, cookies };
  },
});

function signUpForm(
  { pages, minPasswordLength }: PageParts,
  providers: readonly OfferedProvider[],
  typed: Typed,
  shown: ShownRefusal = noRefusal,
) {
  const { name, email, returnTo } = typed;
  return {
    title: 'Create an account',
    lead: 'We’ll email you a link to confirm your address.',
    content: html`${shown.notice}
      <form method="post" action="${pages.signUp}">
        ${hiddenField('returnTo', returnTo)}
        ${nameField({ value: name, error: shown.errorOf('name'), takesFocus: !shown.isAtField })}
        ${emailField({ value: email, error: shown.errorOf('email') })}
        ${newPasswordField({
          name: 'password',
          label: labels.password,
          minLength: minPasswordLength,
          error: shown.errorOf('password'),
        })}
        ${submitButton({ label: 'Create account', pending: 'Creating your account…', waitSeconds: shown.waitSeconds })}
      </form>
      ${providersBelow({ action: pages.signUp, providers, carried: { returnTo } })}`,
    aside: html`<p>
      Already have an account?
      <a href="${withReturnTo(pages.signIn, returnTo, pages)}">Sign in</a>
    </p>`,
  };
}
