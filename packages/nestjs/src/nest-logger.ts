import type { LogFields, Logger } from '@sallyport/core';
import { Logger as NestLogger } from '@nestjs/common';

/** Writes through the logger of the application: the fields follow the text as an object. */
export function createNestLogger(): Logger {
  const logger = new NestLogger('Sallyport');
  const write = (level: 'log' | 'warn' | 'error') => (message: string, fields: LogFields) => {
    logger[level]({ message, ...fields });
  };
  return { info: write('log'), warn: write('warn'), error: write('error') };
}
