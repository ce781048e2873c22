import type { Brand, Counters, PageTable, Sealer } from '@sallyport/core';
import { toAccountMessage, type Recipient } from './account-message.ts';
import { mailedProduct, type MailCatalog, type MailFacts } from './mail-catalog.ts';
import type { MailQueue } from './mail-queue.ts';

/**
 * Sends mails to the owners of accounts in the background, and no more than an inbox can bear. A mailer for all kinds
 * serves a part that sends some of them.
 */
export interface AccountMailer<Kind extends string = string> {
  readonly send: (kind: Kind, to: Recipient, token?: string, facts?: MailFacts) => Promise<void>;
  /**
   * Takes one of the mails that an address may still get. Call it before anything is written for the mail, such as its link.
   *
   * @returns what sends it, or `null` when the address has had enough.
   */
  readonly reserve: (kind: Kind, to: Recipient) => Promise<SendReserved | null>;
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
  /** How many of one kind an address gets within an hour; the rest is left out without a word. @default 10 */
  readonly maximumPerHour?: number;
}

const hour = 60 * 60;

export function createAccountMailer(options: AccountMailerOptions): AccountMailer {
  const { catalog, publicUrl, brand, pages, queue, counters, sealer, maximumPerHour = 10 } = options;
  const reserve: AccountMailer['reserve'] = async (kind, to) => {
    const mail = Object.hasOwn(catalog, kind) ? catalog[kind] : undefined;
    if (mail === undefined) throw new TypeError(`no catalog has the mail ${kind}`);
    const { isAlwaysSent = false, texts } = mail;
    const count = await counters.increment(`mail:${sealer.hash(`${kind}\n${to.email}`)}`, hour);
    if (count > maximumPerHour && !isAlwaysSent) return null;
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
