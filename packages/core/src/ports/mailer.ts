/** An image that travels in a mail, and that its HTML shows as `cid:` and the identifier (RFC 2392). */
export interface MailImage {
  readonly contentId: string;
  readonly mediaType: string;
  readonly content: Uint8Array;
}

/** A message to a person. `links` and `code` are secrets: a mailer never logs them. */
export interface Message {
  readonly to: string;
  readonly channel: 'email' | 'sms';
  /** What it is for, such as `verify-email`. */
  readonly kind: string;
  readonly subject: string;
  readonly text: string;
  readonly html?: string;
  readonly images?: readonly MailImage[];
  readonly links: readonly string[];
  readonly code?: string;
}

/** Why a message will never be accepted: sending it again would be refused again. Holds nothing of the message. */
export class MessageRefused extends Error {
  override readonly name = 'MessageRefused';
}

/** Delivers messages: SMTP in production, the development mailbox in demo mode. */
export interface Mailer {
  /** Resolves when the message was accepted for delivery; rejects when it was not, for good with `MessageRefused`. */
  send(message: Message): Promise<void>;
}
