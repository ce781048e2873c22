import { createSenders } from '../open-mailer.ts';
import { findingsOf } from './findings-of.ts';
import type { StartCheck } from './start-context.ts';

/** Whether email, and text messages where they are switched on, can be sent. Nothing is sent. */
export const checkMail: StartCheck = {
  name: 'mail',
  run: (context) => {
    const failures = findingsOf(() => createSenders(context));
    if (failures.length > 0) return failures;
    const isSent = context.environment.smtpUrl !== undefined;
    return [{ kind: 'ok', finding: isSent ? 'SMTP_URL is set' : 'the mailbox of the demo' }];
  },
};
