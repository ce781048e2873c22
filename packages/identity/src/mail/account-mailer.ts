import type { Counters, Sealer } from '@sallyport/core';
import type { AccountMessages, Recipient } from './account-messages.ts';
import type { MailQueue } from './mail-queue.ts';

type Kind = keyof AccountMessages;

/** Sends the messages of accounts in the background, and no more than an inbox can bear. */
export interface AccountMailer {
  send(kind: Kind, to: Recipient, token?: string): Promise<void>;
}

export interface AccountMailerOptions {
  readonly messages: AccountMessages;
  readonly queue: MailQueue;
  readonly counters: Counters;
  /** Keys of counters hold no email address. */
  readonly sealer: Sealer;
  /** How many of one kind an address gets within an hour; the rest is left out without a word. @default 10 */
  readonly maximumPerHour?: number;
}

const hour = 60 * 60;

/** Owners always learn that the sign-in methods of an account changed. Only a signed-in caller can cause these. */
const alwaysSent: ReadonlySet<Kind> = new Set<Kind>([
  'passwordChanged',
  'secondFactorAdded',
  'secondFactorRemoved',
  'secondFactorReset',
  'recoveryCodesMade',
  'recoveryCodeUsed',
]);

export function createAccountMailer(options: AccountMailerOptions): AccountMailer {
  const { messages, queue, counters, sealer, maximumPerHour = 10 } = options;
  return {
    async send(kind, to, token = '') {
      const count = await counters.increment(`mail:${sealer.hash(`${kind}\n${to.email}`)}`, hour);
      if (count <= maximumPerHour || alwaysSent.has(kind)) queue.add(messages[kind](to, token));
    },
  };
}
