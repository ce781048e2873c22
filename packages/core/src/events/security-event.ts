import type * as z from 'zod';

/** The kinds of security event that one part writes, and the details that each carries. Never a secret, never an email address. */
export type EventCatalog = Readonly<Record<string, z.ZodType>>;

/** One thing that happened: who, what, on what, with what outcome, from where, when. */
export type SecurityEvent<Catalog extends EventCatalog = EventCatalog> = {
  readonly [Type in keyof Catalog & string]: {
    readonly type: Type;
    readonly at: Date;
    readonly outcome: 'success' | 'refused';
    /** Subject id of the account that acts, or `operator:` and the name of an operator; absent when unknown. */
    readonly actor?: string;
    /** Subject id of the account that it was done to. */
    readonly target?: string;
    readonly sid?: string;
    readonly requestId: string;
    readonly address: string;
    readonly details: z.infer<Catalog[Type]>;
  };
}[keyof Catalog & string];

/** Appends events to the durable table. A log of all events serves a part that writes some of them. */
export interface SecurityEventLog<Event extends SecurityEvent = SecurityEvent> {
  readonly append: (event: Event) => Promise<void>;
}
