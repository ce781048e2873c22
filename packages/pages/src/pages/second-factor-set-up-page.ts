import {
  toSafeReturnTo,
  type ConfirmFactorAnswer,
  type FactorMethod,
  type FactorsAnswer,
  type PendingAnswer,
  type StartFactorAnswer,
} from '@sallyport/core';
import type { CreatePage, PageAnswer, PageCall, PageParts } from '../built-in-page.ts';
import type { FormFields } from '../forms/read-form.ts';
import { refusedPage } from '../forms/refused-page.ts';
import { noRefusal, showRefusal, type ShownRefusal } from '../forms/refusal-words.ts';
import type { IdentityAnswer, Refusal } from '../identity/call-identity.ts';
import { beginAgain } from './begin-again.ts';
import { confirmFactor, type BegunFactor } from './confirm-factor.ts';
import { chooseFactor } from './choose-factor.ts';
import { leadToStepUp } from './lead-to-step-up.ts';
import { savedCodes } from './saved-codes.ts';

/** Who sets up a factor, and with what they may. */
interface Enrolling {
  /** Whether this is the last step of a sign-in, for a user whose role demands a factor. */
  readonly isSignIn: boolean;
  readonly methods: readonly FactorMethod[];
}

const labels = { number: 'Phone number', code: 'Code' } as const;

/**
 * Sets up a second factor: at the end of a sign-in that demands one, or for the signed-in user. Nothing is begun before a
 * form is sent. The key of an authenticator app is shown in the answer to that form, and travels on in the next one.
 */
export const createSecondFactorSetUpPage: CreatePage = (parts) => ({
  name: 'secondFactorSetUp',
  get: (call) => choose(parts, call, call.query('method'), call.query('returnTo')),
  post: (call, form) => (form.of('do') === 'confirm' ? confirm(parts, call, form) : start(parts, call, form)),
});

async function choose(
  parts: PageParts,
  call: PageCall,
  method: string,
  returnTo: string,
  shown: ShownRefusal = noRefusal,
  typedNumber = '',
  status = 200,
): Promise<PageAnswer> {
  const found = await findEnrolling(call);
  if (found.kind === 'refused')
    return leadToStepUp(parts, found.refusal, 'secondFactorSetUp', returnTo) ?? refusedPage(found.refusal);
  const { methods, isSignIn } = found.body;
  const page = chooseFactor({ pages: parts.pages, methods, isSignIn, method, returnTo, shown, typedNumber });
  return { kind: 'page', status, page };
}

async function findEnrolling(call: PageCall): Promise<IdentityAnswer<Enrolling>> {
  const pending = await call.identity<PendingAnswer>('GET', '/auth/second-factor/pending');
  if (pending.kind === 'refused') return pending;
  if (pending.body.status === 'pending' && pending.body.purpose === 'set-up') {
    const methods = pending.body.methods.map(({ method }) => method);
    return { kind: 'done', body: { isSignIn: true, methods }, cookies: [] };
  }
  const own = await call.identity<FactorsAnswer>('GET', '/auth/second-factor');
  if (own.kind === 'refused') return own;
  return { kind: 'done', body: { isSignIn: false, methods: own.body.methods }, cookies: [] };
}

async function start(parts: PageParts, call: PageCall, form: FormFields): Promise<PageAnswer> {
  const [method, returnTo, number] = [form.of('method'), form.of('returnTo'), form.of('number')];
  if (!isFactorMethod(method)) return choose(parts, call, '', returnTo);
  const json = method === 'sms' ? { number } : {};
  const answer = await call.identity<StartFactorAnswer>('POST', `/auth/second-factor/${method}/start`, json);
  if (answer.kind === 'refused') {
    const { refusal } = answer;
    return (
      leadOn(parts, refusal, returnTo) ??
      choose(parts, call, method, returnTo, showRefusal(refusal, labels), number, refusal.status)
    );
  }
  const begun: BegunFactor =
    'uri' in answer.body
      ? { method: 'totp', uri: answer.body.uri }
      : { method: answer.body.method === 'sms' ? 'sms' : 'email', destination: answer.body.destination ?? '' };
  return { kind: 'page', page: confirmFactor(parts, begun, returnTo), cookies: answer.cookies };
}

async function confirm(parts: PageParts, call: PageCall, form: FormFields): Promise<PageAnswer> {
  const [method, returnTo, code] = [form.of('method'), form.of('returnTo'), form.of('code')];
  if (!isFactorMethod(method)) return choose(parts, call, '', returnTo);
  const answer = await call.identity<ConfirmFactorAnswer>('POST', `/auth/second-factor/${method}/confirm`, {
    code,
    ...(returnTo === '' ? {} : { returnTo }),
  });
  if (answer.kind === 'done') {
    const { body, cookies } = answer;
    const next = body.returnTo ?? toSafeReturnTo(returnTo, parts.pages);
    const news = body.status === 'signed-in' ? 'signed-in' : undefined;
    if (body.recoveryCodes === undefined) return { kind: 'redirect', to: next, cookies, news };
    const page = savedCodes({ codes: body.recoveryCodes, productName: parts.productName, next });
    return { kind: 'page', page, cookies, news };
  }
  const { refusal } = answer;
  const lead = leadOn(parts, refusal, returnTo);
  if (lead !== undefined) return lead;
  const begun: BegunFactor =
    method === 'totp' ? { method, uri: form.of('uri') } : { method, destination: form.of('destination') };
  const shown = showRefusal(refusal, labels);
  return { kind: 'page', status: refusal.status, page: confirmFactor(parts, begun, returnTo, shown, code) };
}

function leadOn(parts: PageParts, refusal: Refusal, returnTo: string): PageAnswer | undefined {
  if (refusal.code === 'SP_SIGN_IN_EXPIRED') return beginAgain(parts, returnTo, refusal.status);
  return leadToStepUp(parts, refusal, 'secondFactorSetUp', returnTo);
}

function isFactorMethod(text: string): text is FactorMethod {
  return text === 'totp' || text === 'email' || text === 'sms';
}
