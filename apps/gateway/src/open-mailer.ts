import type { Logger, Mailer } from '@sallyport/core';
import { createDevelopmentMailbox, createSmtpMailer } from '@sallyport/identity';
import type { Closing } from './closing.ts';
import type { Config } from './config/config-schema.ts';
import { ConfigurationError } from './config/configuration-error.ts';
import type { Environment } from './config/environment.ts';
import { listenMailbox } from './demo/mailbox-listener.ts';

export interface MailerOptions {
  readonly config: Config;
  readonly isDemo: boolean;
  readonly environment: Environment;
  readonly logger: Logger;
}

/**
 * Opens what delivers messages: SMTP when it is configured, the development mailbox in demo mode.
 *
 * @throws ConfigurationError when there is neither.
 */
export async function openMailer(options: MailerOptions, closing: Closing): Promise<Mailer> {
  const { isDemo, config, environment, logger } = options;
  if (environment.smtpUrl !== undefined) {
    const from = config.mail?.from ?? (isDemo ? 'Sallyport <no-reply@localhost>' : undefined);
    if (from === undefined)
      throw new ConfigurationError('mail', [
        { key: 'mail.from', problem: 'is missing; SMTP_URL is set, so say who sends' },
      ]);
    return createSmtpMailer({ url: environment.smtpUrl, from });
  }
  if (!isDemo) {
    throw new ConfigurationError('mail', [
      { key: 'SMTP_URL', problem: 'is missing: without mail nobody can verify an address or reset a password' },
    ]);
  }
  const mailbox = createDevelopmentMailbox();
  const listening = await listenMailbox(mailbox.app, environment.mailboxPort ?? 0);
  closing.push(() => listening.close());
  logger.info('mailbox ready', { port: listening.port });
  return mailbox.mailer;
}
