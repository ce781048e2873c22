import * as z from 'zod';
import { isErrorCode, type ErrorCode } from '../errors/error-catalog.ts';
import type { InternalCallErrorFacts } from './internal-call-error.ts';

/** What every service may meet at the internal listener. */
export type InternalCallFailure =
  'caller-unknown' | 'not-permitted' | 'not-found' | 'unavailable' | 'unreachable' | 'unreadable';

/** A request to the internal listener of the gateway, for the user of a request. */
export interface InternalCall {
  readonly url: string;
  /** Sent as JSON by POST; without it the request is a GET. */
  readonly json?: object;
  /** The `Authorization` that the gateway attached to the request of the user. */
  readonly authorization: string | undefined;
  readonly requestId: string | undefined;
  readonly timeoutMilliseconds: number;
  readonly signal: AbortSignal | undefined;
  /** In characters; a longer answer is not read as one. */
  readonly maxAnswerLength: number;
  readonly createError: (kind: InternalCallFailure, message: string, facts?: InternalCallErrorFacts) => Error;
}

/** An answer whose body was read. */
export interface InternalAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** `undefined` where it is no JSON. */
  readonly body: unknown;
}

const problemSchema = z.object({ code: z.string(), requestId: z.string().optional().catch(undefined) });

/** RFC 6750, section 2.1. */
const bearerForm = /^bearer [A-Za-z0-9\-._~+/]+=*$/i;

/**
 * Asks the internal listener. Never follows a redirect.
 *
 * @throws what `createError` makes of `caller-unknown` and `unreachable`, and the reason of `signal`.
 */
export async function callInternalListener(call: InternalCall): Promise<InternalAnswer> {
  const { url, json, authorization = '', requestId, timeoutMilliseconds, signal, maxAnswerLength, createError } = call;
  if (!bearerForm.test(authorization)) throw createError('caller-unknown', 'there is no token of a user to ask with');
  const timeout = AbortSignal.timeout(timeoutMilliseconds);
  try {
    const { status, headers, text } = await exchange(url, {
      headers: {
        accept: 'application/json',
        authorization,
        ...(json === undefined ? {} : { 'content-type': 'application/json' }),
        ...(requestId === undefined ? {} : { 'x-request-id': requestId }),
      },
      ...(json === undefined ? {} : { method: 'POST', body: JSON.stringify(json) }),
      redirect: 'error',
      cache: 'no-store',
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    });
    return { status, headers, body: text.length > maxAnswerLength ? undefined : parseJson(text) };
  } catch (cause) {
    if (signal?.aborted === true) throw cause;
    throw createError('unreachable', 'the internal listener of the gateway does not answer', { cause });
  }
}

/** What an answer that is a refusal says of itself. */
export function factsOfRefusal({ status, headers, body }: InternalAnswer): InternalCallErrorFacts {
  const problem = problemSchema.safeParse(body);
  const retryAfter = Number(headers.get('retry-after') ?? Number.NaN);
  return {
    status,
    code: problem.success && isErrorCode(problem.data.code) ? problem.data.code : undefined,
    requestId: problem.success ? problem.data.requestId : undefined,
    retryAfterSeconds: Number.isInteger(retryAfter) && retryAfter >= 0 ? retryAfter : undefined,
  };
}

/** What a refusal means, whatever was asked for. */
export function failureOf(status: number, code: ErrorCode | undefined): InternalCallFailure {
  if (status === 429 || status >= 500) return 'unavailable';
  // Any server answers 404 somewhere; what the gateway says has a code of ours.
  if (code === undefined) return 'unreadable';
  if (status === 401) return 'caller-unknown';
  if (status === 403) return 'not-permitted';
  return status === 404 ? 'not-found' : 'unreadable';
}

/** Reads JSON; `undefined` for what is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function exchange(url: string, init: RequestInit) {
  const response = await fetch(url, init);
  return { status: response.status, headers: response.headers, text: await response.text() };
}
