import type { Logger } from '@sallyport/core';

/**
 * Ends the process on an uncaught exception or an unhandled rejection: what it was in the middle of is unknown, and a
 * process that goes on may hold locks, or answer one caller with the data of another. Its supervisor starts another one.
 */
export function endOnFault(logger: Logger): void {
  const end = (kind: string) => (error: unknown) => {
    const cause = error instanceof Error ? `${error.name}: ${error.message}` : 'unknown';
    // Frames without the message, which stands in "cause" already.
    const frames = error instanceof Error ? framesOf(error) : '';
    logger.error('a fault of ours: this process ends', { event: 'process-fault', kind, cause, frames });
    process.exit(70);
  };
  process.on('uncaughtException', end('exception'));
  process.on('unhandledRejection', end('rejection'));
}

function framesOf({ stack = '' }: Error): string {
  const lines = stack.split('\n').map((line) => line.trim());
  return lines
    .filter((line) => line.startsWith('at '))
    .slice(0, 10)
    .join(' | ');
}
