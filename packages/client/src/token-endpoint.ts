import { reasonOf } from './abortable.ts';
import { ClientError, ownError } from './client-error.ts';

/** What the gateway gives for a password, a code or a refresh token (RFC 6749, section 5.1). */
export interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: string;
  /** Counted from the moment at which they were asked for. */
  readonly expiresInMilliseconds: number;
}

/** How a second factor can be given. */
export type SecondFactorMethod = 'totp' | 'email' | 'sms' | 'recovery-code';

/** The password was right, and a second factor is due. */
export interface SecondFactorDue {
  readonly mfaToken: string;
  readonly methods: readonly SecondFactorMethod[];
  readonly expiresInSeconds: number;
}

/** The JSON of an answer of the gateway itself, with its status. */
export interface TokenReply {
  readonly status: number;
  readonly retryAfterSeconds: number | undefined;
  /** Empty when the body is not an object of JSON: a proxy answered, or the way broke. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** Sends JSON to a path below `/auth` of the gateway. */
export type AskTokenEndpoint = (
  path:
    | '/token'
    | '/token/second-factor'
    | '/token/second-factor/send'
    | '/token/provider'
    | '/token/refresh'
    | '/token/revoke'
    | '/provider-flows',
  body: Readonly<Record<string, unknown>>,
  limits?: { readonly signal?: AbortSignal | undefined; readonly timeoutMilliseconds?: number | undefined },
) => Promise<TokenReply>;

/**
 * Builds it. No cookie is sent, and a redirect is never followed: 307 and 308 would send the password or the refresh token on
 * to wherever they lead. Rejects with `SP_CLIENT_UNAVAILABLE` when there is no whole answer in time, and with the reason of
 * the signal.
 */
export function createTokenEndpoint(gateway: string, send: typeof globalThis.fetch): AskTokenEndpoint {
  return async (path, body, { signal, timeoutMilliseconds = 30_000 } = {}) => {
    if (signal?.aborted === true) throw reasonOf(signal);
    const ending = new AbortController();
    const end = (): void => ending.abort();
    signal?.addEventListener('abort', end);
    const timer = setTimeout(end, timeoutMilliseconds);
    try {
      const answer = await send(`${gateway}/auth${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/json' },
        body: JSON.stringify(body),
        credentials: 'omit',
        redirect: 'error',
        cache: 'no-store',
        signal: ending.signal,
      });
      // React Native follows redirects whatever is asked. What another address says is no answer of the gateway.
      if (answer.redirected) throw new Error('redirected');
      return await toTokenReply(answer);
    } catch (cause) {
      if (ending.signal.aborted && signal?.aborted) throw reasonOf(signal);
      throw ownError('SP_CLIENT_UNAVAILABLE', undefined, { cause });
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
    }
  };
}

/** Reads an answer of the gateway to its end. */
export async function toTokenReply(answer: Response): Promise<TokenReply> {
  return {
    status: answer.status,
    retryAfterSeconds: parseRetryAfter(answer.headers.get('retry-after')),
    body: parseObject(await answer.text()),
  };
}

/** Reads tokens from an answer with 200. Throws `SP_CLIENT_ANSWER_INVALID` when it has none. */
export function parseTokens({ status, body }: TokenReply): Tokens {
  const { access_token: accessToken, refresh_token: refreshToken, expires_in: seconds } = body;
  const areGood =
    isText(accessToken) &&
    isText(refreshToken) &&
    typeof seconds === 'number' &&
    Number.isFinite(seconds) &&
    seconds > 0;
  if (status !== 200 || !areGood) throw ownError('SP_CLIENT_ANSWER_INVALID', undefined, { status });
  return { accessToken, refreshToken, expiresInMilliseconds: seconds * 1000 };
}

/** Reads an answer that asks for a second factor; `undefined` for any other. */
export function parseSecondFactorDue({ status, body }: TokenReply): SecondFactorDue | undefined {
  const { error, mfa_token: mfaToken, methods, expires_in: seconds } = body;
  if (status !== 401 || error !== 'mfa_required' || !isText(mfaToken)) return undefined;
  return {
    mfaToken,
    methods: Array.isArray(methods) ? methods.filter(isMethod) : [],
    expiresInSeconds: typeof seconds === 'number' ? seconds : 0,
  };
}

/** Whether an answer says that a refresh token, or what was given instead of one, is no good any more. */
export function isInvalidGrant({ status, body }: TokenReply): boolean {
  return status === 400 && body['error'] === 'invalid_grant';
}

/** Whether the gateway could not answer now, so that asking again later is right. */
export function isTemporary({ status, body }: TokenReply): boolean {
  return status === 429 || status >= 500 || body['error'] === 'temporarily_unavailable';
}

/** Makes an error of an answer that is none of those that were hoped for. */
export function toClientError(reply: TokenReply): ClientError {
  const { status, retryAfterSeconds, body } = reply;
  const { code, title, hint, requestId, errors } = body;
  const details = {
    status,
    retryAfterSeconds,
    requestId: isText(requestId) ? requestId : undefined,
    hint: isText(hint) ? hint : undefined,
    errors: Array.isArray(errors) ? errors.filter(isFieldError) : [],
  };
  if (isCode(code)) return new ClientError(code, isText(title) ? title : 'The gateway refused the request', details);
  if (isTemporary(reply)) return ownError('SP_CLIENT_UNAVAILABLE', undefined, details);
  return ownError('SP_CLIENT_ANSWER_INVALID', `status ${status} without a code`, details);
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
  } catch {
    return {};
  }
}

/** Seconds alone, as the gateway writes it; a date of a proxy is not compared with the clock of this machine. */
function parseRetryAfter(text: string | null): number | undefined {
  return text !== null && /^\d{1,6}$/.test(text) ? Number(text) : undefined;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function isCode(value: unknown): value is `SP_${string}` {
  return typeof value === 'string' && /^SP_[A-Z\d_]+$/.test(value);
}

function isMethod(value: unknown): value is SecondFactorMethod {
  return ['totp', 'email', 'sms', 'recovery-code'].includes(String(value));
}

function isFieldError(value: unknown): value is { readonly field: string; readonly message: string } {
  return typeof value === 'object' && value !== null && 'field' in value && 'message' in value;
}
