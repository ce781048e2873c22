import { Hono } from 'hono';
import { readBody, readNothing, readQuery, requireService, type IdentityEnvironment } from '@sallyport/identity';
import * as z from 'zod';
import { clientChangeSchema, clientIdSchema, newClientSchema, overlapSecondsSchema } from './client-fields.ts';
import { changingPermission, readingPermission } from './client-permissions.ts';
import { unknownClient } from './client-changes.ts';
import type { MadeClient, OAuthClients } from './oauth-clients.ts';
import { toShownClient, type ShownClient } from './shown-client.ts';
import type { OAuthClient } from './oauth-client.ts';

export interface ClientRouteParts {
  readonly clients: OAuthClients;
  readonly now: () => Date;
}

/** `GET /manage/oauth-clients` */
export interface ClientsAnswer {
  /** In the order of their ids. */
  readonly clients: readonly ShownClient[];
  /** What `after` has to be for the next page; `null` on the last one. */
  readonly next: string | null;
}

/** `GET /manage/oauth-clients/:id`, and every change but a deletion. `secret` is there where one was made, this once. */
export interface ClientAnswer {
  readonly client: ShownClient;
  readonly secret?: string;
}

const maxPage = 100;
const usualPage = 50;
const mayRead = [readingPermission, changingPermission] as const;
const mayChange = [changingPermission] as const;

const listSchema = z.strictObject({
  limit: z
    .string()
    .regex(/^(?:[1-9]\d?|100)$/, `must be a number from 1 to ${maxPage}`)
    .transform(Number)
    .default(usualPage),
  after: clientIdSchema.optional(),
});
const rotationSchema = z.strictObject({ overlapSeconds: overlapSecondsSchema.optional() });

/**
 * How servers manage OAuth clients, with API keys of service accounts: the operator's use cases over HTTP. Who may do what
 * is decided in the transaction of each change.
 */
export function createClientRoutes({ clients, now }: ClientRouteParts) {
  const show = ({ client, secret }: MadeClient): ClientAnswer => ({
    client: toShownClient(client, now()),
    ...(secret === undefined ? {} : { secret }),
  });
  const requireClient = async (id: string): Promise<OAuthClient> => {
    const client = await clients.find(requireId(id));
    if (client === null) throw unknownClient();
    return client;
  };

  return new Hono<IdentityEnvironment>()
    .get('/oauth-clients', async (c) => {
      requireService(c.env.context, mayRead);
      const { limit, after } = readQuery(c.req.raw, listSchema);
      const found = await clients.list(limit + 1, after);
      const page = found.slice(0, limit);
      return c.json({
        clients: page.map((client) => toShownClient(client, now())),
        next: found.length > limit ? (page.at(-1)?.id ?? null) : null,
      } satisfies ClientsAnswer);
    })
    .get('/oauth-clients/:id', async (c) => {
      requireService(c.env.context, mayRead);
      return c.json(show({ client: await requireClient(c.req.param('id')) }));
    })
    .post('/oauth-clients', async (c) => {
      const by = requireService(c.env.context, mayChange);
      const registration = await readBody(c.req.raw, newClientSchema);
      return c.json(show(await clients.create(registration, by)), 201);
    })
    .patch('/oauth-clients/:id', async (c) => {
      const by = requireService(c.env.context, mayChange);
      const id = requireId(c.req.param('id'));
      const change = await readBody(c.req.raw, clientChangeSchema);
      return c.json(show(await clients.update(id, change, by)));
    })
    .post('/oauth-clients/:id/secret', async (c) => {
      const by = requireService(c.env.context, mayChange);
      const id = requireId(c.req.param('id'));
      const { overlapSeconds } = await readBody(c.req.raw, rotationSchema);
      return c.json(show(await clients.rotateSecret(id, overlapSeconds, by)));
    })
    .put('/oauth-clients/:id/disabled', async (c) => {
      const by = requireService(c.env.context, mayChange);
      await readNothing(c.req.raw);
      return c.json(show({ client: await clients.setDisabled(requireId(c.req.param('id')), true, by) }));
    })
    .delete('/oauth-clients/:id/disabled', async (c) => {
      const by = requireService(c.env.context, mayChange);
      await readNothing(c.req.raw);
      return c.json(show({ client: await clients.setDisabled(requireId(c.req.param('id')), false, by) }));
    })
    .delete('/oauth-clients/:id', async (c) => {
      const by = requireService(c.env.context, mayChange);
      await readNothing(c.req.raw);
      await clients.delete(requireId(c.req.param('id')), by);
      return c.body(null, 204);
    });
}

/** What is no id by its form is looked up nowhere. */
function requireId(text: string): string {
  if (clientIdSchema.safeParse(text).success) return text;
  throw unknownClient();
}
