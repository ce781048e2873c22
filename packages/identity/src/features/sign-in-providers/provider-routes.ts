import { Hono } from 'hono';
import * as z from 'zod';
import {
  SallyportError,
  type ConnectedProvider,
  type ConnectedProvidersAnswer,
  type ProvidersAnswer,
  type SessionDirectory,
} from '@sallyport/core';
import { findSession, requireSession, type IdentityEnvironment } from '../../http/identity-request.ts';
import { readBody, readNothing } from '../../http/request-body.ts';
import { requireRecent } from '../../http/require-recent.ts';
import { beginFlow, type FlowParts } from './begin-flow.ts';
import { disconnectFromSession, type ConnectParts } from './connect-provider.ts';
import type { ExternalIdentity } from './external-identities.ts';
import { toOfferedProvider } from './identity-provider.ts';

export interface ProviderRouteParts extends FlowParts, ConnectParts {
  readonly directory: SessionDirectory;
}

const beginSchema = z.strictObject({
  provider: z.string().min(1).max(32, 'is too long'),
  returnTo: z.string().optional(),
});
/** The database makes it: a UUID, or the 24 digits of MongoDB. */
const handleForm = /^[A-Za-z0-9-]{1,64}$/;

/** Which providers there are: for pages, which ask in every installation. */
export function createProviderListRoutes(clients: FlowParts['clients']) {
  const providers = [...clients.values()].map(({ provider }) => toOfferedProvider(provider));
  return new Hono<IdentityEnvironment>().get('/providers', (c) => c.json({ providers } satisfies ProvidersAnswer));
}

/** How people sign in with providers, and how they look after those that are connected. */
export function createProviderRoutes(parts: ProviderRouteParts) {
  const { directory, clients, identities, engine } = parts;
  const offered = [...clients.values()].map(({ provider }) => toOfferedProvider(provider));

  const toConnected = ({ id, provider, email, createdAt, lastUsedAt }: ExternalIdentity): ConnectedProvider => {
    const known = offered.find((one) => one.id === provider);
    return {
      id,
      provider,
      name: known?.name ?? provider,
      kind: known?.kind ?? 'oidc',
      ...(email === null ? {} : { email }),
      connectedAt: createdAt.toISOString(),
      lastUsedAt: lastUsedAt.toISOString(),
      isOffered: known !== undefined,
    };
  };

  return new Hono<IdentityEnvironment>()
    .post('/sign-in/provider', async (c) => {
      const { provider, returnTo } = await readBody(c.req.raw, beginSchema);
      // A session that the sign-in replaces ends with it, as with a password.
      const session = await findSession(c.env.context, directory);
      return c.json(await beginFlow(parts, c, { provider, purpose: 'sign-in', returnTo, sid: session?.principal.sid }));
    })
    .post('/step-up/provider', async (c) => {
      const { provider, returnTo } = await readBody(c.req.raw, beginSchema);
      const { principal } = await requireSession(c.env.context, directory);
      const owned = await identities.list(principal.id);
      if (!owned.some((identity) => identity.provider === provider))
        throw new SallyportError('SP_NOT_FOUND', { reason: 'provider-not-connected' });
      return c.json(await beginFlow(parts, c, { provider, purpose: 'confirm', returnTo, sid: principal.sid }));
    })
    .get('/account/providers', async (c) => {
      const { principal } = await requireSession(c.env.context, directory);
      const owned = await identities.list(principal.id);
      return c.json({
        connected: owned.map(toConnected),
        available: offered.filter(({ id }) => !owned.some(({ provider }) => provider === id)),
        hasPassword: (await engine.findPasswordHash(principal.id)) !== null,
      } satisfies ConnectedProvidersAnswer);
    })
    .post('/account/providers', async (c) => {
      const { provider, returnTo } = await readBody(c.req.raw, beginSchema);
      const session = await requireSession(c.env.context, directory);
      await requireRecent(session, parts);
      const { sid } = session.principal;
      return c.json(await beginFlow(parts, c, { provider, purpose: 'connect', returnTo, sid }));
    })
    .delete('/account/providers/:id', async (c) => {
      await readNothing(c.req.raw);
      const session = await requireSession(c.env.context, directory);
      await requireRecent(session, parts);
      const id = c.req.param('id');
      if (!handleForm.test(id)) throw new SallyportError('SP_NOT_FOUND', { reason: 'identity-unknown' });
      await disconnectFromSession(parts, session, id, c.env.context);
      return c.body(null, 204);
    });
}
