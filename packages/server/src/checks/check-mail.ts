import { hasMailbox } from '../mailbox/has-mailbox.ts';
import { mailboxUrlOf } from '../mailbox/open-mailbox.ts';
import { createSenders, openEmail, openSms } from '../open-mailer.ts';
import { findingsOf } from './findings-of.ts';
import type { StartCheck } from './start-context.ts';

/** Whether email can be sent. Nothing is sent. */
export const checkEmail: StartCheck = {
  name: 'mail',
  run: (context) => findingsOf(() => openEmail(context, () => hasMailbox(context))),
};

/** Whether text messages can be sent where they are switched on. Nothing is sent. */
export const checkTextMessages: StartCheck = {
  name: 'text messages',
  run: (context) => findingsOf(() => openSms(context, () => hasMailbox(context))),
};

/** Where messages go that can be sent. */
export const checkMailbox: StartCheck = {
  name: 'mail',
  run: (context) => {
    const { config } = context;
    let kept: readonly string[] = [];
    const failures = findingsOf(() => {
      const { email, sms } = createSenders(context, () => hasMailbox(context));
      kept = [...(email === 'mailbox' ? ['email'] : []), ...(sms === 'mailbox' ? ['text messages'] : [])];
    });
    // They are named by the checks before.
    if (failures.length > 0) return [];
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
