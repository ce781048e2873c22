import { randomUUID } from 'node:crypto';
import { keyOfWebhookSecret, routeSchema, SallyportError, type WebhookOptions } from '@sallyport/core';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readWebhookHeaders } from './webhook-headers.ts';
import { beginWebhookSignature } from './webhook-signature.ts';
import {
  nowSeconds,
  senders,
  startWebhookGateway,
  testSecrets,
  webhookRoutes,
  type Sender,
  type SignedDelivery,
  type WebhookGateway,
} from './webhooks.test-support.ts';

let gateway: WebhookGateway;
beforeAll(async () => {
  gateway = await startWebhookGateway();
});
afterAll(() => gateway.close());

interface Changed {
  readonly sender: Sender;
  readonly delivery: SignedDelivery;
  readonly changed: SignedDelivery;
}

/** A delivery of one of the senders, and the same with one byte of a header or of the body changed. */
const changes: fc.Arbitrary<Changed> = fc
  .record({
    sender: fc.constantFrom(...senders),
    part: fc.nat(10),
    position: fc.nat(10_000),
    replacement: fc.integer({ min: 0x21, max: 0x7e }),
    text: fc.string({ minLength: 1, maxLength: 40 }),
  })
  .map(({ sender, part, position, replacement, text }) => {
    const delivery = sender.sign(JSON.stringify({ id: randomUUID(), text }), nowSeconds(), randomUUID());
    const parts = [...Object.keys(delivery.headers), undefined];
    const header = parts[part % parts.length];
    if (header === undefined)
      return { sender, delivery, changed: { ...delivery, body: withByte(delivery.body, position, replacement) } };
    const value = withByte(delivery.headers[header] ?? '', position, replacement);
    return { sender, delivery, changed: { ...delivery, headers: { ...delivery.headers, [header]: value } } };
  })
  .filter(({ delivery, changed }) => isChanged(delivery, changed));

describe('a delivery of which one byte was changed', () => {
  it('is refused, and as it was it is not', () => {
    fc.assert(
      fc.property(changes, ({ sender, delivery, changed }) => {
        expect(isVerified(sender, delivery)).toBe(true);
        expect(isVerified(sender, changed)).toBe(false);
      }),
      { numRuns: 2000 },
    );
  }, 60_000);

  it('reaches no service', async () => {
    await fc.assert(
      fc.asyncProperty(changes, async ({ changed }) => {
        expect((await gateway.deliver(changed)).status).toBe(401);
        expect(gateway.upstream.started).toBe(0);
      }),
      { numRuns: 40 },
    );
  }, 60_000);
});

function isVerified({ name }: Sender, { headers, body }: SignedDelivery): boolean {
  const options = optionsOf(name);
  try {
    const read = readWebhookHeaders(Object.entries(headers).flat(), options, Date.now());
    const keys = (testSecrets.get(name) ?? []).flatMap((secret) => keyOfWebhookSecret(secret, options) ?? []);
    const signature = beginWebhookSignature(name, read, options, keys);
    signature.add(Buffer.from(body));
    return signature.verify() !== undefined;
  } catch (error) {
    if (error instanceof SallyportError && error.code === 'SP_WEBHOOK_UNVERIFIED') return false;
    throw error;
  }
}

function optionsOf(name: string): WebhookOptions {
  const route = webhookRoutes.find((one) => one.name === name);
  const { webhook } = routeSchema.parse({ upstream: 'http://127.0.0.1:9', ...route });
  if (webhook === undefined) throw new TypeError(`there is no route for ${name}`);
  return webhook;
}

function withByte(text: string, position: number, replacement: number): string {
  const bytes = Buffer.from(text);
  bytes[position % bytes.length] = replacement;
  return bytes.toString();
}

/** Of the header of Stripe, signatures of other versions are not looked at: nothing in them is signed. */
function isChanged(before: SignedDelivery, after: SignedDelivery): boolean {
  const [one, other] = [before, after].map(({ headers, body }) => {
    const parts = Object.values(headers).map((value) => value.split(',').slice(0, 2).join(','));
    return JSON.stringify([body, ...parts]);
  });
  return one !== other;
}
