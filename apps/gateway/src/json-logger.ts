import type { LogFields, Logger } from '@sallyport/core';

/** Writes one JSON object per line. Fields are an allow-list made by the caller; nothing is added from the environment. */
export function createJsonLogger(write: (line: string) => void, now: () => Date = () => new Date()): Logger {
  const line =
    (level: 'info' | 'warn' | 'error') =>
    (message: string, fields: LogFields = {}): void => {
      write(`${JSON.stringify({ at: now().toISOString(), level, message, ...fields })}\n`);
    };
  return { info: line('info'), warn: line('warn'), error: line('error') };
}
