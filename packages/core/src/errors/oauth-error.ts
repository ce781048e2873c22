import type { ErrorCode } from './error-catalog.ts';
import type { Problem, ProblemResponse } from './problem.ts';

/**
 * A problem in the words of RFC 6749, section 5.2: a client of OAuth finds `error`, a client of ours `code`.
 */
export interface OAuthErrorResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Problem & { readonly error: string; readonly error_description: string };
}

/** What is said of a code. What is not here follows from its status. */
const errorOfCode: Partial<Record<ErrorCode, string>> = {
  SP_UNAUTHENTICATED: 'invalid_client',
  SP_FORBIDDEN: 'insufficient_scope',
  SP_TOKEN_TYPE_UNSUPPORTED: 'unsupported_token_type',
  SP_CREDENTIALS_INVALID: 'invalid_grant',
  SP_EMAIL_UNVERIFIED: 'invalid_grant',
  SP_CODE_INVALID: 'invalid_grant',
  SP_SIGN_IN_EXPIRED: 'invalid_grant',
  SP_REFRESH_TOKEN_INVALID: 'invalid_grant',
  SP_TOO_MANY_SESSIONS: 'invalid_grant',
  SP_PROVIDER_FLOW_INVALID: 'invalid_grant',
  SP_PROVIDER_UNTRUSTED: 'invalid_grant',
  SP_PROVIDER_EMAIL_MISSING: 'invalid_grant',
  SP_PROVIDER_SIGN_UP_OFF: 'invalid_grant',
  SP_ACCOUNT_DISABLED: 'invalid_grant',
  SP_CONFLICT: 'temporarily_unavailable',
  SP_SECOND_FACTOR_REQUIRED: 'mfa_required',
  SP_SECOND_FACTOR_SET_UP_REQUIRED: 'mfa_set_up_required',
};

/** RFC 6749, section 5.2 leaves these two out, and everything beyond ASCII. */
const notDescriptive = /["\\]|[^\x20-\x7e]/g;

/**
 * Says a problem in the words of RFC 6749. Everything about the request or the grant is 400, as section 5.2 has it; statuses
 * that say more (413, 415, 429, 503) stay.
 */
export function toOAuthError({ status, headers, body }: ProblemResponse): OAuthErrorResponse {
  const error = errorOfCode[body.code] ?? errorOfStatus(status);
  const isGrant = error === 'invalid_grant' || (error === 'invalid_request' && (status === 401 || status === 422));
  const shown = isGrant ? 400 : status;
  const { 'www-authenticate': challenge, ...others } = headers;
  const fields = body.errors?.map(({ field, message }) => `${field} ${message}`).join('; ');
  const sentences = [`${body.title}.`, ...(fields === undefined ? [] : [`${fields}.`]), body.hint];
  return {
    status: shown,
    headers: {
      ...others,
      'content-type': 'application/json',
      pragma: 'no-cache',
      ...(shown === 401 && challenge !== undefined ? { 'www-authenticate': challenge } : {}),
    },
    body: {
      error,
      error_description: sentences.join(' ').replace(notDescriptive, "'"),
      ...body,
      status: shown,
    },
  };
}

function errorOfStatus(status: number): string {
  if (status === 429 || status === 503) return 'temporarily_unavailable';
  return status >= 500 ? 'server_error' : 'invalid_request';
}
