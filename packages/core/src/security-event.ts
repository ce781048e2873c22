import * as z from 'zod';

const endReasons = z.enum([
  'signed-out',
  'signed-out-elsewhere',
  'signed-out-everywhere',
  'replaced-by-sign-in',
  'password-changed',
  'roles-changed',
  'banned',
  'administrator',
]);

/** The kinds of security event and the details that each carries. Never a secret, never an e-mail address. */
export const securityEventDetails = {
  'account.created': z.strictObject({}),
  'account.sign-up-repeated': z.strictObject({}),
  'account.email-verified': z.strictObject({}),
  'account.password-reset-requested': z.strictObject({}),
  'account.password-changed': z.strictObject({ sessionsEnded: z.number().int() }),
  'account.roles-changed': z.strictObject({ from: z.array(z.string()), to: z.array(z.string()) }),
  'sign-in.succeeded': z.strictObject({ acr: z.string(), amr: z.array(z.string()) }),
  'sign-in.refused': z.strictObject({ reason: z.string() }),
  'session.ended': z.strictObject({ reason: endReasons }),
  'session.ended-many': z.strictObject({ reason: endReasons, count: z.number().int() }),
  'access.refused': z.strictObject({ reason: z.string(), code: z.string() }),
} as const;

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
