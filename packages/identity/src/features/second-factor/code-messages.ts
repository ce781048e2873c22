import type { Brand, Message } from '@sallyport/core';
import { toMailContent } from '../../mail/mail-document.ts';
import type { SentMethod } from './factor-method.ts';

/** The messages that carry a code. A code is in nothing but its message: not in the subject, which lock screens show. */
export type CodeMessages = Readonly<Record<SentMethod, (to: string, code: string) => Message>>;

/** Builds the messages with codes of a product whose pages live below `publicUrl`. */
export function createCodeMessages(publicUrl: string, brand: () => Brand): CodeMessages {
  const { host } = new URL(publicUrl);
  const warning = 'It works once, for ten minutes. We will never ask you for it.';
  return {
    email: (to, code) => ({
      to,
      channel: 'email',
      kind: 'second-factor-code',
      ...toMailContent(brand(), `Your code for ${brand().name}`, [
        { kind: 'paragraph', text: 'Enter this code on the page that asked for it:' },
        { kind: 'code', code },
        { kind: 'note', text: `${warning} If you did not ask for it, someone knows your password: choose a new one.` },
      ]),
      links: [],
      code,
    }),
    sms: (to, code) => ({
      to,
      channel: 'sms',
      kind: 'second-factor-code',
      subject: `Your code for ${brand().name}`,
      // The last line ties the code to our origin: phones then offer it on our pages, and on no others.
      text: `${code} is your code for ${brand().name}. ${warning}\n\n@${host} #${code}`,
      links: [],
      code,
    }),
  };
}
