/** A message to a person. `links` and `code` are secrets: a mailer never logs them. */
export interface Message {
  readonly to: string;
  readonly channel: 'email' | 'sms';
  /** What it is for, such as `verify-email`. */
  readonly kind: string;
  readonly subject: string;
  readonly text: string;
  readonly html?: string;
  readonly links: readonly string[];
  readonly code?: string;
}

/** Delivers messages: SMTP in production, the development mailbox in demo mode. */
export interface Mailer {
  /** Resolves when the message was accepted for delivery; rejects when it was not. */
  send(message: Message): Promise<void>;
}
