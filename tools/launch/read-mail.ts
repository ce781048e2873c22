import type { Message } from '@sallyport/core';
import PostalMime from 'postal-mime';

/** Turns a mail as it came over SMTP back into the message that was sent. */
export async function readMail(source: Uint8Array, to: string): Promise<Message> {
  const { headers, subject = '', text = '', html } = await PostalMime.parse(source);
  const code = /(?<![\w/=-]|\d\.)\d{6,8}(?![\w/=-]|\.\d)/.exec(text.replaceAll(/https?:\/\/\S+/g, ''))?.[0];
  return {
    to,
    channel: 'email',
    kind: headers.find(({ key }) => key === 'x-sallyport-kind')?.value ?? 'unknown',
    subject,
    text,
    ...(html === undefined ? {} : { html }),
    links: [...new Set(text.match(/https?:\/\/[^\s<>"]+/g))],
    ...(code === undefined ? {} : { code }),
  };
}
