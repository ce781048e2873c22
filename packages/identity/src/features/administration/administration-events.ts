import type { SecurityEvent } from '@sallyport/core';
import * as z from 'zod';

/** Security events of what operators and administrators do with accounts. */
export const administrationEvents = {
  'account.imported': z.strictObject({}).describe('An operator took an account over from another system'),
  'account.invited': z
    .strictObject({ how: z.enum(['mail', 'hand-over']) })
    .describe('A link to choose a password was made for an account, and mailed or handed over'),
  'account.banned': z
    .strictObject({ until: z.string().optional() })
    .describe('An account was banned, until a time or until the ban is lifted; its sessions end'),
  'account.unbanned': z.strictObject({}).describe('A ban was lifted'),
  'account.deleted': z.strictObject({}).describe('An account and all that was kept of it was deleted; its events stay'),
  'account.roles-changed': z
    .strictObject({ from: z.array(z.string()), to: z.array(z.string()) })
    .describe('The roles of an account were replaced'),
} as const;

/** An event of the catalog. */
export type AdministrationEvent = SecurityEvent<typeof administrationEvents>;
