import { Hono, type Context } from 'hono';
import {
  networkOf,
  pageUrl,
  SallyportError,
  serializeSessionCookie,
  type PageTable,
  type RequestContext,
  type SecurityEventLog,
  type SessionCookie,
  type SessionDirectory,
} from '@sallyport/core';
import type { AttemptLimiter } from '../../accounts/attempt-limiter.ts';
import { createRowId } from '../../database/row-id.ts';
import { whereOf } from '../../events/audit-context.ts';
import type { KernelEvent } from '../../events/kernel-events.ts';
import type { IdentityEnvironment } from '../../http/identity-request.ts';
import type { SignUpCookie } from '../../http/sign-up-cookie.ts';
import { toStoredUserAgent } from '../../sessions/device-label.ts';
import { requestOf, requireClient, type FlowParts } from './begin-flow.ts';
import { signInWithProvider, type ProviderSignInParts } from './begin-session.ts';
import { answerInAddress, answerInCookie, readPostedAnswer } from './callback-answer.ts';
import { confirmSession, connectToSession, type ConnectParts } from './connect-provider.ts';
import type { ExternalProof } from './external-proof.ts';
import { beginHeldAnswer, type HeldAnswerParts } from './held-answer.ts';
import type { ProviderClient } from './provider-client.ts';
import type { ProviderEvent } from './provider-events.ts';
import type { ProviderCookie } from './provider-cookies.ts';
import { flowSeconds, type ProviderFlow } from './provider-flow.ts';
import { refuse } from './provider-refusal.ts';
import type { UsedAnswers } from './used-answers.ts';

export interface CallbackParts extends FlowParts, ConnectParts, ProviderSignInParts, HeldAnswerParts {
  readonly events: SecurityEventLog<KernelEvent | ProviderEvent>;
  readonly pages: PageTable;
  readonly cookie: SessionCookie;
  readonly answerCookie: ProviderCookie;
  readonly signUpCookie: SignUpCookie;
  readonly directory: SessionDirectory;
  readonly usedAnswers: UsedAnswers;
  readonly attempts: AttemptLimiter;
}

/** Refused answers of one network, beyond which none is looked at and no event written. */
const refusalLimit = { maxFailures: 200, windowSeconds: 900 } as const;

/**
 * The callback: where a provider leads the browser back to. No session is looked at here, since the request comes from
 * another site; what belongs to the browser is in the cookie of its flow. A reader is led on to a page, also by a refusal;
 * a program gets the problem.
 */
export function createCallbackRoutes(parts: CallbackParts) {
  const { answerCookie } = parts;
  return new Hono<IdentityEnvironment>()
    .get('/callback/:provider', async (c) => {
      const client = requireClient(parts, c.req.param('provider'));
      const inAddress = answerInAddress(c.req.url);
      const answer = inAddress ?? answerInCookie(answerCookie.read(c.req.raw));
      if (inAddress === undefined) c.header('set-cookie', answerCookie.cleared, { append: true });
      return answerCallback(parts, c, client, answer);
    })
    .post('/callback/:provider', async (c) => {
      const { provider } = requireClient(parts, c.req.param('provider'));
      if (provider.responseMode !== 'form_post')
        throw new SallyportError('SP_METHOD_NOT_ALLOWED', { reason: 'not-form-post', allow: ['GET', 'HEAD'] });
      c.header('set-cookie', answerCookie.write(await readPostedAnswer(c.req.raw)), { append: true });
      // 303: the browser navigates by GET, and then sends the cookie of the flow, which a post of another site has not.
      return c.redirect(`/auth/callback/${provider.id}`, 303);
    });
}

async function answerCallback(
  parts: CallbackParts,
  c: Context<IdentityEnvironment>,
  client: ProviderClient,
  answer: URLSearchParams,
): Promise<Response> {
  const { context } = c.env;
  const { id } = client.provider;
  let flow: ProviderFlow | undefined;
  const attempt = await parts.attempts.begin([
    { name: 'provider-callback', subject: networkOf(context.clientAddress), limit: refusalLimit },
  ]);
  try {
    if (attempt.kind === 'limited') {
      const { retryAfterSeconds } = attempt;
      throw new SallyportError('SP_TOO_MANY_ATTEMPTS', { reason: 'provider-callbacks', retryAfterSeconds });
    }
    flow = parts.flows.require(answer.get('state'), id, parts.flowCookie.read(c.req.raw));
    // Whatever comes of it: an answer is looked at once.
    const isFirst = await parts.usedAnswers.use(parts.flows.nameOf(flow), endOf(flow));
    if (!isFirst) throw refuse('callback-replayed');
    if (!answer.has('code') && !answer.has('error')) throw refuse('code-missing');
    const begunAt = new Date(flow.begunAt);
    const proof = await client.redeem({ ...requestOf(parts, flow), parameters: answer, begunAt });
    const to = await finish(parts, c, client, flow, proof);
    c.header('set-cookie', parts.flowCookie.cleared, { append: true });
    await attempt.giveBack().catch(() => {});
    return c.redirect(to, 303);
  } catch (error) {
    if (!(error instanceof SallyportError)) throw error;
    const isNoted = attempt.kind === 'allowed' || attempt.isFirst;
    if (isNoted && error.status < 500) await noteRefusal(parts, id, error, context);
    else if (isNoted && error.code === 'SP_PROVIDER_UNAVAILABLE') await noteRefusal(parts, id, error, context);
    if (!isForReader(c.req.raw)) throw error;
    context.noteRefusal?.(error.code, error.reason);
    if (flow !== undefined) c.header('set-cookie', parts.flowCookie.cleared, { append: true });
    return c.redirect(pageOfRefusal(parts.pages, id, error, flow), 303);
  }
}

