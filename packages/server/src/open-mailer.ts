import { OptionsError, type Mailer } from '@sallyport/core';
import { createChannelMailer, createHttpSmsSender, createSmtpMailer } from '@sallyport/identity';
import { openBrand } from './brand/open-brand.ts';
import type { Config } from './config/config-schema.ts';
import { ConfigurationError, type ConfigurationProblem } from './config/configuration-error.ts';
import type { Environment } from './config/environment.ts';

interface SenderOptions {
  readonly config: Config;
  readonly environment: Environment;
  /** What people call the product now: it stands in front of a sender that is an address alone. @default brand.name */
  readonly productName?: () => string;
}

export interface MailerOptions extends SenderOptions {
  /** Opens what takes messages that no configured server delivers; without it the absence of a server is an error. */
  readonly openMailbox?: (() => Promise<Mailer>) | undefined;
}

/** What sends messages of each kind: a server, or the mailbox; `undefined` where none of the kind is sent. */
interface Senders {
  readonly email: Mailer | 'mailbox';
  readonly sms: Mailer | 'mailbox' | undefined;
}

/**
 * Opens what delivers messages: SMTP and an SMS gateway where they are configured, a mailbox for the rest where there is one.
 *
 * @throws ConfigurationError when there is nothing for email, or nothing for text messages where they are switched on.
 */
export async function openMailer({ openMailbox, ...options }: MailerOptions): Promise<Mailer> {
  const senders = createSenders(options, () => openMailbox !== undefined);
  const isNeeded = senders.email === 'mailbox' || senders.sms === 'mailbox';
  return toMailer(senders, isNeeded ? await openMailbox?.() : undefined);
}

/** Gives each message to what sends its kind. */
export function toMailer(senders: Senders, mailbox: Mailer | undefined): Mailer {
  const email = senders.email === 'mailbox' ? mailbox : senders.email;
  const sms = senders.sms === 'mailbox' ? mailbox : senders.sms;
  return createChannelMailer({ ...(email === undefined ? {} : { email }), ...(sms === undefined ? {} : { sms }) });
}

/**
 * Builds what sends email and text messages, as far as it is configured. Nothing is opened and nothing is sent.
 *
 * @param hasMailbox says whether a mailbox takes what no configured server delivers.
 * @throws ConfigurationError like {@link openMailer}.
 */
export function createSenders(options: SenderOptions, hasMailbox: () => boolean): Senders {
  const problems: ConfigurationProblem[] = [];
  const email = attempt(() => openEmail(options, hasMailbox), problems);
  const sms = attempt(() => openSms(options, hasMailbox), problems);
  if (email === undefined || problems.length > 0) throw new ConfigurationError('mail', problems);
  return { email, sms };
}

/** Of two kinds of messages both are looked at. */
function attempt<Opened>(open: () => Opened, problems: ConfigurationProblem[]): Opened | undefined {
  try {
    return open();
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    problems.push(...error.problems);
    return undefined;
  }
}

/** What sends email. @throws ConfigurationError like {@link openMailer}. */
export function openEmail(options: SenderOptions, hasMailbox: () => boolean): Senders['email'] {
  const { config, environment, productName } = options;
  if (environment.smtpUrl === undefined) {
    if (hasMailbox()) return 'mailbox';
    throw new ConfigurationError('mail', [{ key: 'SMTP_URL', problem: noMailServer(options) }]);
  }
  const from = config.mail?.from;
  if (from === undefined)
    throw new ConfigurationError('mail', [
      { key: 'mail.from', problem: 'is missing; SMTP_URL is set, so say who sends' },
    ]);
  try {
    const name = productName ?? (() => openBrand(config).name);
    return createSmtpMailer({ url: environment.smtpUrl, from, name });
  } catch (error) {
    throw refusalOf('SMTP_URL', error);
  }
}

/** What sends text messages, where they are used. @throws ConfigurationError like {@link openMailer}. */
export function openSms({ config, environment }: SenderOptions, hasMailbox: () => boolean): Senders['sms'] {
  const { smsGatewayUrl: url, smsGatewayToken: token } = environment;
  if (url === undefined) {
    if (!config.secondFactor.methods.includes('sms')) return undefined;
    if (hasMailbox()) return 'mailbox';
    throw new ConfigurationError('mail', [
      { key: 'SMS_GATEWAY_URL', problem: 'is missing: secondFactor.methods has sms, so say what sends it' },
    ]);
  }
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

function noMailServer({ environment }: SenderOptions): string {
  const problem = 'is missing: without mail no user can verify an address or reset a password';
  const advice = 'On the machine of a developer set NODE_ENV=development, and a mailbox takes the mail instead';
  return environment.isProduction ? problem : `${problem}. ${advice}`;
}
