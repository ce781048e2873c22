import { isErrorCode, type ErrorCode, type StepUp } from '@sallyport/core/browser';

/** A field that was refused, and why. */
export interface ProblemField {
  readonly field: string;
  readonly message: string;
}

/** What a refusal says. */
export interface ProblemDetails {
  /** `undefined` when the answer was not ours: of a proxy in between, or of a service with other errors. */
  readonly code?: ErrorCode;
  readonly status: number;
  readonly title: string;
  /** What the reader can do about it. */
  readonly hint?: string;
  /** What the service says of this very case, written for the reader. */
  readonly detail?: string;
  readonly errors: readonly ProblemField[];
  /** The id under which the logs know the request: show it to people, so that they can quote it. */
  readonly requestId?: string;
  readonly retryAfterSeconds?: number;
  /** Which sign-in would be enough, when a stronger or more recent one is asked for: hand it to `stepUpUrl`. */
  readonly stepUp?: StepUp;
}

/** A refusal in the shape that every Sallyport service answers with (RFC 9457). Compare `code`, never `message`. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly code: ErrorCode | undefined;
  readonly status: number;
  readonly title: string;
  readonly hint: string | undefined;
  readonly detail: string | undefined;
  readonly errors: readonly ProblemField[];
  readonly requestId: string | undefined;
  readonly retryAfterSeconds: number | undefined;
  readonly stepUp: StepUp | undefined;

  constructor(details: ProblemDetails) {
    super(details.code === undefined ? details.title : `${details.code}: ${details.title}`);
    this.code = details.code;
    this.status = details.status;
    this.title = details.title;
    this.hint = details.hint;
    this.detail = details.detail;
    this.errors = details.errors;
    this.requestId = details.requestId;
    this.retryAfterSeconds = details.retryAfterSeconds;
    this.stepUp = details.stepUp;
  }
}

/**
 * Reads the problem in an answer that is not `ok`. An answer in another shape becomes a problem without a code;
 * reading it never fails.
 */
export async function readProblem(response: Response): Promise<ProblemError> {
  const body = await readObject(response);
  const code = textOf(body['code']);
  const requestId = textOf(body['requestId']) ?? response.headers.get('x-request-id') ?? undefined;
  const hint = textOf(body['hint']);
  const detail = textOf(body['detail']);
  const retryAfterSeconds = secondsOf(response.headers.get('retry-after'));
  const stepUp = stepUpOf(body['stepUp']);
  return new ProblemError({
    ...(code !== undefined && isErrorCode(code) ? { code } : {}),
    status: response.status,
    title: textOf(body['title']) ?? `The server answered ${response.status}`,
    ...(hint === undefined ? {} : { hint }),
    ...(detail === undefined ? {} : { detail }),
    errors: fieldsOf(body['errors']),
    ...(requestId === undefined ? {} : { requestId }),
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    ...(stepUp === undefined ? {} : { stepUp }),
  });
}

async function readObject(response: Response): Promise<Readonly<Record<string, unknown>>> {
  const isProblem = /^application\/(?:problem\+)?json\b/i.test(response.headers.get('content-type') ?? '');
  if (!isProblem) return {};
  try {
    const value: unknown = await response.json();
    return isRecord(value) ? value : {};
  } catch {
    return {};
  }
}

function fieldsOf(value: unknown): readonly ProblemField[] {
  if (!Array.isArray(value)) return [];
  return value.filter(
    (entry): entry is ProblemField =>
      isRecord(entry) && typeof entry['field'] === 'string' && typeof entry['message'] === 'string',
  );
}

function stepUpOf(value: unknown): StepUp | undefined {
  if (!isRecord(value)) return undefined;
  const { acr, maxAgeSeconds } = value;
  return {
    ...(acr === 'pwd' || acr === 'mfa' || acr === 'phr' ? { acr } : {}),
    ...(typeof maxAgeSeconds === 'number' ? { maxAgeSeconds } : {}),
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function secondsOf(value: string | null): number | undefined {
  return value !== null && /^\d{1,6}$/.test(value) ? Number(value) : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
