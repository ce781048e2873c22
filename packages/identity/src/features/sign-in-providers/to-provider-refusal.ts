import { causesOf, SallyportError } from '@sallyport/core';
import * as client from 'openid-client';
import { refuse, type ProviderRefusal } from './provider-refusal.ts';

/** Errors of an authorization answer that say that the provider cannot serve now (RFC 6749, section 4.1.2.1). */
const outages = ['server_error', 'temporarily_unavailable'];

/** The word of RFC 6749, and that of Apple. */
const cancellations = ['access_denied', 'user_cancelled_authorize'];

const claimRefusals: Readonly<Record<string, ProviderRefusal>> = {
  iss: 'id-token-iss-wrong',
  aud: 'id-token-aud-wrong',
  azp: 'id-token-azp-wrong',
  nonce: 'id-token-nonce-wrong',
};

const codeRefusals: Readonly<Record<string, ProviderRefusal>> = {
  OAUTH_TIMEOUT: 'provider-slow',
  OAUTH_ABORT: 'provider-slow',
  OAUTH_JWT_TIMESTAMP_CHECK_FAILED: 'id-token-expired',
  OAUTH_KEY_SELECTION_FAILED: 'id-token-key-unknown',
  OAUTH_RESPONSE_IS_NOT_CONFORM: 'provider-failed',
  OAUTH_RESPONSE_IS_NOT_JSON: 'provider-failed',
  OAUTH_PARSE_ERROR: 'provider-failed',
  OAUTH_UNSUPPORTED_OPERATION: 'id-token-algorithm-refused',
};

/**
 * Says why openid-client refused what a provider answered. Nothing of what was answered goes along: only the kind of the
 * failure is known from here on.
 */
export function toProviderRefusal(error: unknown): SallyportError {
  if (error instanceof SallyportError) return error;
  const own = causesOf(error).find((cause) => cause instanceof SallyportError);
  if (own !== undefined) return own;
  if (error instanceof client.AuthorizationResponseError) {
    if (cancellations.includes(error.error)) return refuse('cancelled');
    return refuse(outages.includes(error.error) ? 'provider-failed' : 'authorization-refused');
  }
  if (error instanceof client.ResponseBodyError) {
    if (error.error === 'invalid_grant') return refuse('code-refused');
    return refuse(['invalid_client', 'unauthorized_client'].includes(error.error) ? 'client-refused' : 'code-refused');
  }
  if (error instanceof client.WWWAuthenticateChallengeError) return refuse('client-refused');
  const claim = claimOf(error);
  const byClaim = claim === undefined ? undefined : claimRefusals[claim];
  if (byClaim !== undefined) return refuse(byClaim);
  const code = codeOf(error);
  if (code !== undefined && codeRefusals[code] !== undefined) return refuse(codeRefusals[code]);
  return refuse(refusalOfMessage(messagesOf(error)));
}

/**
 * The same of a refresh or a revocation, in which no user takes part: the grant has ended, or the provider does not answer as
 * it should, and nothing else.
 */
export function toRefreshRefusal(error: unknown): SallyportError {
  if (error instanceof client.ResponseBodyError && error.error === 'invalid_grant') return refuse('grant-ended');
  const refusal = toProviderRefusal(error);
  return refusal.code === 'SP_PROVIDER_UNAVAILABLE' ? refusal : refuse('refresh-refused');
}

/** The library tells these apart by nothing but their sentences. */
function refusalOfMessage(text: string): ProviderRefusal {
  if (/"alg"/.test(text)) return 'id-token-algorithm-refused';
  if (/"nonce".*missing/.test(text)) return 'id-token-nonce-missing';
  if (/"sub"/.test(text)) return 'id-token-sub-missing';
  if (/"id_token"/.test(text)) return 'id-token-missing';
  if (/signature verification failed/.test(text)) return 'id-token-signature-wrong';
  if (/response parameter "iss"/.test(text)) return 'response-iss-missing';
  if (/"iss" \(issuer\) response parameter/.test(text)) return 'response-iss-wrong';
  if (/JW[STE]|JWT/.test(text)) return 'id-token-invalid';
  return 'token-answer-invalid';
}

/** The claim that was compared, which the library keeps in a cause that is no error. */
function claimOf(error: unknown): string | undefined {
  for (const { cause } of causesOf(error))
    if (typeof cause === 'object' && cause !== null && 'claim' in cause && typeof cause.claim === 'string')
      return cause.claim;
  return undefined;
}

function codeOf(error: unknown): string | undefined {
  for (const cause of causesOf(error)) if ('code' in cause && typeof cause.code === 'string') return cause.code;
  return undefined;
}

function messagesOf(error: unknown): string {
  return causesOf(error)
    .map(({ message }) => message)
    .join('\n');
}
