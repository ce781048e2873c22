import { html } from 'hono/html';
import { toSafeReturnTo, type FactorsAnswer, type RecoveryCodesAnswer } from '@sallyport/core';
import type { CreatePage, PageAnswer, PageCall, PageParts } from '../built-in-page.ts';
import { hiddenField, submitButton } from '../document/fields.ts';
import { signOutForm } from '../document/sign-out-form.ts';
import { refusedPage } from '../forms/refused-page.ts';
import { noRefusal, showRefusal, type ShownRefusal } from '../forms/refusal-words.ts';
import { askedPage, withReturnTo } from './asked-page.ts';
import { leadToStepUp } from './lead-to-step-up.ts';
import { savedCodes } from './saved-codes.ts';

/** New recovery codes for the signed-in user. They are in the answer to the form, and nowhere else. */
export const createRecoveryCodesPage: CreatePage = (parts) => ({
  name: 'recoveryCodes',
  get: (call) => offer(parts, call, call.query('returnTo')),
  async post(call, form) {
    const returnTo = form.of('returnTo');
    const answer = await call.identity<RecoveryCodesAnswer>(
      'POST',
      '/auth/second-factor/recovery-codes/regenerate',
      {},
    );
    if (answer.kind === 'done') {
      const { recoveryCodes: codes } = answer.body;
      const page = savedCodes({ codes, productName: parts.productName, next: toSafeReturnTo(returnTo, parts.pages) });
      return { kind: 'page', page, cookies: answer.cookies };
    }
    const { refusal } = answer;
    return (
      leadToStepUp(parts, refusal, 'recoveryCodes', returnTo) ??
      offer(parts, call, returnTo, showRefusal(refusal, {}), refusal.status)
    );
  },
});

async function offer(
  parts: PageParts,
  call: PageCall,
  returnTo: string,
  shown: ShownRefusal = noRefusal,
  status = 200,
): Promise<PageAnswer> {
  const { pages } = parts;
  const answer = await call.identity<FactorsAnswer>('GET', '/auth/second-factor');
  if (answer.kind === 'refused')
    return leadToStepUp(parts, answer.refusal, 'recoveryCodes', returnTo) ?? refusedPage(answer.refusal);
  const { factors, recoveryCodesLeft } = answer.body;
  if (factors.length === 0) return { kind: 'redirect', to: withReturnTo(pages.secondFactorSetUp, returnTo, pages) };
  return {
    kind: 'page',
    status,
    page: {
      title: 'Recovery codes',
      lead: `You have ${recoveryCodesLeft} unused ${recoveryCodesLeft === 1 ? 'code' : 'codes'}. Making new ones ends the old ones.`,
      content: html`${shown.notice}
        <form method="post" action="${pages.recoveryCodes}">
          ${hiddenField('returnTo', askedPage(returnTo, pages))}
          ${submitButton({ label: 'Make new codes', pending: 'Making new codes…', waitSeconds: shown.waitSeconds })}
        </form>`,
      aside: html`<p><a href="${toSafeReturnTo(returnTo, pages)}">Back</a></p>
        ${signOutForm(pages)}`,
    },
  };
}
