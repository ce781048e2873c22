import { html } from 'hono/html';
import {
  pageUrl,
  type PageName,
  type PageTable,
  type ShownFactor,
  type StepUpAnswer,
  type StepUpOfferAnswer,
} from '@sallyport/core';
import type { CreatePage, PageAnswer, PageCall, PageParts } from '../built-in-page.ts';
import type { PageContent } from '../document/document.ts';
import { hiddenFields, passwordField, submitButton, usernameForPasswordManagers } from '../document/fields.ts';
import { nothing, type Html } from '../document/html.ts';
import type { FormFields } from '../forms/read-form.ts';
import { noRefusal, showRefusal, type ShownRefusal } from '../forms/refusal-words.ts';
import { refusedPage } from '../forms/refused-page.ts';
import type { Refusal } from '../identity/call-identity.ts';
import { findUser } from '../identity/find-user.ts';
import { askedPage, withReturnTo } from './asked-page.ts';
import { codeQuestion } from './code-question.ts';
import {
  chosenProvider,
  leaveForProvider,
  providerButtons,
  providerRefusal,
  providersBelow,
  type ProviderButtons,
} from './provider-buttons.ts';

interface Asked {
  readonly returnTo: string;
  /** How strong the sign-in must be for what comes next, in the name of OIDC. */
  readonly acr: string;
  /** One of our own pages that asked, by name: they are no page to return to otherwise. */
  readonly nextPage: string;
  readonly method: string;
  readonly sent: string;
  readonly typedCode: string;
}

const pagesThatAsk: readonly string[] = [
  'secondFactorSetUp',
  'recoveryCodes',
  'security',
] satisfies readonly PageName[];

/**
 * Confirms who the signed-in user is, with the second factor or, where there is none, the password or an identity provider;
 * then leads on.
 */
export const createStepUpPage: CreatePage = (parts) => ({
  name: 'stepUp',
  get: (call) => {
    const { query } = call;
    const asked = {
      returnTo: query('returnTo'),
      acr: query('acr_values'),
      nextPage: query('next'),
      method: query('method'),
      sent: query('sent'),
      typedCode: '',
    };
    return ask(parts, call, asked, { ...noRefusal, notice: providerRefusal(call) });
  },
  post(call, form) {
    const provider = chosenProvider(form);
    if (provider !== undefined) return confirmAtProvider(parts, call, provider, read(form));
    return form.of('do') === 'send' ? sendCode(parts, call, form) : confirm(parts, call, form);
  },
});

async function ask(
  parts: PageParts,
  call: PageCall,
  asked: Asked,
  shown: ShownRefusal = noRefusal,
  status = 200,
): Promise<PageAnswer> {
  const answer = await call.identity<StepUpOfferAnswer>('GET', '/auth/step-up');
  if (answer.kind === 'refused') return signInFirst(parts, asked, answer.refusal);
  const { methods, hasRecoveryCodes, resendSeconds } = answer.body;
  if (asked.acr === 'phr') return { kind: 'page', status, page: notPossible };
  if (hasRecoveryCodes === undefined) {
    if (asked.acr === 'mfa') return { kind: 'page', status, page: factorMissing(parts, asked) };
    return { kind: 'page', status, page: await withoutFactorPage(parts, call, asked, answer.body, shown) };
  }
  const { method, sent, typedCode } = asked;
  const question = codeQuestion({
    offer: {
      factors: methods.filter(
        (offer): offer is ShownFactor => offer.method !== 'password' && offer.method !== 'provider',
      ),
      hasRecoveryCodes,
      resendSeconds,
    },
    action: parts.pages.stepUp,
    carried: carriedBy(asked, parts.pages),
    submitLabel: 'Confirm',
    mailboxUrl: parts.mailboxUrl,
    method,
    sent,
    shown,
    typedCode,
  });
  return { kind: 'page', status, page: { ...heading, ...question } };
}

const heading = {
  title: 'Confirm it’s you',
  lead: 'For your security, confirm it’s you before you go on.',
} as const;

/** Where there is no second factor, what people sign in with confirms them: the password, or an account elsewhere. */
async function withoutFactorPage(
  parts: PageParts,
  call: PageCall,
  asked: Asked,
  { methods }: Pick<StepUpOfferAnswer, 'methods'>,
  shown: ShownRefusal,
): Promise<PageContent> {
  const buttons: ProviderButtons = {
    action: parts.pages.stepUp,
    verb: 'Confirm',
    carried: carriedBy(asked, parts.pages),
    providers: methods.filter((offer) => offer.method === 'provider').map(({ id, name }) => ({ id, name })),
  };
  if (methods.some(({ method }) => method === 'password'))
    return passwordPage(parts, asked, (await findUser(call))?.email ?? '', shown, providersBelow(buttons));
  return buttons.providers.length === 0
    ? passwordMissing(parts, shown)
    : { ...heading, content: html`${shown.notice}${providerButtons(buttons)}${passwordByMail(parts)}` };
}

