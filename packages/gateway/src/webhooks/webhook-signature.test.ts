import { createHash } from 'node:crypto';
import { keyOfWebhookSecret, type WebhookOptions } from '@sallyport/core';
import { describe, expect, it } from 'vitest';
import { readWebhookHeaders } from './webhook-headers.ts';
import { beginWebhookSignature } from './webhook-signature.ts';
import { signStandard, standardSecret } from './webhooks.test-support.ts';

interface Vector {
  readonly name: string;
  readonly hmac?: WebhookOptions['hmac'];
  readonly secret: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly seconds: number;
  readonly body: string;
}

const form = { prefix: '', encoding: 'hex', signed: '{body}' } as const;

/** Published by those who sign this way. */
const published: readonly Vector[] = [
  {
    name: 'of the documentation of GitHub',
    hmac: { ...form, header: 'x-hub-signature-256', prefix: 'sha256=' },
    secret: "It's a Secret to Everybody",
    headers: {
      'X-Hub-Signature-256': 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17',
    },
    seconds: 0,
    body: 'Hello, World!',
  },
  {
    name: 'of the documentation of Slack',
    hmac: {
      ...form,
      header: 'x-slack-signature',
      prefix: 'v0=',
      timestamp: { header: 'x-slack-request-timestamp' },
      signed: 'v0:{timestamp}:{body}',
    },
    secret: '8f742231b10e8888abcd99yyyzzz85a5',
    headers: {
      'X-Slack-Request-Timestamp': '1531420618',
      'X-Slack-Signature': 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503',
    },
    seconds: 1_531_420_618,
    body: 'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c',
  },
];

/** Made by the package standardwebhooks 1.1.1, under keys of this length and with these bodies. */
const judged = [
  { keyBytes: 24, body: '', signature: 'v1,MUkW3t1kCToSI9I+jWe6HY0jMK7VG7C6TaUbay4eGlw=' },
  { keyBytes: 32, body: '{}', signature: 'v1,VGLZ8ljIzEtpri0/TlF5mwK3IFlQYxnoRKypc3wCNSI=' },
  { keyBytes: 40, body: '{"test": 2432232314}', signature: 'v1,1K4bI62fXTcJr9PgXbJo8VxeCl4v2FD4aulaUcx0+ak=' },
  {
    keyBytes: 48,
    body: '{"name":"Zoë","emoji":"🚪"}',
    signature: 'v1,6VL2d4WoVn/VajVyXP8nCQk3pSk41Z8t0Qn/VIPYNZM=',
  },
  { keyBytes: 56, body: 'a.b.c', signature: 'v1,TQbkiD9aL4W0sKdJfZ0e+vEP/A1Yfq54G56Ww8nAW+c=' },
  { keyBytes: 64, body: '1614265330.{}', signature: 'v1,tzmwAagcZx1T8dHcUAXQ0M5//rPLqUc2+NE13M8mDQs=' },
].map(({ keyBytes, body, signature }, index): Vector => {
  const seconds = 1_614_265_330 + index;
  const key = createHash('sha512').update(`judge${index}`).digest().subarray(0, keyBytes);
  const headers = {
    'webhook-id': `msg_${index}`,
    'webhook-timestamp': String(seconds),
    'webhook-signature': signature,
  };
  return { name: `with a key of ${keyBytes} bytes`, secret: `whsec_${key.toString('base64')}`, headers, seconds, body };
});

function keyOfDelivery({ hmac, secret, headers, seconds, body }: Vector, owner = 'route'): string | undefined {
  const options = { secret: 'name', bodyBytes: 1000, ...(hmac === undefined ? {} : { hmac }) };
  const read = readWebhookHeaders(Object.entries(headers).flat(), options, seconds * 1000);
  const key = keyOfWebhookSecret(secret, options);
  const signature = beginWebhookSignature(owner, read, options, key === undefined ? [] : [key]);
  // As it comes over the wire.
  for (const byte of Buffer.from(body)) signature.add(Buffer.of(byte));
  return signature.verify();
}

describe('the signature of a webhook', () => {
  it.each([...published, ...judged])('holds $name', (vector) => {
    expect(keyOfDelivery(vector)).toMatch(/^[0-9a-f]{64}$/);
  });

  it.each([...published, ...judged])('does not hold for another body, $name', (vector) => {
    expect(keyOfDelivery({ ...vector, body: `${vector.body} ` })).toBeUndefined();
  });

  it('has one key for all copies of an id, and another for every route', () => {
    const at = (seconds: number, id: string): Vector => {
      const { headers, body } = signStandard('{}', seconds, id);
      return { name: id, secret: standardSecret, headers, seconds, body };
    };
    const first = keyOfDelivery(at(1000, 'a'));
    expect(keyOfDelivery(at(1060, 'a'))).toBe(first);
    expect(keyOfDelivery(at(1000, 'b'))).not.toBe(first);
    expect(keyOfDelivery(at(1000, 'a'), 'other')).not.toBe(first);
  });
});
