import type { StepUp } from '../policy/assurance.ts';
import { dpopAlgorithms } from '../token/dpop-algorithms.ts';
import { errorCatalog, type ErrorCatalogEntry, type ErrorCode } from './error-catalog.ts';
import type { NamedRequestLimit } from '../limits/request-limit.ts';
import { asSallyportError, type FieldError, type SallyportError, type SecondFactorDemand } from './sallyport-error.ts';

/** The media type of every error body (RFC 9457). */
export const problemMediaType = 'application/problem+json';

/** The body of an error (RFC 9457), with our stable code and the id under which our logs know the request. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: ErrorCode;
  readonly hint: string;
  readonly requestId: string;
  /** What is to be said of this very case. */
  readonly detail?: string;
  readonly errors?: readonly FieldError[];
  /** Which sign-in would be enough (RFC 9470); the same as in `WWW-Authenticate`, for scripts. */
  readonly stepUp?: StepUp;
  /** How a program completes its sign-in. */
  readonly secondFactor?: SecondFactorDemand;
}

/** A problem, ready to be sent. */
export interface ProblemResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Problem;
}

/** What an answer needs besides the error: where codes are documented, and which request it was. */
export interface ProblemContext {
  readonly requestId: string;
  /** Origin under which `/errors/<code>` resolves, such as `https://app.example.com`. */
  readonly documentationOrigin: string;
}

/**
 * Turns any error into the answer that the caller sees. What is not a `SallyportError` becomes `SP_INTERNAL`:
 * neither its message nor its cause leaves the process.
 *
 * Always `Cache-Control: no-store`; a 401 always carries `WWW-Authenticate` (RFC 6750, section 3), a 503 always `Retry-After`.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9457 RFC 9457}
 */
export function toProblem(error: unknown, context: ProblemContext): ProblemResponse {
  const known = asSallyportError(error);
  const entry: ErrorCatalogEntry = errorCatalog[known.code];
  return {
    status: entry.status,
    headers: problemHeaders(known, entry),
    body: {
      type: `${context.documentationOrigin}/errors/${known.code}`,
      title: entry.title,
      status: entry.status,
      code: known.code,
      hint: entry.hint,
      requestId: context.requestId,
      ...(known.detail === undefined ? {} : { detail: known.detail }),
      ...(known.errors === undefined ? {} : { errors: known.errors }),
      ...(known.stepUp === undefined ? {} : { stepUp: known.stepUp }),
      ...(known.secondFactor === undefined ? {} : { secondFactor: known.secondFactor }),
    },
  };
}

function problemHeaders(error: SallyportError, entry: ErrorCatalogEntry): Record<string, string> {
  const headers: Record<string, string> = { 'content-type': problemMediaType, 'cache-control': 'no-store' };
  if (entry.status === 401) headers['www-authenticate'] = challengeOf(entry, error.stepUp);
  if (error.scopes !== undefined) headers['www-authenticate'] = scopeChallengeOf(error.scopes);
  const retryAfter = error.retryAfterSeconds ?? (entry.status === 503 ? 1 : undefined);
  if (retryAfter !== undefined) headers['retry-after'] = String(retryAfter);
  if (error.requestLimit !== undefined) Object.assign(headers, limitHeaders(error.requestLimit, retryAfter ?? 0));
  if (error.dpopNonce !== undefined) headers['dpop-nonce'] = error.dpopNonce;
  if (error.allow !== undefined) headers['allow'] = error.allow.join(', ');
  return headers;
}

/** RFC 6750, section 3.1: what the access token of the caller lacks. */
function scopeChallengeOf(scopes: readonly string[]): string {
  return `Bearer realm="sallyport", error="insufficient_scope", scope="${scopes.join(' ')}"`;
}

/** draft-ietf-httpapi-ratelimit-headers-10: structured fields, one limit each. */
function limitHeaders({ name, max, seconds }: NamedRequestLimit, resetSeconds: number): Record<string, string> {
  return {
    'ratelimit-policy': `"${name}";q=${max};w=${seconds}`,
    ratelimit: `"${name}";r=0;t=${resetSeconds}`,
  };
}

/**
 * RFC 6750, section 3, and RFC 9449, section 7.1; what would be enough is said in the words of RFC 9470, section 3.
 */
function challengeOf({ challenge, scheme }: ErrorCatalogEntry, stepUp: StepUp | undefined): string {
  return [
    `${scheme ?? 'Bearer'} realm="sallyport"`,
    ...(scheme === 'DPoP' ? [`algs="${dpopAlgorithms.join(' ')}"`] : []),
    ...(challenge === undefined ? [] : [`error="${challenge}"`]),
    ...(stepUp?.acr === undefined ? [] : [`acr_values="${stepUp.acr}"`]),
    ...(stepUp?.maxAgeSeconds === undefined ? [] : [`max_age=${stepUp.maxAgeSeconds}`]),
  ].join(', ');
}
