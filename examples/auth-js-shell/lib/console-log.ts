import type { ShellOptions } from '@sallyport/nextjs/auth-js';

/** One line of JSON for each fault, to the error output. */
export const consoleLog: NonNullable<ShellOptions['logger']> = {
  info: () => {},
  warn: (message, fields) => console.error(JSON.stringify({ level: 'warn', message, ...fields })),
  error: (message, fields) => console.error(JSON.stringify({ level: 'error', message, ...fields })),
};
