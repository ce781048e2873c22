import { revocationReasons, type SecurityEvent } from '@sallyport/core';
import * as z from 'zod';

const endReasons = z.enum(revocationReasons);

/** Security events of sign-ins, sessions, roles and keys, whatever feature they come from. */
export const kernelEvents = {
  'account.created': z.strictObject({}).describe('An account was made, by sign-up or by an operator'),
  'account.discarded': z
    .strictObject({ because: z.enum(['signed-up-again', 'made-by-operator', 'expired']) })
    .describe('An account of a sign-up whose address was never confirmed was deleted'),
  'sign-in.succeeded': z.strictObject({ acr: z.string(), amr: z.array(z.string()) }).describe('A session began'),
  'sign-in.refused': z.strictObject({ reason: z.string() }).describe('A sign-in was refused'),
  'session.ended': z.strictObject({ reason: endReasons }).describe('One session ended'),
  'session.ended-many': z
    .strictObject({ reason: endReasons, count: z.number().int() })
    .describe('Several sessions of one account ended together'),
  'policy.applied': z
    .strictObject({ added: z.array(z.string()), removed: z.array(z.string()), changed: z.array(z.string()) })
    .describe('The roles of the configuration were stored; roles that came, went, or hold other permissions'),
  'role.changed': z
    .strictObject({
      role: z.string(),
      change: z.enum(['added', 'changed', 'removed']),
      given: z.array(z.string()),
      taken: z.array(z.string()),
    })
    .describe(
      'A role was edited at run time: made, changed or deleted, with the permissions that it was given and lost',
    ),
  'key.rotation-asked': z
    .strictObject({ when: z.enum(['when-known', 'now']) })
    .describe('An operator asked for another signing key: as soon as verifiers know it, or at once'),
  'key.withdrawn': z
    .strictObject({ kid: z.string(), state: z.enum(['next', 'current', 'retiring']) })
    .describe('An operator took a signing key away: nothing that it signed holds any more'),
  'access.refused': z
    .strictObject({
      reason: z.string(),
      code: z.string(),
      route: z.string().optional(),
      count: z.number().int().optional(),
      /** Who acted for the actor: a zone, or an OAuth client. */
      via: z.string().optional(),
    })
    .describe(
      'A request was refused: a permission that is missing, a request of another site, a webhook that is not genuine, a limit (`count`: how many were refused alike within a minute)',
    ),
} as const;

/** An event of the catalog. */
export type KernelEvent = SecurityEvent<typeof kernelEvents>;
