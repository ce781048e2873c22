import { startStopwatch } from './stopwatch.ts';
import {
  parseSecondFactorDue,
  parseTokens,
  toClientError,
  type AskTokenEndpoint,
  type SecondFactorDue,
  type SecondFactorMethod,
  type TokenReply,
} from './token-endpoint.ts';
import type { TokenKeeper } from './token-keeper.ts';

export interface PasswordSignInOptions {
  readonly email: string;
  readonly password: string;
  /** What the owner reads in the list of devices. @default `device` of the client */
  readonly device?: string;
  readonly signal?: AbortSignal;
}

export interface SecondFactorOptions {
  readonly code: string;
  /** @default "totp" */
  readonly method?: SecondFactorMethod;
  readonly signal?: AbortSignal;
}

/** The password was right, and a second factor is due: what to show, and how to go on. */
export interface SecondFactorStep {
  readonly kind: 'second-factor';
  /** What the account can answer with. */
  readonly methods: readonly SecondFactorMethod[];
  /** How long this step is good for. */
  readonly expiresInSeconds: number;
  /**
   * Completes the sign-in. Rejects with `SP_CODE_INVALID` (ask for another code), `SP_SIGN_IN_EXPIRED` (begin again),
   * `SP_TOO_MANY_ATTEMPTS`, `SP_CLIENT_UNAVAILABLE` or `SP_CLIENT_STORAGE_FAILED`.
   */
  answer(options: SecondFactorOptions): Promise<void>;
  /**
   * Has a code sent, and resolves to the seconds until another one may be asked for. Rejects with `SP_SIGN_IN_EXPIRED`,
   * `SP_NOT_FOUND` (not a method of this account), `SP_TOO_MANY_ATTEMPTS` or `SP_CLIENT_UNAVAILABLE`.
   */
  sendCode(method: 'email' | 'sms', options?: { readonly signal?: AbortSignal }): Promise<number>;
}

/** What a right password leads to. */
export type SignInOutcome = { readonly kind: 'signed-in' } | SecondFactorStep;

/** Signs in with a password; see `Client.signIn`. */
export async function signInWithPassword(
  ask: AskTokenEndpoint,
  keeper: Pick<TokenKeeper, 'begin'>,
  { email, password, device, signal }: PasswordSignInOptions,
): Promise<SignInOutcome> {
  const named = device === undefined ? {} : { device };
  const elapsed = startStopwatch();
  const reply = await ask('/token', { email, password, ...named }, { signal });
  return finishSignIn({ ask, keeper, named, elapsed }, reply);
}

/** Who signs in, and since when the answer was asked for. */
export interface SignInParts {
  readonly ask: AskTokenEndpoint;
  readonly keeper: Pick<TokenKeeper, 'begin'>;
  readonly named: { readonly device?: string };
  readonly elapsed: ReturnType<typeof startStopwatch>;
}

/** Keeps the tokens of an answer, or says that a second factor is due. */
export async function finishSignIn(
  { ask, keeper, named, elapsed }: SignInParts,
  reply: TokenReply,
): Promise<SignInOutcome> {
  const due = parseSecondFactorDue(reply);
  if (due !== undefined) return toStep(ask, keeper, due, named);
  await keeper.begin(parseTokens(require200(reply)), elapsed);
  return { kind: 'signed-in' };
}

function toStep(
  ask: AskTokenEndpoint,
  keeper: Pick<TokenKeeper, 'begin'>,
  { mfaToken, methods, expiresInSeconds }: SecondFactorDue,
  named: { readonly device?: string },
): SecondFactorStep {
  return {
    kind: 'second-factor',
    methods,
    expiresInSeconds,
    async answer({ code, method = 'totp', signal }) {
      const elapsed = startStopwatch();
      const reply = await ask('/token/second-factor', { mfa_token: mfaToken, code, method, ...named }, { signal });
      await keeper.begin(parseTokens(require200(reply)), elapsed);
    },
    async sendCode(method, { signal } = {}) {
      const { body } = require200(await ask('/token/second-factor/send', { mfa_token: mfaToken, method }, { signal }));
      return typeof body['resend_in'] === 'number' ? body['resend_in'] : 0;
    },
  };
}

function require200(reply: TokenReply): TokenReply {
  if (reply.status === 200) return reply;
  throw toClientError(reply);
}
