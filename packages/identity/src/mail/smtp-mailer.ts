import { OptionsError, type Mailer, type MailImage } from '@sallyport/core';
import { createTransport } from 'nodemailer';

export interface SmtpMailerOptions {
  /** `smtp://` or `smtps://` URL, with user and password when the server wants them. */
  readonly url: string;
  /** Sender, such as `Acme <no-reply@example.com>`, or an address alone. */
  readonly from: string;
  /** Stands in front of a sender that is an address alone. */
  readonly name?: () => string;
}

/**
 * Builds a mailer on an SMTP server. Sends email only: a text message is refused.
 *
 * @throws OptionsError when the URL is not an SMTP address.
 */
export function createSmtpMailer(options: SmtpMailerOptions): Mailer {
  const { url, from, name } = options;
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
  const sender = (): string | { readonly name: string; readonly address: string } =>
    name === undefined || !isAddressAlone(from) ? from : { name: name(), address: from };
  return {
    async send({ to, channel, kind, subject, text, html, images = [] }) {
      if (channel !== 'email') throw new TypeError('an SMTP server sends email only');
      // As an object: an address in a string could smuggle a second recipient.
      await transport.sendMail({
        from: sender(),
        to: { name: '', address: to },
        subject,
        // What it is for, so that mail rules and test inboxes need not guess from the subject.
        headers: { 'X-Sallyport-Kind': kind },
        text,
        ...(html === undefined ? {} : { html, attachments: images.map(toAttachment) }),
      });
    },
  };
}

/** Between text and HTML it stands in a multipart/related (RFC 2387), so that no mail program lists it as an attachment. */
function toAttachment({ contentId, mediaType, content }: MailImage) {
  const filename = contentId.replace(/@.*$/, '');
  const bytes = Buffer.from(content);
  return { cid: contentId, filename, contentType: mediaType, content: bytes, contentDisposition: 'inline' as const };
}

function isAddressAlone(from: string): boolean {
  return /^[^\s<>"(),:;]+@[^\s<>"(),:;]+$/.test(from);
}
