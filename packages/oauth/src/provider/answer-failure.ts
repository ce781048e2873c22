import type { KoaContextWithOIDC } from 'oidc-provider';
import {
  asSallyportError,
  toOAuthError,
  toProblem,
  toStoreError,
  type Logger,
  type RequestContext,
} from '@sallyport/core';
import { isForPeople } from './provider-endpoints.ts';
import type { ProviderView } from './provider-views.ts';

export interface FailureParts {
  readonly origin: string;
  readonly logger: Logger;
  readonly context: RequestContext;
  readonly show: (ctx: KoaContextWithOIDC, view: ProviderView) => Promise<void>;
}

/** What something of ours failed at is 503 where it passes, and never an error of the client. */
export async function answerFailure(ctx: KoaContextWithOIDC, error: unknown, parts: FailureParts): Promise<void> {
  const { origin, logger, context, show } = parts;
  const { requestId, noteRefusal: note } = context;
  const known = asSallyportError(toStoreError(error));
  note?.(known.code, known.reason);
  const cause = known.cause instanceof Error ? known.cause.name : undefined;
  if (known.status >= 500)
    logger.error('the provider failed', {
      event: 'oauth-provider-failed',
      requestId,
      code: known.code,
      reason: known.reason,
      error: cause,
    });
  const problem = toProblem(known, { requestId, documentationOrigin: origin });
  ctx.remove('location');
  if (isForPeople(ctx.path)) {
    ctx.status = problem.status;
    for (const [name, value] of Object.entries(problem.headers)) if (name !== 'content-type') ctx.set(name, value);
    await show(ctx, { kind: 'error', error: 'temporarily_unavailable', description: '', status: problem.status });
    return;
  }
  const { status, headers, body } = toOAuthError(problem);
  ctx.status = status;
  for (const [name, value] of Object.entries(headers)) ctx.set(name, value);
  ctx.body = JSON.stringify(body);
}
