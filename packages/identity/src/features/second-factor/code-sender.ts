import { networkOf, type RequestContext, type SecurityEventLog } from '@sallyport/core';
import { whereOf } from '../../events/audit-context.ts';
import type { CodeMessages } from './code-messages.ts';
import type { MailQueue } from '../../mail/mail-queue.ts';
import type { CodeLimiter } from './code-limiter.ts';
import type { SentMethod } from './factor-method.ts';
import type { OneTimeCodes } from './one-time-codes.ts';
import type { SecondFactorEvent } from './second-factor-events.ts';

/** A code to send: its recipient, method and purpose. */
export interface CodeToSend {
  readonly userId: string;
  readonly method: SentMethod;
  readonly destination: string;
  readonly purpose: string;
}

/** Sends codes, in the background. Rejects with `SP_TOO_MANY_ATTEMPTS` when too many were sent already. */
export type SendCode = (code: CodeToSend, context: RequestContext) => Promise<void>;

export interface CodeSenderOptions {
  readonly codes: OneTimeCodes;
  readonly limiter: CodeLimiter;
  readonly messages: CodeMessages;
  readonly queue: MailQueue;
  readonly events: SecurityEventLog<SecondFactorEvent>;
  readonly now: () => Date;
}

export function createCodeSender(options: CodeSenderOptions): SendCode {
  const { codes, limiter, messages, queue, events, now } = options;
  return async ({ userId, method, destination, purpose }, context) => {
    await limiter.countSend(userId, { purpose, destination, network: networkOf(context.clientAddress) });
    const code = await codes.issue(purpose, method);
    await events.append({
      type: 'second-factor.code-sent',
      at: now(),
      outcome: 'success',
      target: userId,
      ...whereOf(context),
      details: { method },
    });
    queue.add(messages[method](destination, code));
  };
}
