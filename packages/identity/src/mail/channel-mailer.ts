import { MessageRefused, type Mailer, type Message } from '@sallyport/core';

/** Builds a mailer that gives each message to the one of its channel. */
export function createChannelMailer(mailers: Readonly<Partial<Record<Message['channel'], Mailer>>>): Mailer {
  return {
    async send(message) {
      const mailer = mailers[message.channel];
      if (mailer === undefined) throw new MessageRefused(`nothing here sends by ${message.channel}`);
      await mailer.send(message);
    },
  };
}
