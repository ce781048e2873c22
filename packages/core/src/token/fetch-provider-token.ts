import * as z from 'zod';
import type { ErrorCode } from '../errors/error-catalog.ts';
import { providerIdForm } from '../options/provider-secrets.ts';
import { callInternalListener, factsOfRefusal, failureOf } from './call-internal-listener.ts';
import { internalProviderTokensPath } from './internal-token.ts';
import { ProviderTokenError, type ProviderTokenErrorKind } from './provider-token-error.ts';

/** The access token of an identity provider, to act there for its user. It belongs into no log, no address and no browser. */
export interface ProviderToken {
  readonly provider: string;
  readonly accessToken: string;
  /** `undefined` where the provider does not say. The gateway hands out tokens that live for a while yet. */
  readonly expiresAt: Date | undefined;
  /** What it is good for; empty where the provider did not say. */
  readonly scopes: readonly string[];
}

/** Where and for which user a token is asked. */
export interface ProviderTokenRequest {
  /** Origin of the internal listener of the gateway. */
  readonly internalUrl: string;
  readonly provider: string;
  /** The `Authorization` that the gateway attached to the request of the user: the internal token of this service. */
  readonly authorization: string | undefined;
  readonly requestId?: string | undefined;
  /** @default 15000: a provider that is asked for a new one may take some seconds */
  readonly timeoutMilliseconds?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

const answerSchema = z.object({
  provider: z.string(),
  access_token: z.string().min(1),
  token_type: z.literal('Bearer'),
  expires_at: z.iso.datetime().optional(),
  scope: z.string().optional(),
});

/** Far more than any answer. */
const maxAnswerLength = 262_144;

/**
 * Asks the internal listener of the gateway for the access token that an identity provider gave for a user. Never follows a
 * redirect.
 *
 * @throws ProviderTokenError, TypeError for what is no name of a provider, and the reason of `signal`.
 */
export async function fetchProviderToken(request: ProviderTokenRequest): Promise<ProviderToken> {
  const { internalUrl, provider, authorization, requestId, timeoutMilliseconds = 15_000, signal } = request;
  if (!providerIdForm.test(provider)) throw new TypeError('the name of an identity provider is such as "google"');
  const answer = await callInternalListener({
    url: `${internalUrl}${internalProviderTokensPath}/${provider}`,
    authorization,
    requestId,
    timeoutMilliseconds,
    signal,
    maxAnswerLength,
    createError: (kind, message, facts) => new ProviderTokenError(kind, message, facts),
  });
  if (answer.status === 200) return readToken(answer.body, provider);
  const facts = factsOfRefusal(answer);
  const kind = kindOf(answer.status, facts.code);
  throw new ProviderTokenError(kind, `the gateway hands out no token: ${kind}`, facts);
}

function readToken(body: unknown, provider: string): ProviderToken {
  const parsed = answerSchema.safeParse(body);
  if (!parsed.success || parsed.data.provider !== provider)
    throw new ProviderTokenError('unreadable', 'what answered is not the internal listener of a gateway', {
      status: 200,
    });
  const { access_token: accessToken, expires_at: end, scope = '' } = parsed.data;
  return {
    provider,
    accessToken,
    expiresAt: end === undefined ? undefined : new Date(end),
    scopes: scope.split(' ').filter((word) => word !== ''),
  };
}

function kindOf(status: number, code: ErrorCode | undefined): ProviderTokenErrorKind {
  const isUnavailable = status === 429 || status >= 500;
  if (!isUnavailable && code === 'SP_PROVIDER_SIGN_IN_REQUIRED') return 'sign-in-required';
  if (!isUnavailable && code === 'SP_PROVIDER_NOT_CONNECTED') return 'not-connected';
  return failureOf(status, code);
}
