import type { Hono } from 'hono';
import { toOAuthError, toStoreError, SallyportError, toProblem, type Logger } from '@sallyport/core';
import type { IdentityEnvironment } from './identity-request.ts';

/**
 * Makes every refusal and failure of an app an RFC 9457 answer, in the words of RFC 6749 where its routes ask for that: the one place where errors become responses. Call it
 * after the last route, because it also refuses every other method on the paths that it finds.
 *
 * No answer of it sets or clears a cookie.
 */
export function answerErrors(app: Hono<IdentityEnvironment>, documentationOrigin: string, logger: Logger): void {
  for (const [path, allow] of methodsByPath(app)) {
    app.all(path, () => {
      throw new SallyportError('SP_METHOD_NOT_ALLOWED', { reason: 'method-not-served', allow });
    });
  }
  app.notFound(() => {
    throw new SallyportError('SP_NOT_FOUND', { reason: 'no-route' });
  });
  app.onError((error, c) => {
    const { requestId } = c.env.context;
    const known = toStoreError(error);
    const problem = toProblem(known, { requestId, documentationOrigin });
    const { status, headers, body } = c.get('errorForm') === 'oauth' ? toOAuthError(problem) : problem;
    c.env.context.noteRefusal?.(body.code, known instanceof SallyportError ? known.reason : undefined);
    if (status >= 500)
      logger.error('identity failed', { event: 'identity-failed', requestId, code: body.code, ...describe(known) });
    // Made anew, so that no header that a route had prepared comes along.
    return new Response(JSON.stringify(body), { status, headers });
  });
}

function methodsByPath(app: Hono<IdentityEnvironment>): ReadonlyMap<string, readonly string[]> {
  const methods = new Map<string, Set<string>>();
  for (const { path, method } of app.routes) {
    if (method === 'ALL') continue;
    const known = methods.get(path) ?? new Set();
    methods.set(path, known.add(method));
    if (method === 'GET') known.add('HEAD');
  }
  return new Map([...methods].map(([path, known]) => [path, [...known].sort()]));
}

/** Names only: the message of a foreign error may hold a value. */
function describe(error: unknown): { readonly reason?: string; readonly error: string } {
  const cause = error instanceof SallyportError && error.cause instanceof Error ? error.cause : error;
  const reason = error instanceof SallyportError ? error.reason : undefined;
  return { ...(reason === undefined ? {} : { reason }), error: cause instanceof Error ? cause.name : typeof cause };
}
