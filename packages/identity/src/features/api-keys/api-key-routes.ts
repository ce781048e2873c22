import {
  SallyportError,
  type ApiKeysAnswer,
  type LiveSession,
  type MadeApiKeyAnswer,
  type SessionDirectory,
} from '@sallyport/core';
import { Hono } from 'hono';
import * as z from 'zod';
import type { RoleDirectory } from '../../accounts/role-directory.ts';
import { whereOf } from '../../events/audit-context.ts';
import { requireSession, type IdentityEnvironment } from '../../http/identity-request.ts';
import { readBody, readNothing } from '../../http/request-body.ts';
import { requireRecent, type RecentSignInParts } from '../../http/require-recent.ts';
import type { ApiKeySettings } from './api-key-config.ts';
import { apiKeyFields } from './api-key-fields.ts';
import type { OwnerRef } from './api-key-table.ts';
import type { ApiKeys, MadeApiKey } from './api-keys.ts';
import { toShownApiKey } from './shown-api-key.ts';

export interface ApiKeyRouteParts extends RecentSignInParts {
  readonly settings: ApiKeySettings;
  readonly apiKeys: ApiKeys;
  readonly directory: SessionDirectory;
  readonly roles: Pick<RoleDirectory, 'permissionsOf'>;
}

const createSchema = z.strictObject({
  name: apiKeyFields.name,
  scopes: apiKeyFields.scopes,
  days: apiKeyFields.days.optional(),
});
const rotateSchema = z.strictObject({ overlapSeconds: apiKeyFields.overlapSeconds.optional() });

/**
 * How people look after their own API keys. A new secret needs a recent sign-in, as strong as the account requires; to
 * revoke a key does not.
 */
export function createApiKeyRoutes(parts: ApiKeyRouteParts) {
  const { settings, apiKeys, directory, roles, now } = parts;

  const toAnswer = ({ key, secret }: MadeApiKey): MadeApiKeyAnswer => ({ key: toShownApiKey(key, now()), secret });

  return new Hono<IdentityEnvironment>()
    .get('/api-keys', async (c) => {
      const session = await requireSession(c.env.context, directory);
      const keys = await apiKeys.list(ownerOf(session));
      // Of the account alone: a key works in no organization.
      const { permissions } = await roles.permissionsOf(session.principal.roles);
      const { usualDays, maxDays, overlapSeconds } = settings;
      return c.json({
        keys: keys.map((key) => toShownApiKey(key, now())),
        permissions: permissions.toSorted(),
        usualDays,
        maxDays,
        overlapSeconds,
      } satisfies ApiKeysAnswer);
    })
    .post('/api-keys', async (c) => {
      const body = await readBody(c.req.raw, createSchema);
      const session = await requireSession(c.env.context, directory);
      await requireRecent(session, parts);
      const { id: actor, acr } = session.principal;
      const made = await apiKeys.create(
        { ...body, owner: ownerOf(session), acr },
        { actor, ...whereOf(c.env.context) },
      );
      return c.json(toAnswer(made), 201);
    })
    .post('/api-keys/:id/rotate', async (c) => {
      const { overlapSeconds } = await readBody(c.req.raw, rotateSchema);
      const session = await requireSession(c.env.context, directory);
      await requireRecent(session, parts);
      const selection = { keyId: requireKeyId(c.req.param('id')), owner: ownerOf(session) };
      const by = { actor: session.principal.id, ...whereOf(c.env.context) };
      return c.json(toAnswer(await apiKeys.rotate(selection, overlapSeconds, by)));
    })
    .delete('/api-keys/:id', async (c) => {
      await readNothing(c.req.raw);
      const session = await requireSession(c.env.context, directory);
      const selection = { keyId: requireKeyId(c.req.param('id')), owner: ownerOf(session) };
      const by = { actor: session.principal.id, ...whereOf(c.env.context) };
      // Another owner's key and one that never was give the same answer.
      if (!(await apiKeys.revoke(selection, by))) throw unknownKey();
      return c.body(null, 204);
    });
}

function ownerOf({ principal }: LiveSession): OwnerRef {
  return { kind: 'user', id: principal.id };
}

function requireKeyId(text: string): string {
  if (apiKeyFields.keyId.safeParse(text).success) return text;
  throw unknownKey();
}

function unknownKey(): SallyportError {
  return new SallyportError('SP_NOT_FOUND', { reason: 'api-key-unknown' });
}
