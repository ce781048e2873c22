import { randomUUID } from 'node:crypto';
import { SallyportError, toProblem, type Logger } from '@sallyport/core';

/** Answers an error: a problem (RFC 9457), without what only our log may know. */
export function toProblemAnswer(error: unknown, issuer: string, logger: Logger): Response {
  const requestId = randomUUID();
  const { status, headers, body } = toProblem(error, { requestId, documentationOrigin: issuer });
  if (status >= 500)
    logger.error('A request to the shell failed', {
      event: 'shell-request-failed',
      requestId,
      code: body.code,
      reason: error instanceof SallyportError ? error.reason : undefined,
      cause: causeOf(error),
    });
  return new Response(JSON.stringify(body), { status, headers });
}

function causeOf(error: unknown): string | undefined {
  const cause = error instanceof SallyportError ? error.cause : error;
  return cause instanceof Error ? `${cause.name}: ${cause.message}` : undefined;
}
