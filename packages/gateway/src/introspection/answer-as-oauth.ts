import type { ServerResponse } from 'node:http';
import { SallyportError, toOAuthError, toProblem, type RequestContext } from '@sallyport/core';

/** A request of an OAuth endpoint that is answered. */
export interface OAuthExchange {
  /** Resolves to the JSON of the answer, or rejects with the refusal. */
  readonly answer: () => Promise<string>;
  readonly context: RequestContext;
  readonly documentationOrigin: string;
  /** `WWW-Authenticate` for a client that is not known. */
  readonly challenge: () => string;
}

/**
 * Answers a request of an OAuth endpoint: JSON that no cache keeps, and refusals in the words of RFC 6749, section 5.2.
 * Rejects with what is a failure of ours and no refusal, for the gateway to log and answer.
 */
export async function answerAsOAuth(response: ServerResponse, exchange: OAuthExchange): Promise<void> {
  const { answer, context, documentationOrigin, challenge } = exchange;
  try {
    const body = await answer();
    response.writeHead(200, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      'cache-control': 'no-store',
      pragma: 'no-cache',
    });
    response.end(body);
  } catch (error) {
    if (!(error instanceof SallyportError) || error.status === 500) throw error;
    context.noteRefusal?.(error.code, error.reason);
    const problem = toProblem(error, { requestId: context.requestId, documentationOrigin });
    const { status, headers, body } = toOAuthError(problem);
    const text = JSON.stringify(body);
    response.writeHead(status, {
      ...headers,
      'content-length': Buffer.byteLength(text),
      ...(status === 401 ? { 'www-authenticate': challenge() } : {}),
      // What is left of a body that is not read stands in front of the next request.
      ...(response.req.complete ? {} : { connection: 'close' }),
    });
    response.end(text);
  }
}
