import type { Message } from '@sallyport/core';
import type { SentMethod } from './factor-method.ts';
import { escapeHtml } from '../../mail/escape-html.ts';

/** The messages that carry a code. A code is in nothing but its message: not in the subject, which lock screens show. */
export type CodeMessages = Readonly<Record<SentMethod, (to: string, code: string) => Message>>;

/** Builds the messages with codes of a product whose pages live below `publicUrl`. */
export function createCodeMessages(publicUrl: string, productName: string): CodeMessages {
  const { host } = new URL(publicUrl);
  const warning = 'It works once, for ten minutes. Nobody from us will ever ask you for it.';
  return {
    email: (to, code) => {
      const subject = `Your code for ${productName}`;
      const lead = `Type this code on the page that asked for it:`;
      const closing = `${warning} If you did not ask for it, somebody knows your password: choose a new one.`;
      return {
        to,
        channel: 'email',
        kind: 'second-factor-code',
        subject,
        text: `${[lead, code, closing, productName].join('\n\n')}\n`,
        html: toHtml(subject, lead, code, closing),
        links: [],
        code,
      };
    },
    sms: (to, code) => ({
      to,
      channel: 'sms',
      kind: 'second-factor-code',
      subject: `Your code for ${productName}`,
      // The last line ties the code to our origin: phones then offer it on our pages, and on no others.
      text: `${code} is your code for ${productName}. ${warning}\n\n@${host} #${code}`,
      links: [],
      code,
    }),
  };
}

function toHtml(subject: string, lead: string, code: string, closing: string): string {
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width">',
    `<title>${escapeHtml(subject)}</title></head>`,
    '<body style="margin:0;padding:32px 16px;background:#f2f8f5;color:#0c2221;font:16px/1.6 system-ui,-apple-system,Segoe UI,sans-serif">',
    '<div style="max-width:520px;margin:0 auto;padding:32px;background:#fff;border-radius:12px">',
    `<p style="margin:0 0 16px">${escapeHtml(lead)}</p>`,
    `<p style="margin:24px 0;font:600 32px/1 ui-monospace,Menlo,Consolas,monospace;letter-spacing:0.2em">${escapeHtml(code)}</p>`,
    `<p style="margin:0;color:#4a5f5c;font-size:14px">${escapeHtml(closing)}</p>`,
    '</div></body></html>',
  ].join('\n');
}
