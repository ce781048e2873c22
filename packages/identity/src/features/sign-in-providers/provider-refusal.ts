import { SallyportError, type ErrorCode } from '@sallyport/core';

/**
 * Every reason for which a sign-in with an identity provider is refused: the word of its event and of the log, and the
 * error that the caller meets.
 */
export const providerRefusals = {
  'flow-unknown': 'SP_PROVIDER_FLOW_INVALID',
  'flow-expired': 'SP_PROVIDER_FLOW_INVALID',
  'flow-of-another-browser': 'SP_PROVIDER_FLOW_INVALID',
  'flow-of-another-provider': 'SP_PROVIDER_FLOW_INVALID',
  'callback-replayed': 'SP_PROVIDER_FLOW_INVALID',
  'code-missing': 'SP_PROVIDER_FLOW_INVALID',
  'flow-of-another-client': 'SP_PROVIDER_FLOW_INVALID',
  'code-verifier-wrong': 'SP_PROVIDER_FLOW_INVALID',
  'session-ended': 'SP_PROVIDER_FLOW_INVALID',
  cancelled: 'SP_PROVIDER_CANCELLED',
  'provider-unreachable': 'SP_PROVIDER_UNAVAILABLE',
  'provider-slow': 'SP_PROVIDER_UNAVAILABLE',
  'provider-failed': 'SP_PROVIDER_UNAVAILABLE',
  'provider-answer-too-large': 'SP_PROVIDER_UNAVAILABLE',
  'discovery-invalid': 'SP_PROVIDER_UNAVAILABLE',
  'client-refused': 'SP_PROVIDER_UNAVAILABLE',
  'refresh-refused': 'SP_PROVIDER_UNAVAILABLE',
  'provider-paused': 'SP_PROVIDER_UNAVAILABLE',
  'too-many-refreshes': 'SP_PROVIDER_UNAVAILABLE',
  'grant-ended': 'SP_PROVIDER_SIGN_IN_REQUIRED',
  'provider-not-connected': 'SP_PROVIDER_NOT_CONNECTED',
  'client-secret-missing': 'SP_PROVIDER_UNAVAILABLE',
  'authorization-refused': 'SP_PROVIDER_UNTRUSTED',
  'code-refused': 'SP_PROVIDER_UNTRUSTED',
  'token-answer-invalid': 'SP_PROVIDER_UNTRUSTED',
  'response-iss-wrong': 'SP_PROVIDER_UNTRUSTED',
  'response-iss-missing': 'SP_PROVIDER_UNTRUSTED',
  'id-token-missing': 'SP_PROVIDER_UNTRUSTED',
  'id-token-invalid': 'SP_PROVIDER_UNTRUSTED',
  'id-token-iss-wrong': 'SP_PROVIDER_UNTRUSTED',
  'id-token-aud-wrong': 'SP_PROVIDER_UNTRUSTED',
  'id-token-azp-wrong': 'SP_PROVIDER_UNTRUSTED',
  'id-token-nonce-wrong': 'SP_PROVIDER_UNTRUSTED',
  'id-token-nonce-missing': 'SP_PROVIDER_UNTRUSTED',
  'id-token-expired': 'SP_PROVIDER_UNTRUSTED',
  'id-token-sub-missing': 'SP_PROVIDER_UNTRUSTED',
  'id-token-algorithm-refused': 'SP_PROVIDER_UNTRUSTED',
  'id-token-signature-wrong': 'SP_PROVIDER_UNTRUSTED',
  'id-token-key-unknown': 'SP_PROVIDER_UNTRUSTED',
  'userinfo-sub-wrong': 'SP_PROVIDER_UNTRUSTED',
  'sign-in-not-fresh': 'SP_PROVIDER_NOT_FRESH',
  'email-missing': 'SP_PROVIDER_EMAIL_MISSING',
  'sign-up-off': 'SP_PROVIDER_SIGN_UP_OFF',
  'account-unconfirmed': 'SP_EMAIL_UNVERIFIED',
  banned: 'SP_ACCOUNT_DISABLED',
  'connected-elsewhere': 'SP_PROVIDER_CONNECTED_ELSEWHERE',
  'another-identity': 'SP_PROVIDER_CONNECTED_ELSEWHERE',
  'second-factor-due': 'SP_STEP_UP_REQUIRED',
} as const satisfies Readonly<Record<string, ErrorCode>>;

/** Why a sign-in with an identity provider is refused. */
export type ProviderRefusal = keyof typeof providerRefusals;

/** The error of a refusal. Its cause is for the log, and may hold nothing of what the provider answered. */
export function refuse(reason: ProviderRefusal, cause?: unknown): SallyportError {
  const code = providerRefusals[reason];
  return new SallyportError(code, {
    reason,
    ...(cause === undefined ? {} : { cause }),
    ...(code === 'SP_STEP_UP_REQUIRED' ? { stepUp: { acr: 'mfa' as const } } : {}),
  });
}
