import { Hono, type Context } from 'hono';
import * as z from 'zod';
import {
  networkOf,
  SallyportError,
  serializeSessionCookie,
  toSafeReturnTo,
  type PageTable,
  type ProviderCodeFlowAnswer,
  type SessionCookie,
  type SignInAnswer,
} from '@sallyport/core';
import type { AttemptLimiter } from '../../../accounts/attempt-limiter.ts';
import { toShownUser } from '../../../accounts/shown-user.ts';
import { createRowId } from '../../../database/row-id.ts';
import { accountFields } from '../../../http/account-fields.ts';
import type { IdentityEnvironment } from '../../../http/identity-request.ts';
import { answerWithOAuthErrors } from '../../../http/oauth-error-answers.ts';
import { readBody } from '../../../http/request-body.ts';
import type { SignUpCookie } from '../../../http/sign-up-cookie.ts';
import { toStoredUserAgent } from '../../../sessions/device-label.ts';
import type { ProgramSignIns } from '../../../sign-in/program-sign-ins.ts';
import { requireClient } from '../begin-flow.ts';
import { signInProgramWithProvider, signInWithProvider } from '../begin-session.ts';
import { beginHeldAnswer, type HeldAnswerParts } from '../held-answer.ts';
import { flowSeconds } from '../provider-flow.ts';
import type { CodeFlows } from './code-flow.ts';
import { redeemBroughtCode, type BroughtCodeParts } from './redeem-brought-code.ts';

export interface CodeRouteParts extends BroughtCodeParts, HeldAnswerParts {
  readonly codeFlows: CodeFlows;
  readonly attempts: AttemptLimiter;
  readonly programSignIns: Pick<ProgramSignIns, 'current'>;
  readonly pages: PageTable;
  readonly cookie: SessionCookie;
  readonly signUpCookie: SignUpCookie;
}

/** Addresses that one network may ask for: each costs no more than a signature, and none is kept. */
const beginLimit = { maxFailures: 600, windowSeconds: 900 } as const;

const beginSchema = z.strictObject({
  provider: z.string().min(1).max(32, 'is too long'),
  redirectUri: z.string().min(1).max(2000, 'is too long'),
  codeChallenge: z
    .string()
    .regex(/^[A-Za-z0-9_-]{43}$/, 'must be the S256 challenge of RFC 7636: 43 characters of base64url'),
});
const broughtFields = {
  flow: z.string().min(1).max(6000, 'is too long'),
  state: z.string().min(1).max(256, 'is too long'),
  code: z.string().min(1).max(4096, 'is too long'),
  codeVerifier: z.string().regex(/^[A-Za-z0-9\-._~]{43,128}$/, 'must be the code verifier of RFC 7636'),
  iss: z.string().min(1).max(512, 'is too long').optional(),
};
const programSchema = z.strictObject({ ...broughtFields, device: accountFields.name.optional() });
const browserSchema = z.strictObject({ ...broughtFields, returnTo: z.string().optional() });

/**
 * Sign-ins with providers whose code comes to a client instead of the callback of the gateway: an app, or the server of a
 * front end. The client begins a flow, leads its user to the provider, and brings the code with its verifier.
 */
export function createCodeRoutes(parts: CodeRouteParts) {
  return new Hono<IdentityEnvironment>()
    .post('/provider-flows', async (c) => {
      const { provider: id, redirectUri, codeChallenge } = await readBody(c.req.raw, beginSchema);
      await countBeginning(parts, c);
      const client = requireClient(parts, id);
      if (!client.provider.redirectUris.includes(redirectUri)) throw unlistedRedirectUri();
      const { flow, sealed } = parts.codeFlows.begin({ provider: id, redirectUri, codeChallenge });
      const { state, nonce } = flow;
      const url = await client.authorizationUrl({ redirectUri, state, nonce, codeChallenge, isFresh: false });
      return c.json({
        location: url.href,
        flow: sealed,
        state,
        expiresInSeconds: flowSeconds,
      } satisfies ProviderCodeFlowAnswer);
    })
    .use('/token/provider', answerWithOAuthErrors)
    .post('/token/provider', async (c) => {
      const programs = parts.programSignIns.current();
      if (programs === undefined) throw new SallyportError('SP_NOT_FOUND', { reason: 'no-first-party-tokens' });
      const { device: name, ...brought } = await readBody(c.req.raw, programSchema);
      const { context } = c.env;
      const program = { name, userAgent: toStoredUserAgent(c.req.header('user-agent')) };
      return redeemBroughtCode(parts, brought, context, async (provider, proof) => {
        // The time tells nothing of whether the address has an account.
        const holdBack = beginHeldAnswer(parts);
        const outcome = await signInProgramWithProvider(parts, provider, proof, { programs, program, context });
        if (outcome.kind === 'verification-sent') {
          await holdBack();
          throw new SallyportError('SP_EMAIL_UNVERIFIED', { reason: 'verification-sent' });
        }
        return outcome.kind === 'asked' ? programs.refuseAsked(c, outcome.asked) : c.json(outcome.made);
      });
    })
    .post('/sign-in/provider/code', async (c) => {
      const { returnTo, ...brought } = await readBody(c.req.raw, browserSchema);
      const { context } = c.env;
      const userAgent = toStoredUserAgent(c.req.header('user-agent'));
      return redeemBroughtCode(parts, brought, context, async (provider, proof) => {
        const holdBack = beginHeldAnswer(parts);
        const outcome = await signInWithProvider(parts, provider, proof, { userAgent, context });
        if (outcome.kind === 'verification-sent') await holdBack();
        return answerBrowser(parts, c, outcome, toSafeReturnTo(returnTo, parts.pages));
      });
    });
}

function answerBrowser(
  { cookie, lifetime, signUpCookie }: CodeRouteParts,
  c: Context<IdentityEnvironment>,
  outcome: Awaited<ReturnType<typeof signInWithProvider>>,
  returnTo: string,
): Response {
  if (outcome.kind === 'verification-sent') {
    // The answer tells nothing: where no account was made, the cookie is of none.
    signUpCookie.write(c, outcome.userId ?? createRowId());
    return c.json({ status: 'verification-sent' as const, returnTo });
  }
  if (outcome.kind === 'asked') {
    const { setCookie, status, methods } = outcome.asked;
    c.header('set-cookie', setCookie, { append: true });
    return c.json({ status, methods, returnTo } satisfies SignInAnswer);
  }
  const { token, user } = outcome.signedIn;
  c.header('set-cookie', serializeSessionCookie(cookie, token, lifetime.absoluteSeconds), { append: true });
  return c.json({ status: 'signed-in', user: toShownUser(user), returnTo } satisfies SignInAnswer);
}

async function countBeginning({ attempts }: CodeRouteParts, c: Context<IdentityEnvironment>): Promise<void> {
  const subject = networkOf(c.env.context.clientAddress);
  const attempt = await attempts.begin([{ name: 'provider-flow-begun', subject, limit: beginLimit }]);
  if (attempt.kind === 'allowed') return;
  const { retryAfterSeconds } = attempt;
  throw new SallyportError('SP_TOO_MANY_ATTEMPTS', { reason: 'provider-flows', retryAfterSeconds });
}

/** RFC 9700, section 2.1: compared by every character. Which ones are listed is not told. */
function unlistedRedirectUri(): SallyportError {
  return new SallyportError('SP_VALIDATION_FAILED', {
    reason: 'redirect-uri-not-listed',
    errors: [{ field: 'redirectUri', message: 'is not among the redirectUris of this provider in the configuration' }],
  });
}
