import type { Message } from '@sallyport/core';
import { escapeHtml } from './escape-html.ts';
import type { Letter } from './mail-catalog.ts';

/** The owner of an account, as a mail addresses them. */
export interface Recipient {
  readonly name: string;
  readonly email: string;
  /** Until the address is verified the name is text from an unknown author to a stranger, and is left out. */
  readonly emailVerified: boolean;
}

/** Sets a letter as a message, in text and in HTML. */
export function toAccountMessage(kind: string, to: Recipient, letter: Letter, productName: string): Message {
  const { subject, paragraphs, action, closing } = letter;
  const greeting = to.emailVerified ? `Hello ${to.name},` : 'Hello,';
  const text = [greeting, ...paragraphs, `${action.label}:\n${action.link}`, closing, productName].join('\n\n');
  return {
    to: to.email,
    channel: 'email',
    kind,
    subject,
    text: `${text}\n`,
    html: toHtml(greeting, letter),
    links: [action.link],
  };
}

function toHtml(greeting: string, { subject, paragraphs, action, closing }: Letter): string {
  const link = escapeHtml(action.link);
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width">',
    `<title>${escapeHtml(subject)}</title></head>`,
    '<body style="margin:0;padding:32px 16px;background:#f2f8f5;color:#0c2221;font:16px/1.6 system-ui,-apple-system,Segoe UI,sans-serif">',
    '<div style="max-width:520px;margin:0 auto;padding:32px;background:#fff;border-radius:12px">',
    ...[greeting, ...paragraphs].map((paragraph) => `<p style="margin:0 0 16px">${escapeHtml(paragraph)}</p>`),
    `<p style="margin:24px 0"><a href="${link}" style="display:inline-block;padding:12px 20px;border-radius:8px;background:#0e6257;color:#fff;text-decoration:none;font-weight:600">${escapeHtml(action.label)}</a></p>`,
    `<p style="margin:0 0 16px;color:#4a5f5c;font-size:14px;word-break:break-all">Or copy this address into your browser:<br>${link}</p>`,
    `<p style="margin:0;color:#4a5f5c;font-size:14px">${escapeHtml(closing)}</p>`,
    '</div></body></html>',
  ].join('\n');
}
