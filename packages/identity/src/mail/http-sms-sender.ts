import { OptionsError, isLoopbackHost, MessageRefused, type Mailer, type Message } from '@sallyport/core';

/** How the gateway knows us: by a bearer token, by `user:password`, or by a header of its own. */
export type SmsAuthentication = 'bearer' | 'basic' | { readonly header: string };

export interface HttpSmsSenderOptions {
  /** Address that takes one message per POST: https, or plain http on loopback. */
  readonly url: string;
  /** The secret that it asks for. */
  readonly token?: string;
  /** @default 'bearer' */
  readonly authentication?: SmsAuthentication;
  /** Number or name that messages come from. */
  readonly from?: string;
  /** @default 'json' */
  readonly format?: 'json' | 'form';
  /** What the gateway calls number, sender and text. @default { to: 'to', from: 'from', text: 'text' } */
  readonly fields?: { readonly to?: string; readonly from?: string; readonly text?: string };
  /** @default 10 seconds */
  readonly timeoutMilliseconds?: number;
}

/** Too much at once, or too slow: worth another try, unlike every other refusal. */
const passingRefusals: ReadonlySet<number> = new Set([408, 425, 429]);

/**
 * Builds a mailer on the HTTP interface of an SMS gateway. Sends text messages only: an email is refused.
 *
 * An answer of 2xx accepts the message; a redirect is a refusal, so that neither number nor code goes anywhere else. What
 * the gateway says is not read, and no error holds anything of the message.
 *
 * @throws OptionsError when the address is neither https nor loopback, or holds credentials.
 */
export function createHttpSmsSender(options: HttpSmsSenderOptions): Mailer {
  const { url, format = 'json', timeoutMilliseconds = 10_000 } = options;
  requireSafeAddress(url);
  const headers = {
    'content-type': format === 'json' ? 'application/json' : 'application/x-www-form-urlencoded',
    ...authenticationHeader(options),
  };
  const toBody = createBodyWriter(options);

  return {
    async send(message) {
      if (message.channel !== 'sms') throw new TypeError('an SMS gateway sends text messages only');
      const signal = AbortSignal.timeout(timeoutMilliseconds);
      const body = toBody(message);
      const response = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal });
      await response.body?.cancel();
      if (response.ok) return;
      const sentence = `the SMS gateway answered ${response.status}`;
      const isFinal = response.status < 500 && !passingRefusals.has(response.status);
      throw isFinal ? new MessageRefused(sentence) : new Error(sentence);
    },
  };
}

function requireSafeAddress(address: string): void {
  if (!URL.canParse(address)) throw new OptionsError('the address of the SMS gateway is not a URL');
  const { protocol, hostname, username, password } = new URL(address);
  const isSafe = protocol === 'https:' || (protocol === 'http:' && isLoopbackHost(hostname));
  if (!isSafe) throw new OptionsError('the address of the SMS gateway must be https: codes are never sent in clear');
  if (username !== '' || password !== '')
    throw new OptionsError('the address of the SMS gateway must hold no credentials: give them as its token');
}

function authenticationHeader({ token, authentication = 'bearer' }: HttpSmsSenderOptions): Record<string, string> {
  if (token === undefined) return {};
  if (authentication === 'bearer') return { authorization: `Bearer ${token}` };
  if (authentication === 'basic') return { authorization: `Basic ${Buffer.from(token).toString('base64')}` };
  return { [authentication.header]: token };
}

function createBodyWriter({ from, format = 'json', fields = {} }: HttpSmsSenderOptions): (message: Message) => string {
  const { to: toField = 'to', from: fromField = 'from', text: textField = 'text' } = fields;
  return ({ to, text }) => {
    const values = { [toField]: to, ...(from === undefined ? {} : { [fromField]: from }), [textField]: text };
    return format === 'json' ? JSON.stringify(values) : new URLSearchParams(values).toString();
  };
}
