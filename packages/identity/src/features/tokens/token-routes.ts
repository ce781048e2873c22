import { Hono, type Context } from 'hono';
import * as z from 'zod';
import {
  SallyportError,
  toOAuthError,
  toProblem,
  type RequestContext,
  type SecurityEventLog,
  type SessionStore,
} from '@sallyport/core';
import type { KernelEvent } from '../../events/kernel-events.ts';
import { accountFields } from '../../http/account-fields.ts';
import { answerFloor, type AnswerFloor } from '../../http/answer-floor.ts';
import type { IdentityEnvironment } from '../../http/identity-request.ts';
import { answerWithOAuthErrors } from '../../http/oauth-error-answers.ts';
import { readBody } from '../../http/request-body.ts';
import { toStoredUserAgent } from '../../sessions/device-label.ts';
import type { AskedForMore, SignInProof } from '../../sessions/required-assurance.ts';
import { readSignIn, signInWithPassword, type PasswordSignInParts } from '../../sign-in/password-sign-in.ts';
import type { ProgramDevice } from '../../sign-in/program-sign-ins.ts';
import { openFamily, type OpenFamilyParts } from './open-family.ts';
import { refresh, type RefreshParts } from './refresh.ts';
import { revokeRefreshToken } from './revoke-token.ts';
import type { TokenAnswer } from './token-answers.ts';
import type { TokenEvent } from './token-events.ts';

export interface TokenRouteParts extends AnswerFloor, PasswordSignInParts, OpenFamilyParts, RefreshParts {
  readonly publicUrl: string;
  readonly sessions: SessionStore;
  readonly events: SecurityEventLog<KernelEvent | TokenEvent>;
}

const device = accountFields.name.optional();
/** As it was given, which is shorter than any of these. */
const mfaToken = z.string().min(1, 'must not be empty').max(512, 'is too long');
const refreshToken = z.string().min(1, 'must not be empty').max(512, 'is too long');
const method = z.enum(['totp', 'email', 'sms', 'recovery-code']);

const signInSchema = z.strictObject({
  email: accountFields.email,
  password: accountFields.presentedPassword,
  device,
});
const secondFactorSchema = z.strictObject({
  mfa_token: mfaToken,
  method: method.default('totp'),
  code: z.string().trim().min(1, 'must not be empty').max(64, 'is too long'),
  device,
});
const sendSchema = z.strictObject({ mfa_token: mfaToken, method: z.enum(['email', 'sms']) });
const refreshSchema = z.strictObject({ refresh_token: refreshToken });

/**
 * First-party tokens: signing in with a password from a program, refreshing, revoking. What is asked of a password, of an
 * account and of its second factor is what is asked of browsers. Errors are those of RFC 6749, section 5.2, with the
 * members of a problem beside them.
 */
export function createTokenRoutes(parts: TokenRouteParts) {
  const { gates } = parts;
  const refuseAsked = (c: Context<IdentityEnvironment>, asked: AskedForMore): Response =>
    answerAsked(c, asked, new URL(parts.publicUrl).origin);

  return new Hono<IdentityEnvironment>()
    .use('/token', answerWithOAuthErrors)
    .use('/token/*', answerWithOAuthErrors)
    .post('/token', answerFloor(parts), async (c) => {
      const { context } = c.env;
      const { email, password, device: name } = await readSignIn(parts, c.req.raw, signInSchema, context);
      const program = deviceOf(c, name);
      const outcome = await signInWithPassword<TokenAnswer>(parts, {
        email,
        password,
        presentedDevice: '',
        client: 'program',
        context,
        make: (proof, onSettled) => openFamily(parts, proof, program, context, onSettled),
      });
      return outcome.kind === 'asked' ? refuseAsked(c, outcome) : c.json(outcome.made);
    })
    .post('/token/second-factor', async (c) => {
      const { context } = c.env;
      const body = await readBody(c.req.raw, secondFactorSchema);
      const proof = await gates.answer(body.mfa_token, { method: body.method, code: body.code }, context);
      return c.json(await completeProof(parts, proof, deviceOf(c, body.device), context));
    })
    .post('/token/second-factor/send', async (c) => {
      const { mfa_token, method: wanted } = await readBody(c.req.raw, sendSchema);
      const resendSeconds = await gates.send(mfa_token, wanted, c.env.context);
      return c.json({ status: 'code-sent' as const, resend_in: resendSeconds });
    })
    .post('/token/refresh', async (c) => {
      const { refresh_token } = await readBody(c.req.raw, refreshSchema);
      return c.json(await refresh(parts, refresh_token, c.env.context));
    })
    .post('/token/revoke', async (c) => {
      const { refresh_token } = await readBody(c.req.raw, refreshSchema);
      // RFC 7009, section 2.2: also of a token that is none.
      await revokeRefreshToken(parts, refresh_token, c.env.context);
      return c.json({});
    });
}

/** Both factors are right: what changed meanwhile makes this sign-in void, as in a browser. */
async function completeProof(
  parts: OpenFamilyParts,
  proof: SignInProof,
  program: ProgramDevice,
  context: RequestContext,
): Promise<TokenAnswer> {
  const made = await openFamily(parts, proof, program, context, async () => {});
  if (made === 'retry') throw new SallyportError('SP_SIGN_IN_EXPIRED', { reason: 'account-changed' });
  if (made === 'banned') throw new SallyportError('SP_SIGN_IN_EXPIRED', { reason: 'banned' });
  return made;
}

/** The first proof was right, and that is not enough: 401, and what the next request needs. */
export function answerAsked(
  c: Context<IdentityEnvironment>,
  { status, methods, handle, expiresInSeconds }: AskedForMore,
  documentationOrigin: string,
): Response {
  const isSetUp = status === 'second-factor-set-up-required';
  const code = isSetUp ? 'SP_SECOND_FACTOR_SET_UP_REQUIRED' : 'SP_SECOND_FACTOR_REQUIRED';
  const { requestId } = c.env.context;
  const problem = toProblem(new SallyportError(code, { reason: status }), { requestId, documentationOrigin });
  const { status: shown, headers, body } = toOAuthError(problem);
  const next = isSetUp ? {} : { mfa_token: handle, methods, expires_in: expiresInSeconds };
  return new Response(JSON.stringify({ ...body, ...next }), { status: shown, headers });
}

function deviceOf(c: Context<IdentityEnvironment>, name: string | undefined): ProgramDevice {
  return { name, userAgent: toStoredUserAgent(c.req.header('user-agent')) };
}
