import * as z from 'zod';
import { errorCatalog, type ErrorCode } from '../errors/error-catalog.ts';
import { providerIdForm } from '../options/provider-secrets.ts';
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
const problemSchema = z.object({ code: z.string(), requestId: z.string().optional().catch(undefined) });

/** RFC 6750, section 2.1. */
const bearerForm = /^bearer [A-Za-z0-9\-._~+/]+=*$/i;
/** Far more than any answer. */
const maxAnswerLength = 262_144;

/**
 * Asks the internal listener of the gateway for the access token that an identity provider gave for a user. Never follows a
 * redirect.
 *
 * @throws ProviderTokenError, TypeError for what is no name of a provider, and the reason of `signal`.
 */
export async function fetchProviderToken(request: ProviderTokenRequest): Promise<ProviderToken> {
  const { internalUrl, provider, authorization = '', requestId, timeoutMilliseconds = 15_000, signal } = request;
  if (!providerIdForm.test(provider)) throw new TypeError('the name of an identity provider is such as "google"');
  if (!bearerForm.test(authorization))
    throw new ProviderTokenError('caller-unknown', 'there is no token of a user to ask with');
  const timeout = AbortSignal.timeout(timeoutMilliseconds);
  let response: Response;
  let text: string;
  try {
    response = await fetch(`${internalUrl}${internalProviderTokensPath}/${provider}`, {
      headers: {
        accept: 'application/json',
        authorization,
        ...(requestId === undefined ? {} : { 'x-request-id': requestId }),
      },
      redirect: 'error',
      cache: 'no-store',
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    });
    text = await response.text();
  } catch (cause) {
    if (signal?.aborted === true) throw cause;
    throw new ProviderTokenError('unreachable', 'the internal listener of the gateway does not answer', { cause });
  }
  const body = text.length > maxAnswerLength ? undefined : parseJson(text);
  return response.status === 200 ? readToken(body, provider) : refuse(response, body);
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

function refuse({ status, headers }: Response, body: unknown): never {
  const problem = problemSchema.safeParse(body);
  const code =
    problem.success && Object.hasOwn(errorCatalog, problem.data.code) ? (problem.data.code as ErrorCode) : undefined;
  const kind = kindOf(status, code);
  const retryAfter = Number(headers.get('retry-after') ?? Number.NaN);
  throw new ProviderTokenError(kind, `the gateway hands out no token: ${kind}`, {
    status,
    code,
    requestId: problem.success ? problem.data.requestId : undefined,
    retryAfterSeconds: Number.isInteger(retryAfter) && retryAfter >= 0 ? retryAfter : undefined,
  });
}

function kindOf(status: number, code: ErrorCode | undefined): ProviderTokenErrorKind {
  if (status === 429 || status >= 500) return 'unavailable';
  // Any server answers 404 somewhere; what the gateway says has a code of ours.
  if (code === undefined) return 'unreadable';
  if (code === 'SP_PROVIDER_SIGN_IN_REQUIRED') return 'sign-in-required';
  if (code === 'SP_PROVIDER_NOT_CONNECTED') return 'not-connected';
  if (status === 401) return 'caller-unknown';
  if (status === 403) return 'not-permitted';
  return status === 404 ? 'not-found' : 'unreadable';
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
