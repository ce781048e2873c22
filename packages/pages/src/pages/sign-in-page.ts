import { html } from 'hono/html';
import { toSafeReturnTo, type OfferedProvider, type SignInAnswer } from '@sallyport/core';
import type { CreatePage, DemoAccount, PageAnswer, PageCall, PageParts } from '../built-in-page.ts';
import type { Flow } from '../cookies/flow-cookie.ts';
import { emailField, hiddenField, hiddenFields, passwordField, submitButton } from '../document/fields.ts';
import { nothing, type Html } from '../document/html.ts';
import { notice } from '../document/notice.ts';
import type { FormFields } from '../forms/read-form.ts';
import { refusedForm } from '../forms/refused-form.ts';
import { noRefusal, type ShownRefusal } from '../forms/refusal-words.ts';
import type { Refusal } from '../identity/call-identity.ts';
import { findUser } from '../identity/find-user.ts';
import { withReturnTo } from './asked-page.ts';
import {
  chosenProvider,
  findProviders,
  leaveForProvider,
  providerRefusal,
  providersBelow,
} from './provider-buttons.ts';

interface Typed {
  readonly email: string;
  readonly returnTo: string;
}

const labels = { email: 'Email address', password: 'Password' } as const;

/** Email and password. Leads on to the page that was asked for, or to the second step. */
export const createSignInPage: CreatePage = (parts) => ({
  name: 'signIn',
  async get(call) {
    const { email = '', returnTo = '', done } = parts.flow.read(call.request);
    const asked = call.query('returnTo') || returnTo;
    const user = await findUser(call);
    if (user !== undefined) return alreadySignedIn(parts, user.name, asked);
    const shown = { ...noRefusal, notice: providerRefusal(call) };
    return {
      kind: 'page',
      page: signInForm(parts, await findProviders(call), { email, returnTo: asked }, done, shown),
    };
  },
  async post(call, form) {
    const provider = chosenProvider(form);
    if (provider !== undefined) return toProvider(parts, call, provider, form.of('returnTo'));
    const { email, password } = findDemoAccount(parts, form) ?? form.pick('email', 'password');
    const returnTo = form.of('returnTo');
    const typed = { email, returnTo };
    const answer = await call.identity<SignInAnswer>('POST', '/auth/sign-in/email', {
      email,
      password,
      ...(returnTo === '' ? {} : { returnTo }),
    });
    if (answer.kind === 'refused') return refused(parts, call, typed, answer.refusal);
    const { body, cookies } = answer;
    const done = [...cookies, ...parts.flow.clearedFor(call.request)];
    if (body.status === 'signed-in') return { kind: 'redirect', to: body.returnTo, cookies: done, news: 'signed-in' };
    const next = body.status === 'second-factor-required' ? parts.pages.secondFactor : parts.pages.secondFactorSetUp;
    return { kind: 'redirect', to: withReturnTo(next, body.returnTo, parts.pages), cookies: done };
  },
});

/** The page that was asked for stays known to this browser, for the sign-in that the provider leads back to. */
async function toProvider(parts: PageParts, call: PageCall, provider: string, returnTo: string): Promise<PageAnswer> {
  const { email = '' } = parts.flow.read(call.request);
  const providers = await findProviders(call);
  return leaveForProvider(call, { provider, returnTo }, (refusal) =>
    refusedForm(refusal, labels, (shown) => signInForm(parts, providers, { email, returnTo }, undefined, shown)),
  );
}

async function refused(parts: PageParts, call: PageCall, typed: Typed, refusal: Refusal): Promise<PageAnswer> {
  const providers = await findProviders(call);
  const page = refusedForm(refusal, labels, (shown) =>
    signInForm(parts, providers, typed, undefined, shown, wayOut(parts, typed, refusal)),
  );
  return { ...page, cookies: [parts.flow.write(typed)] };
}

/** What helps beside typing again, under a refusal that has such a thing. */
function wayOut(parts: PageParts, { email, returnTo }: Typed, { code }: Refusal): Html {
  if (code === 'SP_EMAIL_UNVERIFIED') return resendForm(parts, email.trim());
  if (code === 'SP_TOO_MANY_ATTEMPTS') return wayInByMailForm(parts, { email: email.trim(), returnTo });
  return nothing;
}

