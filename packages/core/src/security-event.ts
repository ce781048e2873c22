import * as z from 'zod';
import { revocationReasons } from './session-record.ts';

const endReasons = z.enum(revocationReasons);

/** The kinds of security event and the details that each carries. Never a secret, never an e-mail address. */
export const securityEventDetails = {
  'account.created': z.strictObject({}).describe('Somebody signed up with a new e-mail address'),
  'account.imported': z.strictObject({}).describe('An operator took an account over from another system'),
  'account.invited': z
    .strictObject({ how: z.enum(['mail', 'hand-over']) })
    .describe('A link to choose a password was made for an account, and mailed or handed over'),
  'account.banned': z.strictObject({}).describe('An account was banned; its sessions end'),
  'account.unbanned': z.strictObject({}).describe('A ban was lifted'),
  'account.sign-up-repeated': z
    .strictObject({})
    .describe('Somebody signed up with an address that has an account already; its owner is told by mail'),
  'account.email-verified': z.strictObject({}).describe('The link of a verification mail was used'),
  'account.password-reset-requested': z.strictObject({}).describe('Somebody asked for a mail with a reset link'),
  'account.password-changed': z
    .strictObject({ sessionsEnded: z.number().int() })
    .describe('A password was replaced through a reset link, which ends the sessions of the account'),
  'account.roles-changed': z
    .strictObject({ from: z.array(z.string()), to: z.array(z.string()) })
    .describe('The roles of an account were replaced'),
  'sign-in.succeeded': z.strictObject({ acr: z.string(), amr: z.array(z.string()) }).describe('A session began'),
  'sign-in.refused': z.strictObject({ reason: z.string() }).describe('A sign-in was refused'),
  'session.ended': z.strictObject({ reason: endReasons }).describe('One session ended'),
  'session.ended-many': z
    .strictObject({ reason: endReasons, count: z.number().int() })
    .describe('Several sessions of one account ended together'),
  'access.refused': z.strictObject({ reason: z.string(), code: z.string() }).describe('A request was refused'),
} as const;

/** Name of a kind of security event. */
export type SecurityEventType = keyof typeof securityEventDetails;

/** One thing that happened: who, what, on what, with what outcome, from where, when. */
export type SecurityEvent = {
  readonly [Type in SecurityEventType]: {
    readonly type: Type;
    readonly at: Date;
    readonly outcome: 'success' | 'refused';
    /** Subject id of who acted; absent when nobody is known. */
    readonly actor?: string;
    /** Subject id of whom it was done to. */
    readonly target?: string;
    readonly sid?: string;
    readonly requestId: string;
    readonly address: string;
    readonly details: z.infer<(typeof securityEventDetails)[Type]>;
  };
}[SecurityEventType];

/** Appends events to the durable table. */
export interface SecurityEventLog {
  append(event: SecurityEvent): Promise<void>;
}
