import { setTimeout as delay } from 'node:timers/promises';
import { MessageRefused, type Logger, type Mailer, type Message } from '@sallyport/core';

/**
 * Sends in the background, so that the time of an answer does not tell whether there was a message to send.
 */
export interface MailQueue {
  /** Takes a message and returns at once. Drops it, and says so in the log, when the queue is full. */
  add(message: Message): void;
  /** Stops waiting between tries, and resolves when each message was sent or tried for the last time. */
  close(): Promise<void>;
}

export interface MailQueueOptions {
  readonly mailer: Mailer;
  readonly logger: Logger;
  /** Waits before the second, third … try. @default [1, 5, 30] seconds */
  readonly retryAfterMilliseconds?: readonly number[];
  /** @default 1000 */
  readonly capacity?: number;
  /** @default 4 */
  readonly concurrency?: number;
}

export function createMailQueue(options: MailQueueOptions): MailQueue {
  const { mailer, logger, retryAfterMilliseconds = [1000, 5000, 30_000], capacity = 1000, concurrency = 4 } = options;
  const waiting: Message[] = [];
  const running = new Set<Promise<void>>();
  const closing = new AbortController();

  const start = (): void => {
    while (running.size < concurrency) {
      const message = waiting.shift();
      if (message === undefined) return;
      const sending = deliver(message).finally(() => {
        running.delete(sending);
        start();
      });
      running.add(sending);
    }
  };

  const deliver = async (message: Message): Promise<void> => {
    for (const wait of [...retryAfterMilliseconds, undefined]) {
      try {
        await mailer.send(message);
        return;
      } catch (error) {
        const fields = { kind: message.kind, error: error instanceof Error ? error.name : 'unknown' };
        const isFinal = wait === undefined || error instanceof MessageRefused;
        if (isFinal) {
          logger.error('a message could not be sent', { event: 'message-failed', ...fields });
          return;
        }
        logger.warn('a message will be sent again', { event: 'message-retried', ...fields });
        await delay(wait, undefined, { signal: closing.signal }).catch(() => {});
      }
    }
  };

  return {
    add(message) {
      if (waiting.length >= capacity) {
        logger.error('a message was dropped because the queue is full', {
          event: 'message-dropped',
          kind: message.kind,
        });
        return;
      }
      waiting.push(message);
      // Not in this turn: even building the connection must not be part of the answer's time.
      setImmediate(start);
    },
    async close() {
      closing.abort();
      start();
      while (running.size > 0) await Promise.all(running);
    },
  };
}
