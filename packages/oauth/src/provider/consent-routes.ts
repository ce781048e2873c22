import { Hono } from 'hono';
import { SallyportError, type ConnectedAppsAnswer, type SessionDirectory } from '@sallyport/core';
import { readNothing, requireSession, type IdentityEnvironment } from '@sallyport/identity';
import type { Consents } from './consents.ts';

const handleForm = /^[\w-]{1,64}$/;

/** How users see which clients they let in, and which of those act by themselves, and take that back. */
export function createConsentRoutes(consents: Consents, directory: SessionDirectory) {
  return new Hono<IdentityEnvironment>()
    .get('/account/apps', async (c) => {
      const { principal } = await requireSession(c.env.context, directory);
      return c.json({ apps: await consents.list(principal.id, principal.sid) } satisfies ConnectedAppsAnswer);
    })
    .delete('/account/apps/:clientId', async (c) => {
      await readNothing(c.req.raw);
      const { principal } = await requireSession(c.env.context, directory);
      const by = { actor: principal.id, context: c.env.context };
      await consents.withdraw(principal.id, requireHandle(c.req.param('clientId')), by);
      return c.body(null, 204);
    });
}

/** What stands for no client by its form is looked up nowhere. @throws SallyportError `SP_NOT_FOUND` */
export function requireHandle(text: string): string {
  if (handleForm.test(text)) return text;
  throw new SallyportError('SP_NOT_FOUND', { reason: 'no-consent' });
}
