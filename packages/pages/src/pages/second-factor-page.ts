import { html } from 'hono/html';
import { pageUrl, type PendingAnswer, type PendingSignInAnswer, type SignedInAnswer } from '@sallyport/core';
import type { CreatePage, PageAnswer, PageCall, PageParts } from '../built-in-page.ts';
import { hiddenFields } from '../document/fields.ts';
import { noRefusal, showRefusal, type ShownRefusal } from '../forms/refusal-words.ts';
import type { FormFields } from '../forms/read-form.ts';
import { refusedPage } from '../forms/refused-page.ts';
import { askedPage, withReturnTo } from './asked-page.ts';
import { beginAgain } from './begin-again.ts';
import { codeQuestion } from './code-question.ts';

interface Asked {
  readonly method: string;
  readonly sent: string;
  readonly returnTo: string;
  readonly typedCode: string;
}

/** The second step of a sign-in: a code, then on to the page that was asked for. */
export const createSecondFactorPage: CreatePage = (parts) => ({
  name: 'secondFactor',
  get: (call) =>
    ask(parts, call, {
      method: call.query('method'),
      sent: call.query('sent'),
      returnTo: call.query('returnTo'),
      typedCode: '',
    }),
  post(call, form) {
    switch (form.of('do')) {
      case 'send':
        return sendCode(parts, call, form);
      case 'cancel':
        return cancel(parts, call, form);
      default:
        return verify(parts, call, form);
    }
  },
});

async function ask(
  parts: PageParts,
  call: PageCall,
  asked: Asked,
  shown: ShownRefusal = noRefusal,
  status = 200,
): Promise<PageAnswer> {
  const answer = await call.identity<PendingAnswer>('GET', '/auth/second-factor/pending');
  if (answer.kind === 'refused') return refusedPage(answer.refusal);
  const pending = answer.body;
  if (pending.status === 'none') return beginAgain(parts, asked.returnTo, status);
  if (pending.purpose === 'set-up')
    return {
      kind: 'redirect',
      to: withReturnTo(parts.pages.secondFactorSetUp, asked.returnTo, parts.pages),
    };
  return { kind: 'page', status, page: questionPage(parts, pending, asked, shown) };
}

function questionPage(
  { pages, mailboxUrl }: PageParts,
  { methods, hasRecoveryCodes = false, resendSeconds }: PendingSignInAnswer,
  { method, sent, returnTo, typedCode }: Asked,
  shown: ShownRefusal,
) {
  const carried = { returnTo: askedPage(returnTo, pages) ?? '' };
  const { content, aside = '' } = codeQuestion({
    offer: { factors: methods, hasRecoveryCodes, resendSeconds },
    action: pages.secondFactor,
    carried,
    submitLabel: 'Sign in',
    mailboxUrl,
    method,
    sent,
    shown,
    typedCode,
  });
  return {
    title: 'Two-step verification',
    lead: 'Your account has extra protection. Enter a code to finish signing in.',
    content,
    aside: html`${aside}
      <form class="inline-form" method="post" action="${pages.secondFactor}">
        ${hiddenFields({ do: 'cancel', ...carried })}
        <button class="button-link" type="submit">Sign in to a different account</button>
      </form>`,
  };
}

async function sendCode(parts: PageParts, call: PageCall, form: FormFields): Promise<PageAnswer> {
  const method = form.of('method');
  const returnTo = form.of('returnTo');
  const answer = await call.identity('POST', '/auth/second-factor/send', { method });
  if (answer.kind === 'done')
    return {
      kind: 'redirect',
      to: pageUrl(parts.pages.secondFactor, { returnTo: askedPage(returnTo, parts.pages), method, sent: method }),
      cookies: answer.cookies,
    };
  const { refusal } = answer;
  if (refusal.code === 'SP_SIGN_IN_EXPIRED') return beginAgain(parts, returnTo, refusal.status);
  return ask(parts, call, { method, sent: '', returnTo, typedCode: '' }, showRefusal(refusal, {}), refusal.status);
}

async function verify(parts: PageParts, call: PageCall, form: FormFields): Promise<PageAnswer> {
  const asked = {
    method: form.of('method'),
    sent: form.of('sent'),
    returnTo: form.of('returnTo'),
    typedCode: form.of('code'),
  };
  const { method, returnTo, typedCode: code } = asked;
  const json = { method, code, ...(returnTo === '' ? {} : { returnTo }) };
  const answer = await call.identity<SignedInAnswer>('POST', '/auth/second-factor/verify', json);
  if (answer.kind === 'done')
    return { kind: 'redirect', to: answer.body.returnTo, cookies: answer.cookies, news: 'signed-in' };
  const { refusal } = answer;
  if (refusal.code === 'SP_SIGN_IN_EXPIRED') return beginAgain(parts, returnTo, refusal.status);
  return ask(parts, call, asked, showRefusal(refusal, { code: 'Code' }), refusal.status);
}

async function cancel(parts: PageParts, call: PageCall, form: FormFields): Promise<PageAnswer> {
  // It ends by itself after ten minutes, should this fail.
  const answer = await call.identity('POST', '/auth/second-factor/cancel', {});
  return {
    kind: 'redirect',
    to: withReturnTo(parts.pages.signIn, form.of('returnTo'), parts.pages),
    cookies: answer.kind === 'done' ? answer.cookies : [],
  };
}
