import { createMiddleware } from 'hono/factory';
import type { IdentityEnvironment } from './identity-request.ts';

/** Has the errors of its routes answered in the words of RFC 6749. */
export const answerWithOAuthErrors = createMiddleware<IdentityEnvironment>(
  async function answerWithOAuthErrors(c, next) {
    c.set('errorForm', 'oauth');
    await next();
  },
);
