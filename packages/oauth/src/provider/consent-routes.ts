import { Hono } from 'hono';
import { SallyportError, type ConnectedAppsAnswer, type SessionDirectory } from '@sallyport/core';
import { readNothing, requireSession, type IdentityEnvironment } from '@sallyport/identity';
import type { Consents } from './consents.ts';

const clientIdForm = /^[\w-]{1,64}$/;

/** How users see which clients they let in, and take that back. */
export function createConsentRoutes(consents: Consents, directory: SessionDirectory) {
  return new Hono<IdentityEnvironment>()
    .get('/account/apps', async (c) => {
      const { principal } = await requireSession(c.env.context, directory);
      return c.json({ apps: await consents.list(principal.id) } satisfies ConnectedAppsAnswer);
    })
    .delete('/account/apps/:clientId', async (c) => {
      await readNothing(c.req.raw);
      const { principal } = await requireSession(c.env.context, directory);
      const clientId = c.req.param('clientId');
      if (!clientIdForm.test(clientId)) throw new SallyportError('SP_NOT_FOUND', { reason: 'no-consent' });
      await consents.withdraw(principal.id, clientId, c.env.context);
      return c.body(null, 204);
    });
}
