import type { Logger, Mailer } from '@sallyport/core';
import type { StartContext } from '../checks/start-context.ts';
import type { Closing } from '../closing.ts';
import type { Environment } from '../config/environment.ts';
import { createSenders, openMailer, toMailer } from '../open-mailer.ts';
import { hasMailbox } from './has-mailbox.ts';
import { openMailbox, type OpenedMailbox } from './open-mailbox.ts';

export interface DeliveryComposition extends StartContext {
  /** Delivers everything, instead of what is configured. */
  readonly mailer?: Mailer;
  /** What people call the product now. */
  readonly productName: () => string;
  readonly logger: Logger;
  readonly closing: Closing;
}

/** What becomes of the messages of a gateway. */
export interface Delivery {
  readonly mailer: Mailer;
  /** Where those are read that are not sent; `undefined` where they cannot be read. */
  readonly mailboxUrl: string | undefined;
  /**
   * Makes ready to use the addresses and secrets of another environment, for the same kinds of messages.
   *
   * @returns what uses them from the next message on, and cannot fail.
   * @throws ConfigurationError when one of them cannot be used.
   */
  prepareSecrets(environment: Environment): () => void;
}

/**
 * Opens what delivers messages: configured servers, and the development mailbox for the rest where there may be one.
 *
 * @throws ConfigurationError when there is nothing for a kind of message. OptionsError `SP_OPTIONS_PORT_UNAVAILABLE` when
 *   the port of the mailbox is taken.
 */
export async function openDelivery(composition: DeliveryComposition): Promise<Delivery> {
  const { config, environment, preset, productName } = composition;
  let mailbox: OpenedMailbox | undefined;
  const openOwnMailbox = async (): Promise<Mailer> => {
    mailbox = await openMailbox(composition);
    return mailbox.mailer;
  };
  const mayKeep = hasMailbox(composition);
  let sender =
    composition.mailer ??
    (await openMailer({ config, environment, productName, openMailbox: mayKeep ? openOwnMailbox : undefined }));
  return {
    mailer: { send: (message) => sender.send(message) },
    mailboxUrl: mailbox?.url ?? preset?.mailboxUrl?.(),
    prepareSecrets: (renewed) => {
      const senders = createSenders({ config, environment: renewed, productName }, () => mayKeep);
      const next = composition.mailer ?? toMailer(senders, mailbox?.mailer);
      return () => void (sender = next);
    },
  };
}