function signInForm(
  { pages, demoAccounts }: PageParts,
  providers: readonly OfferedProvider[],
  { email, returnTo }: Typed,
  done: Flow['done'],
  shown: ShownRefusal = noRefusal,
  below: Html = nothing,
) {
  // After a refusal the password is what is typed anew.
  const isPasswordNext = email !== '' && shown.errorOf('email') === undefined;
  return {
    title: 'Sign in',
    content: html`${done === undefined ? nothing : notice('done', doneWords[done].title, doneWords[done].text)}
      ${shown.notice}${below}
      <form method="post" action="${pages.signIn}">
        ${hiddenField('returnTo', returnTo)}
        ${emailField({ value: email, error: shown.errorOf('email'), takesFocus: !isPasswordNext })}
        ${passwordField({
          name: 'password',
          label: labels.password,
          autocomplete: 'current-password',
          error: shown.errorOf('password'),
          takesFocus: isPasswordNext,
          whenEmpty: 'Enter your password.',
        })}
        ${submitButton({ label: 'Sign in', pending: 'Signing in…', waitSeconds: shown.waitSeconds })}
      </form>
      <p class="after-form"><a href="${withReturnTo(pages.forgotPassword, returnTo, pages)}">Forgot password?</a></p>
      ${providersBelow({ action: pages.signIn, providers, carried: { returnTo } })}`,
    aside: html`<p>New here? <a href="${withReturnTo(pages.signUp, returnTo, pages)}">Create an account</a></p>
      ${continueAsForm(pages.signIn, demoAccounts, returnTo)}`,
  };
}

/** Enters an account of the demonstration: no password is copied to look around. */
function continueAsForm(action: string, accounts: readonly DemoAccount[], returnTo: string): Html {
  if (accounts.length === 0) return nothing;
  return html`<form class="continue-as" method="post" action="${action}">
    ${hiddenField('returnTo', returnTo)}
    <p class="quiet" id="continue-as">Demo: continue as</p>
    <div class="buttons" role="group" aria-labelledby="continue-as">
      ${accounts.map(
        ({ role }) =>
          html`<button class="button button-small" type="submit" name="${demoField}" value="${role}">${role}</button>`,
      )}
    </div>
  </form>`;
}

const demoField = 'continueAs';

/** Without a demonstration the field means nothing. */
function findDemoAccount({ demoAccounts }: PageParts, form: FormFields): DemoAccount | undefined {
  return demoAccounts.find(({ role }) => role === form.of(demoField));
}

/** Asks for the mail again that the sign-in waits for. */
function resendForm({ pages }: PageParts, email: string): Html {
  return html`<form class="inline-form" method="post" action="${pages.checkMail}">
    ${hiddenFields({ mail: 'verify-email', email })}
    <button class="button button-small" type="submit" data-pending="Sending…">Send the email again</button>
  </form>`;
}

/**
 * Others may have used up the tries. The owner need not wait: the link proves who they are, and choosing a password with it
 * makes this browser one that is known, which has tries of its own.
 */
function wayInByMailForm({ pages }: PageParts, { email, returnTo }: Typed): Html {
  return html`<form class="inline-form" method="post" action="${pages.forgotPassword}">
    ${hiddenFields({ email, returnTo })}
    <p>Is it your account? You don’t have to wait: a link by email lets you choose a new password and sign in now.</p>
    <button class="button button-small" type="submit" data-pending="Sending…">Email me a link</button>
  </form>`;
}

function alreadySignedIn({ pages }: PageParts, name: string, returnTo: string): PageAnswer {
  return {
    kind: 'page',
    page: {
      title: 'You’re signed in',
      lead: name === '' ? 'You are signed in in this browser.' : `You are signed in as ${name}.`,
      content: html`<div class="buttons">
        <a class="button button-primary" href="${toSafeReturnTo(returnTo, pages)}">Continue</a>
        <form method="post" action="${pages.signedOut}">
          <button class="button" type="submit" data-pending="Signing out…">Sign out</button>
        </form>
      </div>`,
    },
  };
}

const doneWords = {
  verified: { title: 'Your email address is confirmed', text: 'You can sign in now.' },
  'password-changed': {
    title: 'Your password has been changed',
    text: 'You are signed out on every device. Sign in with the new password.',
  },
} as const;
