import { silentLogger } from '@sallyport/core';
import { afterEach, describe, expect, it } from 'vitest';
import { createClosing } from './closing.ts';
import { readEnvironment } from './config/environment.ts';
import { parseConfig } from './config/parse-config.ts';
import { openMailer } from './open-mailer.ts';

const closing = createClosing();
afterEach(() => closing.close());

const smtp = { SMTP_URL: 'smtp://127.0.0.1:9' };
const sms = { SMS_GATEWAY_URL: 'https://sms.example.com/messages', SMS_GATEWAY_TOKEN: 'canary' };

function open(variables: Readonly<Record<string, string>>, change: object = {}, isDemo = false) {
  const config = parseConfig(
    {
      publicUrl: 'https://app.example.com',
      mail: { from: 'Acme <no-reply@example.com>' },
      policy: { permissions: {}, roles: { user: [] } },
      routes: [{ name: 'x', prefix: '/x', upstream: 'http://127.0.0.1:1', audience: 'x', access: 'public' }],
      ...change,
    },
    'test',
  );
  return openMailer({ config, isDemo, environment: readEnvironment(variables), logger: silentLogger }, closing);
}

describe('what delivers messages', () => {
  it('is SMTP and the SMS gateway, where both are configured', async () => {
    await expect(open({ ...smtp, ...sms }, { secondFactor: { methods: ['totp', 'sms'] } })).resolves.toBeDefined();
  });

  it('is SMTP alone, where no text messages are sent', async () => {
    await expect(open(smtp)).resolves.toBeDefined();
  });

  it.each([
    { name: 'no mail server', variables: {}, key: 'SMTP_URL' },
    {
      name: 'text messages and no gateway',
      variables: smtp,
      change: { secondFactor: { methods: ['sms'] } },
      key: 'SMS_GATEWAY_URL',
    },
    {
      name: 'a gateway in clear',
      variables: { ...smtp, SMS_GATEWAY_URL: 'http://canary.example.com' },
      key: 'SMS_GATEWAY_URL',
    },
  ])('is refused with $name, and no value is named', async ({ variables, change = {}, key }) => {
    const opening = open(variables, change);
    await expect(opening).rejects.toThrow(key);
    await expect(opening).rejects.not.toThrow('canary');
  });

  it('is the mailbox in the demo, for text messages too', async () => {
    const mailer = await open({}, {}, true);
    const message = { to: '+4915123456789', kind: 'x', subject: 'x', text: 'x', links: [] } as const;
    await mailer.send({ ...message, channel: 'sms' });
    await mailer.send({ ...message, to: 'a@example.com', channel: 'email' });
  });
});
