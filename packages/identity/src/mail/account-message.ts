import type { Brand, Message } from '@sallyport/core';
import { greetingOf } from './greeting.ts';
import type { Letter } from './mail-catalog.ts';
import { toMailContent } from './mail-document.ts';

/** The owner of an account, as a mail addresses them. */
export interface Recipient {
  readonly name: string;
  readonly email: string;
  /** Until the address is verified the name is text from an unknown author to a stranger, and is left out. */
  readonly emailVerified: boolean;
}

/** Sets a letter as a message, in text and in HTML. */
export function toAccountMessage(kind: string, to: Recipient, letter: Letter, brand: Brand): Message {
  const { subject, paragraphs, action, closing } = letter;
  return {
    to: to.email,
    channel: 'email',
    kind,
    ...toMailContent(brand, subject, [
      ...[greetingOf(to), ...paragraphs].map((text) => ({ kind: 'paragraph', text }) as const),
      { kind: 'action', ...action },
      { kind: 'note', text: closing },
    ]),
    links: [action.link],
  };
}
