import type { Message } from '@sallyport/core';

/** Reads a text message as an SMS gateway is given it: `{ to, text }`. Codes are all that is sent this way. */
export function readTextMessage(body: string): Message | undefined {
  const { to, text } = parseObject(body);
  if (typeof to !== 'string' || typeof text !== 'string') return undefined;
  const code = /\b\d{6,8}\b/.exec(text)?.[0];
  return {
    to,
    channel: 'sms',
    kind: 'second-factor-code',
    subject: 'Text message',
    text,
    links: [],
    ...(code === undefined ? {} : { code }),
  };
}

function parseObject(body: string): { readonly to?: unknown; readonly text?: unknown } {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}
