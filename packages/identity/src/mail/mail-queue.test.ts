import { silentLogger, type Message } from '@sallyport/core';
import { describe, expect, it } from 'vitest';
import { createMailQueue } from './mail-queue.ts';
import { message, recipient } from './mail.test-support.ts';

describe('the mail queue', () => {
  it('tries again, a bounded number of times, and never says what is in a message', async () => {
    const lines: string[] = [];
    const log = (text: string, fields: object = {}) => void lines.push(`${text} ${JSON.stringify(fields)}`);
    let tries = 0;
    const mailer = {
      send: async () => {
        tries += 1;
        throw new Error(`550 no such user ${recipient.email}`);
      },
    };
    const queue = createMailQueue({
      mailer,
      logger: { info: log, warn: log, error: log },
      retryAfterMilliseconds: [1, 1],
    });
    queue.add(message);
    await queue.close();
    expect(tries).toBe(3);
    expect(lines).toHaveLength(3);
    expect(lines.join('')).not.toMatch(/robin|token-1/);
  });

  it('delivers after a passing failure', async () => {
    const sent: Message[] = [];
    let isDown = true;
    const mailer = {
      send: async (one: Message) => {
        if (isDown) {
          isDown = false;
          throw new Error('down');
        }
        sent.push(one);
      },
    };
    const queue = createMailQueue({ mailer, logger: silentLogger, retryAfterMilliseconds: [1] });
    queue.add(message);
    await queue.close();
    expect(sent).toEqual([message]);
  });

  it('drops what does not fit, and says so', async () => {
    let count = 0;
    const lines: string[] = [];
    const logger = { ...silentLogger, error: (text: string) => void lines.push(text) };
    const mailer = { send: async () => void (count += 1) };
    const queue = createMailQueue({ mailer, logger, capacity: 2 });
    for (let index = 0; index < 5; index += 1) queue.add(message);
    await queue.close();
    expect(count).toBe(2);
    expect(lines).toHaveLength(3);
  });
});
