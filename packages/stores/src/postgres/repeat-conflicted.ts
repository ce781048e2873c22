import { setTimeout as delay } from 'node:timers/promises';
import { exponentialBackoff, isTransactionConflict, withJitter } from '@sallyport/core';

type Send<Result> = (sql: string, parameters: readonly unknown[]) => Promise<Result>;

const maximumAttempts = 5;
const pauses = { firstMilliseconds: 5, maxMilliseconds: 100 } as const;

/**
 * Runs a statement that stands alone, and runs it again when it met another one: nothing of it was written. It begins
 * again in a transaction of its own isolation, so that a server whose default is SERIALIZABLE has nothing to refuse.
 */
export async function repeatConflicted<Result>(
  send: Send<Result>,
  sql: string,
  parameters: readonly unknown[],
  begin: string,
): Promise<Result> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return attempt === 0 ? await send(sql, parameters) : await sendWithin(send, sql, parameters, begin);
    } catch (error) {
      if (attempt + 1 === maximumAttempts || !isTransactionConflict(error)) throw error;
      await delay(withJitter(exponentialBackoff(attempt, pauses)));
    }
  }
}

async function sendWithin<Result>(
  send: Send<Result>,
  sql: string,
  parameters: readonly unknown[],
  begin: string,
): Promise<Result> {
  for (const statement of begin.split('; ')) await send(statement, []);
  try {
    const result = await send(sql, parameters);
    await send('COMMIT', []);
    return result;
  } catch (error) {
    // A connection that broke has no transaction left; its error is the one that counts.
    await send('ROLLBACK', []).catch(() => {});
    throw error;
  }
}
