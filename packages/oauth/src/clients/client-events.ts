import type { SecurityEvent } from '@sallyport/core';
import * as z from 'zod';
import { clientTrusts } from './oauth-client.ts';

const name = z.string();
const scopes = z.array(z.string());

/** Security events of OAuth clients. `target` is the client. */
export const clientEvents = {
  'oauth-client.created': z
    .strictObject({ name, trust: z.enum(clientTrusts), scopes })
    .describe('An OAuth client was registered'),
  'oauth-client.changed': z
    .strictObject({ name, fields: z.array(z.string()), scopes })
    .describe('An OAuth client was changed: which fields, and the scopes that it has now'),
  'oauth-client.secret-rotated': z
    .strictObject({ name, overlapSeconds: z.number().int() })
    .describe('An OAuth client got a new secret; the old one works for so many seconds more'),
  'oauth-client.disabled': z.strictObject({ name }).describe('An OAuth client was disabled: its tokens ended'),
  'oauth-client.enabled': z.strictObject({ name }).describe('An OAuth client was enabled again'),
  'oauth-client.deleted': z.strictObject({ name }).describe('An OAuth client was deleted: its tokens ended'),
} as const;

/** An event of the catalog. */
export type ClientEvent = SecurityEvent<typeof clientEvents>;
