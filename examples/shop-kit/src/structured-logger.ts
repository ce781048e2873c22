import type { LoggerService } from '@nestjs/common';

/** Writes each line of Nest and of Sallyport as one JSON object on standard output. */
export function createStructuredLogger(service: string): LoggerService {
  const write =
    (level: string) =>
    (message: unknown, ...context: readonly unknown[]): void => {
      const fields = typeof message === 'object' && message !== null ? message : { message };
      const line = { time: new Date().toISOString(), level, service, context: context.at(-1), ...fields };
      process.stdout.write(`${JSON.stringify(line)}\n`);
    };
  return {
    // What Nest says about each route at the start is noise between other services: only its warnings are kept.
    log: (message: unknown, ...context: readonly unknown[]) => {
      if (typeof message === 'object') write('info')(message, ...context);
    },
    warn: write('warn'),
    error: write('error'),
    fatal: write('fatal'),
  };
}