/** Google and others do not say when a user signed in there: who has nothing else has to find the way out. */
function passwordByMail({ pages }: PageParts): Html {
  return html`<p class="after-form">
    Does that not work? <a href="${pages.forgotPassword}">Choose a password by email</a>
  </p>`;
}

function passwordMissing({ pages }: PageParts, shown: ShownRefusal): PageContent {
  return {
    ...heading,
    lead: 'Your account has no password, and the account that you sign in with can’t confirm that it’s you.',
    content: html`${shown.notice}
      <p><a class="button button-primary" href="${pages.forgotPassword}">Choose a password by email</a></p>
      <p class="quiet">Then sign in with it, and come back to this page.</p>`,
  };
}

function confirmAtProvider(parts: PageParts, call: PageCall, provider: string, asked: Asked): Promise<PageAnswer> {
  const { returnTo } = asked;
  return leaveForProvider(call, { provider, returnTo, path: '/auth/step-up/provider' }, (refusal) =>
    ask(parts, call, asked, showRefusal(refusal, {}), refusal.status),
  );
}

function passwordPage(
  { pages }: PageParts,
  asked: Asked,
  email: string,
  shown: ShownRefusal,
  below: Html,
): PageContent {
  return {
    ...heading,
    content: html`${shown.notice}
      <form method="post" action="${pages.stepUp}">
        ${hiddenFields({ method: 'password', ...carriedBy(asked, pages) })}${email === '' ? nothing : usernameForPasswordManagers(email)}
        ${passwordField({
          name: 'password',
          label: 'Password',
          autocomplete: 'current-password',
          error: shown.errorOf('password'),
          takesFocus: true,
          whenEmpty: 'Enter your password.',
        })}
        ${submitButton({ label: 'Confirm', pending: 'Checking…', waitSeconds: shown.waitSeconds })}
      </form>
      <p class="after-form"><a href="${pages.forgotPassword}">Forgot password?</a></p>
      ${below}`,
  };
}

function factorMissing({ pages }: PageParts, { returnTo }: Asked): PageContent {
  const setUp = withReturnTo(pages.secondFactorSetUp, returnTo, pages);
  return {
    title: 'Two-step verification needed',
    lead: 'This page needs extra protection that your account does not have yet.',
    content: html`<p><a class="button button-primary" href="${setUp}">Set up two-step verification</a></p>`,
  };
}

const notPossible: PageContent = {
  title: 'A security key is needed',
  lead: 'This page asks for a passkey or a security key, and your account has none. Ask an administrator.',
  content: html`<p><a class="button" href="/">Home</a></p>`,
};

async function sendCode(parts: PageParts, call: PageCall, form: FormFields): Promise<PageAnswer> {
  const asked = { ...read(form), sent: '' };
  const { method } = asked;
  const answer = await call.identity('POST', '/auth/step-up/send', { method });
  if (answer.kind === 'done')
    return {
      kind: 'redirect',
      to: pageUrl(parts.pages.stepUp, { ...carriedBy(asked, parts.pages), method, sent: method }),
      cookies: answer.cookies,
    };
  const { refusal } = answer;
  return ask(parts, call, asked, showRefusal(refusal, {}), refusal.status);
}

async function confirm(parts: PageParts, call: PageCall, form: FormFields): Promise<PageAnswer> {
  const asked = read(form);
  const { method, returnTo, typedCode: code, nextPage } = asked;
  const proof = method === 'password' ? { method, password: form.of('password') } : { method, code };
  const json = { ...proof, ...(returnTo === '' ? {} : { returnTo }) };
  const answer = await call.identity<StepUpAnswer>('POST', '/auth/step-up', json);
  if (answer.kind === 'done') {
    const next = pagesThatAsk.includes(nextPage)
      ? withReturnTo(parts.pages[nextPage as PageName], returnTo, parts.pages)
      : answer.body.returnTo;
    return { kind: 'redirect', to: next, cookies: answer.cookies };
  }
  const { refusal } = answer;
  const shown = showRefusal(refusal, { code: 'Code', password: 'Password' });
  return ask(parts, call, asked, shown, refusal.status);
}

function read(form: FormFields): Asked {
  const {
    acr_values: acr,
    next: nextPage,
    code: typedCode,
    ...rest
  } = form.pick('returnTo', 'acr_values', 'next', 'method', 'sent', 'code');
  return { ...rest, acr, nextPage, typedCode };
}

/** What every form and link of the page passes on. */
function carriedBy({ returnTo, acr, nextPage }: Asked, pages: PageTable): Readonly<Record<string, string>> {
  return {
    returnTo: askedPage(returnTo, pages) ?? '',
    acr_values: acr === 'mfa' || acr === 'phr' ? acr : '',
    next: pagesThatAsk.includes(nextPage) ? nextPage : '',
  };
}

/** Without a session there is nothing to confirm: a fresh sign-in is recent, too. */
function signInFirst({ pages }: PageParts, { returnTo }: Asked, refusal: Refusal): PageAnswer {
  if (refusal.code !== 'SP_UNAUTHENTICATED') return refusedPage(refusal);
  return { kind: 'redirect', to: withReturnTo(pages.signIn, returnTo, pages) };
}
