import { OptionsError, type Logger, type Mailer } from '@sallyport/core';
import {
  createChannelMailer,
  createDevelopmentMailbox,
  createHttpSmsSender,
  createSmtpMailer,
} from '@sallyport/identity';
import type { Closing } from './closing.ts';
import type { Config } from './config/config-schema.ts';
import { ConfigurationError } from './config/configuration-error.ts';
import type { Environment } from './config/environment.ts';
import { listenMailbox } from './demo/mailbox-listener.ts';

interface SenderOptions {
  readonly config: Config;
  readonly isDemo: boolean;
  readonly environment: Environment;
}

export interface MailerOptions extends SenderOptions {
  readonly logger: Logger;
}

interface Senders {
  readonly email: Mailer | undefined;
  readonly sms: Mailer | undefined;
}

/**
 * Opens what delivers messages: SMTP and an SMS gateway where they are configured, the development mailbox for the rest in
 * demo mode.
 *
 * @throws ConfigurationError when there is nothing for email, or nothing for text messages where they are switched on.
 */
export async function openMailer(options: MailerOptions, closing: Closing): Promise<Mailer> {
  const { isDemo } = options;
  const { email, sms } = createSenders(options);
  if (!isDemo)
    return createChannelMailer({ ...(email === undefined ? {} : { email }), ...(sms === undefined ? {} : { sms }) });
  if (email !== undefined && sms !== undefined) return createChannelMailer({ email, sms });
  const mailbox = await openMailbox(options, closing);
  return createChannelMailer({ email: email ?? mailbox, sms: sms ?? mailbox });
}

/**
 * Builds what sends email and text messages, as far as it is configured. Nothing is opened and nothing is sent.
 *
 * @throws ConfigurationError like {@link openMailer}.
 */
export function createSenders(options: SenderOptions): Senders {
  const email = openEmail(options);
  const sms = openSms(options);
  if (!options.isDemo) requireBoth(options, email, sms);
  return { email, sms };
}

function openEmail({ config, isDemo, environment }: SenderOptions): Mailer | undefined {
  if (environment.smtpUrl === undefined) return undefined;
  const from = config.mail?.from ?? (isDemo ? 'Sallyport <no-reply@localhost>' : undefined);
  if (from === undefined)
    throw new ConfigurationError('mail', [
      { key: 'mail.from', problem: 'is missing; SMTP_URL is set, so say who sends' },
    ]);
  try {
    return createSmtpMailer({ url: environment.smtpUrl, from });
  } catch (error) {
    throw refusalOf('SMTP_URL', error);
  }
}

function openSms({ config, environment }: SenderOptions): Mailer | undefined {
  const { smsGatewayUrl: url, smsGatewayToken: token } = environment;
  if (url === undefined) return undefined;
  const { from, authentication, format, fields } = config.sms;
  const options = { url, authentication, format, fields };
  try {
    return createHttpSmsSender({
      ...options,
      ...(token === undefined ? {} : { token }),
      ...(from === undefined ? {} : { from }),
    });
  } catch (error) {
    throw refusalOf('SMS_GATEWAY_URL', error);
  }
}

function refusalOf(key: string, error: unknown): ConfigurationError {
  const problem = error instanceof OptionsError ? error.message : 'cannot be used';
  return new ConfigurationError('mail', [{ key, problem }]);
}

function requireBoth({ config }: SenderOptions, email: Mailer | undefined, sms: Mailer | undefined): void {
  const problems = [
    ...(email === undefined
      ? [{ key: 'SMTP_URL', problem: 'is missing: without mail no user can verify an address or reset a password' }]
      : []),
    ...(sms === undefined && config.secondFactor.methods.includes('sms')
      ? [{ key: 'SMS_GATEWAY_URL', problem: 'is missing: secondFactor.methods has sms, so say what sends it' }]
      : []),
  ];
  if (problems.length > 0) throw new ConfigurationError('mail', problems);
}

async function openMailbox({ environment, logger }: MailerOptions, closing: Closing): Promise<Mailer> {
  const mailbox = createDevelopmentMailbox();
  const listening = await listenMailbox(mailbox.app, environment.mailboxPort ?? 0);
  closing.push(() => listening.close());
  logger.info('mailbox ready', { event: 'mailbox-ready', port: listening.port });
  return mailbox.mailer;
}
