import * as z from 'zod';
import { revocationReasons } from '../sessions/session-record.ts';

const endReasons = z.enum(revocationReasons);
const factorMethod = z.enum(['totp', 'email', 'sms']);
const codeMethod = z.enum(['totp', 'email', 'sms', 'recovery-code']);

/** The kinds of security event and the details that each carries. Never a secret, never an email address. */
export const securityEventDetails = {
  'account.created': z.strictObject({}).describe('A visitor signed up with a new email address'),
  'account.imported': z.strictObject({}).describe('An operator took an account over from another system'),
  'account.invited': z
    .strictObject({ how: z.enum(['mail', 'hand-over']) })
    .describe('A link to choose a password was made for an account, and mailed or handed over'),
  'account.banned': z.strictObject({}).describe('An account was banned; its sessions end'),
  'account.unbanned': z.strictObject({}).describe('A ban was lifted'),
  'account.sign-up-repeated': z
    .strictObject({})
    .describe('A visitor signed up with an address that has an account already; its owner gets a mail'),
  'account.email-verified': z.strictObject({}).describe('The link of a verification mail was used'),
  'account.password-reset-requested': z.strictObject({}).describe('A visitor asked for a mail with a reset link'),
  'account.password-changed': z
    .strictObject({ sessionsEnded: z.number().int() })
    .describe('A password was replaced through a reset link, which ends the sessions of the account'),
  'account.roles-changed': z
    .strictObject({ from: z.array(z.string()), to: z.array(z.string()) })
    .describe('The roles of an account were replaced'),
  'sign-in.succeeded': z.strictObject({ acr: z.string(), amr: z.array(z.string()) }).describe('A session began'),
  'sign-in.refused': z.strictObject({ reason: z.string() }).describe('A sign-in was refused'),
  'sign-in.second-factor-asked': z
    .strictObject({ acr: z.string(), amr: z.array(z.string()), setUp: z.boolean() })
    .describe('The first factor was right, and the account demands a second one (`setUp`: it has none yet)'),
  'second-factor.added': z
    .strictObject({ method: factorMethod, replaced: z.boolean() })
    .describe('A second factor was added to an account, or took the place of one of its kind'),
  'second-factor.removed': z
    .strictObject({ method: factorMethod })
    .describe('The owner of an account removed a second factor'),
  'second-factor.reset': z
    .strictObject({ methods: z.array(factorMethod) })
    .describe('An administrator removed every second factor and recovery code of an account'),
  'second-factor.code-sent': z
    .strictObject({ method: factorMethod })
    .describe('A code was sent to the owner of an account'),
  'second-factor.refused': z.strictObject({ method: codeMethod, reason: z.string() }).describe('A code was refused'),
  'second-factor.recovery-codes-made': z
    .strictObject({ count: z.number().int() })
    .describe('New recovery codes took the place of all earlier ones'),
  'second-factor.recovery-code-used': z
    .strictObject({ left: z.number().int() })
    .describe('A recovery code was used up'),
  'session.stepped-up': z
    .strictObject({ acr: z.string(), amr: z.array(z.string()) })
    .describe('The owner of a session confirmed who they are; its cookie has a new token'),
  'session.ended': z.strictObject({ reason: endReasons }).describe('One session ended'),
  'session.ended-many': z
    .strictObject({ reason: endReasons, count: z.number().int() })
    .describe('Several sessions of one account ended together'),
  'policy.applied': z
    .strictObject({ added: z.array(z.string()), removed: z.array(z.string()), changed: z.array(z.string()) })
    .describe('The roles of the configuration were stored; roles that came, went, or hold other permissions'),
  'key.rotation-asked': z
    .strictObject({ when: z.enum(['when-known', 'now']) })
    .describe('An operator asked for another signing key: as soon as verifiers know it, or at once'),
  'key.withdrawn': z
    .strictObject({ kid: z.string(), state: z.enum(['next', 'current', 'retiring']) })
    .describe('An operator took a signing key away: nothing that it signed holds any more'),
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
    /** Subject id of the actor; absent when unknown. */
    readonly actor?: string;
    /** Subject id of the account that it was done to. */
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
