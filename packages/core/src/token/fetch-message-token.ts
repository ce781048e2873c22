import * as z from 'zod';
import { isErrorCode, type ErrorCode } from '../errors/error-catalog.ts';
import {
  internalMessageTokensPath,
  messageTokenAnswerSchema,
  messageTokenRequestSchema,
  messageTokenType,
} from './message-token.ts';
import { MessageTokenError, type MessageTokenErrorKind } from './message-token-error.ts';

/** A token that is good for one message, or for one method, and for nothing else. */
export interface MessageToken {
  readonly token: string;
  readonly expiresAt: Date;
}

/** For which message, to whom, and for which user a token is asked. */
export interface MessageTokenQuestion {
  /** Origin of the internal listener of the gateway. */
  readonly internalUrl: string;
  /** The consumer, as `messages.consumers` of the gateway names it. */
  readonly audience: string;
  /** Where the message goes: the subject, the channel, or the path of the gRPC method. */
  readonly destination: string;
  /** Of the payload, as `digestOfPayload` makes it; `undefined` binds the token to the destination alone. */
  readonly digest?: string | undefined;
  /** The `Authorization` that the gateway attached to the request of the user: the internal token of this service. */
  readonly authorization: string | undefined;
  readonly requestId?: string | undefined;
  /** @default 5000 */
  readonly timeoutMilliseconds?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

const problemSchema = z.object({ code: z.string(), requestId: z.string().optional().catch(undefined) });

/** RFC 6750, section 2.1. */
const bearerForm = /^bearer [A-Za-z0-9\-._~+/]+=*$/i;
/** Far more than any answer. */
const maxAnswerLength = 65_536;

/**
 * Asks the internal listener of the gateway for the token of a message. Never follows a redirect.
 *
 * @throws MessageTokenError, TypeError for what is no name of a service or no destination, and the reason of `signal`.
 */
export async function fetchMessageToken(question: MessageTokenQuestion): Promise<MessageToken> {
  const { internalUrl, audience, destination, digest, authorization = '', requestId, signal } = question;
  const asked = messageTokenRequestSchema.safeParse({
    audience,
    to: destination,
    ...(digest === undefined ? {} : { sha256: digest }),
  });
  if (!asked.success) throw new TypeError('a message goes to a service such as "billing", and to a place there');
  if (!bearerForm.test(authorization))
    throw new MessageTokenError('caller-unknown', 'there is no token of a user to ask with');
  const timeout = AbortSignal.timeout(question.timeoutMilliseconds ?? 5000);
  let response: Response;
  let text: string;
  try {
    response = await fetch(internalUrl + internalMessageTokensPath, {
      method: 'POST',
      headers: {
        accept: 'application/json',
        'content-type': 'application/json',
        authorization,
        ...(requestId === undefined ? {} : { 'x-request-id': requestId }),
      },
      body: JSON.stringify(asked.data),
      redirect: 'error',
      cache: 'no-store',
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    });
    text = await response.text();
  } catch (cause) {
    if (signal?.aborted === true) throw cause;
    throw new MessageTokenError('unreachable', 'the internal listener of the gateway does not answer', { cause });
  }
  const body = text.length > maxAnswerLength ? undefined : parseJson(text);
  return response.status === 200 ? readToken(body) : refuse(response, body);
}

function readToken(body: unknown): MessageToken {
  const parsed = messageTokenAnswerSchema.safeParse(body);
  if (!parsed.success || !isMessageToken(parsed.data.token))
    throw new MessageTokenError('unreadable', 'what answered is not the internal listener of a gateway', {
      status: 200,
    });
  return { token: parsed.data.token, expiresAt: new Date(parsed.data.expires_at) };
}

/** A token of another type must never be put on a broker, whatever answered. */
function isMessageToken(token: string): boolean {
  const header = parseJson(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString());
  return typeof header === 'object' && header !== null && 'typ' in header && header.typ === messageTokenType;
}

function refuse({ status, headers }: Response, body: unknown): never {
  const problem = problemSchema.safeParse(body);
  const code: ErrorCode | undefined = problem.success && isErrorCode(problem.data.code) ? problem.data.code : undefined;
  const kind = kindOf(status, code);
  const retryAfter = Number(headers.get('retry-after') ?? Number.NaN);
  throw new MessageTokenError(kind, `the gateway seals no message: ${kind}`, {
    status,
    code,
    requestId: problem.success ? problem.data.requestId : undefined,
    retryAfterSeconds: Number.isInteger(retryAfter) && retryAfter >= 0 ? retryAfter : undefined,
  });
}

function kindOf(status: number, code: ErrorCode | undefined): MessageTokenErrorKind {
  if (status === 429 || status >= 500) return 'unavailable';
  // Any server answers 404 somewhere; what the gateway says has a code of ours.
  if (code === undefined) return 'unreadable';
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
