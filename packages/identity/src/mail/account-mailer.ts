import type { Brand, Counters, PageTable, Sealer } from '@sallyport/core';
import { toAccountMessage, type Recipient } from './account-message.ts';
import { mailedProduct, type MailCatalog, type MailFacts } from './mail-catalog.ts';
import type { MailQueue } from './mail-queue.ts';
import type { VisitorMailLimiter } from './visitor-mail-limiter.ts';

/**
 * Sends mails to the owners of accounts in the background, and no more than an inbox can bear. A mailer for all kinds
 * serves a part that sends some of them.
 */
export interface AccountMailer<Kind extends string = string> {
  readonly send: (kind: Kind, to: Recipient, token?: string, facts?: MailFacts) => Promise<void>;
  /**
   * Takes one of the mails that an address may still get. Call it before anything is written for the mail, such as its link.
   *
   * @param from - address of the client that asks for it, where that is a visitor who is not signed in: its network, and all
   *   visitors together, have limits of their own.
   * @returns what sends it, or `null` when the address, or who asks, has had enough. No answer may tell which.
   */
  readonly reserve: (kind: Kind, to: Recipient, from?: string) => Promise<SendReserved | null>;
}

/** Sends a mail that was reserved. */
export type SendReserved = (token?: string, facts?: MailFacts) => void;

export interface AccountMailerOptions {
  readonly catalog: MailCatalog;
  readonly publicUrl: string;
  readonly brand: () => Brand;
  /** Where mails lead. */
  readonly pages: PageTable;
  readonly queue: MailQueue;
  readonly counters: Counters;
  /** Keys of counters hold no email address. */
  readonly sealer: Sealer;
  readonly visitors: VisitorMailLimiter;
  /** How many of one kind an address gets within an hour; the rest is left out without a word. @default 10 */
  readonly maximumPerHour?: number;
}

const hour = 60 * 60;

export function createAccountMailer(options: AccountMailerOptions): AccountMailer {
  const { catalog, publicUrl, brand, pages, queue, counters, sealer, visitors, maximumPerHour = 10 } = options;
  const reserve: AccountMailer['reserve'] = async (kind, to, from) => {
    const mail = Object.hasOwn(catalog, kind) ? catalog[kind] : undefined;
    if (mail === undefined) throw new TypeError(`no catalog has the mail ${kind}`);
    const { isAlwaysSent = false, texts } = mail;
    // Before the count of the address: who may cause no mail uses none of it up.
    const place = from === undefined ? undefined : await visitors.take({ from, toOwner: to.emailVerified });
    if (place === null) return null;
    const count = await counters.increment(`mail:${sealer.hash(`${kind}\n${to.email}`)}`, hour);
    if (count > maximumPerHour && !isAlwaysSent) {
      await place?.giveBack();
      return null;
    }
    return (token = '', facts = {}) => {
      const letter = texts.en(mailedProduct(publicUrl, brand().name, pages), token, facts);
      queue.add(toAccountMessage(kind, to, letter, brand()));
    };
  };
  return {
    reserve,
    async send(kind, to, token, facts) {
      (await reserve(kind, to))?.(token, facts);
    },
  };
}