/** Does what the flow was begun for, and resolves to the page that comes next. */
async function finish(
  parts: CallbackParts,
  c: Context<IdentityEnvironment>,
  { provider }: ProviderClient,
  { purpose, sid, returnTo }: ProviderFlow,
  proof: ExternalProof,
): Promise<string> {
  const { pages, cookie, lifetime, directory, signUpCookie } = parts;
  const setCookie = (value: string): void => c.header('set-cookie', value, { append: true });
  if (purpose === 'connect') {
    await connectToSession(parts, provider, proof, sid, c.env.context);
    return returnTo ?? pages.security;
  }
  if (purpose === 'confirm') {
    setCookie(await confirmSession(parts, provider, proof, sid, c.env.context));
    return returnTo ?? pages.security;
  }
  // The session that the browser had when it began: no request from another site may speak for it.
  const before = sid === undefined ? null : await directory.bySid(sid);
  const context = before === null ? c.env.context : { ...c.env.context, caller: before.principal };
  const userAgent = toStoredUserAgent(c.req.header('user-agent'));
  const holdBack = beginHeldAnswer(parts);
  const outcome = await signInWithProvider(parts, provider, proof, { userAgent, context });
  if (outcome.kind === 'verification-sent') {
    // The time tells nothing of whether the address has an account.
    await holdBack();
    // Nor does the answer: where no account was made, the cookie is of none.
    signUpCookie.write(c, outcome.userId ?? createRowId());
    return pages.checkMail;
  }
  if (outcome.kind === 'asked') {
    const { setCookie: pending, status } = outcome.asked;
    setCookie(pending);
    const page = status === 'second-factor-required' ? pages.secondFactor : pages.secondFactorSetUp;
    return pageUrl(page, { returnTo });
  }
  setCookie(serializeSessionCookie(cookie, outcome.signedIn.token, lifetime.absoluteSeconds));
  return returnTo ?? '/';
}

/** Pages and custom pages read these parameters: the provider, the code of the refusal, and where to go after another try. */
function pageOfRefusal(
  pages: PageTable,
  provider: string,
  { code }: SallyportError,
  flow: ProviderFlow | undefined,
): string {
  const asked = { provider, refused: code, returnTo: flow?.returnTo };
  if (flow?.purpose === 'connect') return withRefusal(flow.returnTo ?? pages.security, provider, code);
  return pageUrl(flow?.purpose === 'confirm' ? pages.stepUp : pages.signIn, asked);
}

/** The page that asked says why nothing was connected. Its own query stays. */
function withRefusal(path: string, provider: string, code: string): string {
  const url = new URL(path, 'http://origin.invalid');
  url.searchParams.set('provider', provider);
  url.searchParams.set('refused', code);
  return `${url.pathname}${url.search}${url.hash}`;
}

/** Whether a browser shows the answer itself, instead of a script or program that reads it. */
function isForReader({ headers }: Request): boolean {
  const mode = headers.get('sec-fetch-mode');
  return mode === null ? (headers.get('accept') ?? '').includes('text/html') : mode === 'navigate';
}

function endOf({ begunAt }: ProviderFlow): Date {
  // As long as its state is accepted anywhere, by clocks that differ a little.
  return new Date(begunAt + (flowSeconds + 120) * 1000);
}

async function noteRefusal(
  { events, now }: CallbackParts,
  provider: string,
  { reason = 'unknown' }: SallyportError,
  context: RequestContext,
): Promise<void> {
  await events.append({
    type: 'provider.sign-in-refused',
    at: now(),
    outcome: 'refused',
    ...whereOf(context),
    details: { provider, reason },
  });
}
