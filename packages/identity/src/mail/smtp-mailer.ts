import { OptionsError } from '@sallyport/core';
import { createTransport } from 'nodemailer';
import type { Mailer } from '@sallyport/core';

export interface SmtpMailerOptions {
  /** `smtp://` or `smtps://` URL, with user and password when the server wants them. */
  readonly url: string;
  /** Sender, such as `Acme <no-reply@example.com>`. */
  readonly from: string;
}

/**
 * Builds a mailer on an SMTP server. Sends email only: a text message is refused.
 *
 * @throws OptionsError when the URL is not an SMTP address.
 */
export function createSmtpMailer(options: SmtpMailerOptions): Mailer {
  const { url, from } = options;
  if (!URL.canParse(url) || !/^smtps?:$/.test(new URL(url).protocol))
    throw new OptionsError('the SMTP address must begin with smtp:// or smtps://');
  const transport = createTransport({
    url,
    connectionTimeout: 10_000,
    greetingTimeout: 10_000,
    socketTimeout: 20_000,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return {
    async send({ to, channel, kind, subject, text, html }) {
      if (channel !== 'email') throw new TypeError('an SMTP server sends email only');
      // As an object: an address in a string could smuggle a second recipient.
      await transport.sendMail({
        from,
        to: { name: '', address: to },
        subject,
        // What it is for, so that mail rules and test inboxes need not guess from the subject.
        headers: { 'X-Sallyport-Kind': kind },
        text,
        ...(html === undefined ? {} : { html }),
      });
    },
  };
}
