import { Hono } from 'hono';
import { SallyportError, type ConnectedAppsAnswer } from '@sallyport/core';
import { readNothing, requireService, type IdentityEnvironment, type IdentityKernel } from '@sallyport/identity';
import { requireHandle } from './consent-routes.ts';
import type { Consents } from './consents.ts';

export interface AgentRouteParts extends Pick<IdentityKernel, 'users' | 'authority'> {
  readonly consents: Consents;
}

const mayRead = ['user:read', 'user:manage'] as const;
const mayChange = ['user:manage'] as const;
/** As the ids of accounts are. */
const idForm = /^[A-Za-z0-9_-]{1,100}$/;

/**
 * How servers see which clients act for a user, agents among them, and end one: with API keys of service accounts that manage
 * users. Whether they may do that to the account is decided in the transaction of the change.
 */
export function createAgentRoutes({ consents, users, authority }: AgentRouteParts) {
  const requireUser = async (id: string) => {
    const user = idForm.test(id) ? await users.findById(id) : null;
    if (user !== null) return user;
    const errors = [{ field: 'id', message: 'is the id of no account' }];
    throw new SallyportError('SP_NOT_FOUND', { reason: 'account-unknown', errors });
  };
  return new Hono<IdentityEnvironment>()
    .get('/oauth-agents/:userId', async (c) => {
      requireService(c.env.context, mayRead);
      const { id } = await requireUser(c.req.param('userId'));
      return c.json({ apps: await consents.list(id) } satisfies ConnectedAppsAnswer);
    })
    .delete('/oauth-agents/:userId/:clientId', async (c) => {
      const by = requireService(c.env.context, mayChange);
      await readNothing(c.req.raw);
      const user = await requireUser(c.req.param('userId'));
      const handle = requireHandle(c.req.param('clientId'));
      try {
        await consents.withdraw(user.id, handle, {
          actor: by.actor ?? '',
          context: c.env.context,
          requireMay: () => authority.requireProtectionChange(user, by),
        });
      } catch (error) {
        await authority.noteRefusal(error, user.id, by);
        throw error;
      }
      return c.body(null, 204);
    });
}
