import { hasMailbox } from '../mailbox/has-mailbox.ts';
import { mailboxUrlOf } from '../mailbox/open-mailbox.ts';
import { createSenders } from '../open-mailer.ts';
import { findingsOf } from './findings-of.ts';
import type { StartCheck } from './start-context.ts';

/** Whether email, and text messages where they are switched on, can be sent. Nothing is sent. */
export const checkMail: StartCheck = {
  name: 'mail',
  run: (context) => {
    const { config } = context;
    let kept: readonly string[] = [];
    const failures = findingsOf(() => {
      const { email, sms } = createSenders(context, hasMailbox(context));
      kept = [...(email === 'mailbox' ? ['email'] : []), ...(sms === 'mailbox' ? ['text messages'] : [])];
    });
    if (failures.length > 0) return failures;
    if (kept.length === 0) return [{ kind: 'ok', finding: 'SMTP_URL is set' }];
    if (config.workers !== 1)
      return [
        {
          kind: 'failure',
          key: kept.includes('email') ? 'SMTP_URL' : 'SMS_GATEWAY_URL',
          finding: 'is missing: with several workers each would have a development mailbox of its own',
          hint: 'Set it, or workers: 1.',
        },
      ];
    const { port } = config.mailbox;
    const place = port === 0 ? 'at a port that the log of the start names' : `at ${mailboxUrlOf(port)}`;
    return [
      {
        kind: 'ok',
        finding: `${kept.join(' and ')} ${kept.length === 1 && kept[0] === 'email' ? 'stays' : 'stay'} on this machine, in the development mailbox ${place}`,
        hint: 'Production needs a server that sends them.',
      },
    ];
  },
};
