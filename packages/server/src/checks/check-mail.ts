import { createSenders } from '../open-mailer.ts';
import { findingsOf } from './findings-of.ts';
import type { StartCheck } from './start-context.ts';

/** Whether email, and text messages where they are switched on, can be sent. Nothing is sent. */
export const checkMail: StartCheck = {
  name: 'mail',
  run: ({ config, environment, preset }) => {
    const failures = findingsOf(() => createSenders({ config, environment }, preset !== undefined));
    if (failures.length > 0) return failures;
    const isSent = environment.smtpUrl !== undefined || preset === undefined;
    return [{ kind: 'ok', finding: isSent ? 'SMTP_URL is set' : `the mailbox of ${preset.name}` }];
  },
};
