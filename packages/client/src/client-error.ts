/** What went wrong in a request of an error of the gateway. */
export interface ClientErrorDetails {
  /** Status of the answer; absent when there was none. */
  readonly status?: number | undefined;
  /** When to ask again, as the gateway said. */
  readonly retryAfterSeconds?: number | undefined;
  /** What the log of the gateway names the request. */
  readonly requestId?: string | undefined;
  /** What to do, in a sentence of the gateway. */
  readonly hint?: string | undefined;
  /** Fields of what was sent that are wrong. */
  readonly errors?: readonly { readonly field: string; readonly message: string }[] | undefined;
  readonly cause?: unknown;
}

/** Sentences for failures that begin in this package. */
const titles = {
  SP_CLIENT_OPTIONS_INVALID: 'The options of the client are wrong',
  SP_CLIENT_SIGNED_OUT: 'No one is signed in',
  SP_CLIENT_UNAVAILABLE: 'The gateway cannot be reached, or cannot answer',
  SP_CLIENT_ORIGIN_REFUSED: 'The token goes to the origin of the gateway alone',
  SP_CLIENT_REDIRECTED: 'The answer is a redirect, and the token is not sent on',
  SP_CLIENT_BODY_SPENT: 'The token was refused, and a body that is a stream cannot be sent again',
  SP_CLIENT_ANSWER_INVALID: 'The answer is not one of a gateway',
  SP_CLIENT_STORAGE_FAILED: 'The storage of the refresh token failed',
} as const;

/** Codes of failures that begin in this package. What the gateway refuses has the code of the gateway. */
export type ClientErrorCode = keyof typeof titles;

/**
 * A failure of the client: one of its own (`SP_CLIENT_…`), or a refusal of the gateway with the gateway's code, such as
 * `SP_CREDENTIALS_INVALID`, `SP_CODE_INVALID`, `SP_SIGN_IN_EXPIRED`, `SP_SECOND_FACTOR_SET_UP_REQUIRED` or
 * `SP_TOO_MANY_ATTEMPTS`. It never holds a token, a password or a code.
 *
 * @example
 * ```ts
 * try {
 *   await client.fetch('/api/shop/products');
 * } catch (error) {
 *   if (error instanceof ClientError && error.code === 'SP_CLIENT_SIGNED_OUT') showSignIn();
 *   else throw error;
 * }
 * ```
 */
export class ClientError extends Error {
  override readonly name = 'ClientError';
  /** Compare this, never the message. */
  readonly code: `SP_${string}`;
  readonly status: number | undefined;
  readonly retryAfterSeconds: number | undefined;
  readonly requestId: string | undefined;
  readonly hint: string | undefined;
  readonly errors: readonly { readonly field: string; readonly message: string }[];

  constructor(code: `SP_${string}`, message: string, details: ClientErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.status = details.status;
    this.retryAfterSeconds = details.retryAfterSeconds;
    this.requestId = details.requestId;
    this.hint = details.hint;
    this.errors = details.errors ?? [];
  }
}

/** Builds a failure of this package; `more` ends the sentence. */
export function ownError(code: ClientErrorCode, more?: string, details?: ClientErrorDetails): ClientError {
  return new ClientError(code, more === undefined ? titles[code] : `${titles[code]}: ${more}`, details);
}

/** Whether an error is one of the client with this code. */
export function hasCode(error: unknown, code: ClientErrorCode): boolean {
  return error instanceof ClientError && error.code === code;
}
