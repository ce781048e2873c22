import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { WebhookOptions } from '@sallyport/core';
import type { WebhookHeaders } from './webhook-headers.ts';

/** The signature of one delivery, computed while its body comes in. */
export interface WebhookSignature {
  /** One piece of the body, in the order in which they come. */
  add(piece: Buffer): void;
  /**
   * Says, once the body is whole, whether one of the signatures is that of one of the secrets: by the key under which the
   * delivery is remembered, or by `undefined`.
   */
  verify(): string | undefined;
}

/**
 * Begins the verification of a delivery (HMAC with SHA-256). All secrets and all signatures are compared, each in constant
 * time, so that nothing shows which of them came close.
 *
 * @param owner whose deliveries these are: copies of one have one key under one owner.
 * @see {@link https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md Standard Webhooks}
 */
export function beginWebhookSignature(
  owner: string,
  headers: WebhookHeaders,
  { hmac }: Pick<WebhookOptions, 'hmac'>,
  keys: readonly Uint8Array[],
): WebhookSignature {
  const { id, timestamp = '', signatures } = headers;
  const signed = hmac === undefined ? '{id}.{timestamp}.{body}' : hmac.signed;
  const fill = (form: string): string =>
    form
      .replace('{body}', '')
      .replace('{id}', () => id ?? '')
      .replace('{timestamp}', () => timestamp);
  const computations = keys.map((key) => createHmac('sha256', key).update(fill(signed)));
  // An id that is signed is the sender's word for "the same". Without one it is what was signed, whatever secret signed it:
  // of a delivery with a signature for each of two secrets, one alone is a copy.
  const content = createHash('sha256').update(`${owner}\n${id ?? fill(signed)}`);

  return {
    add: (piece) => {
      for (const computation of computations) computation.update(piece);
      if (id === undefined) content.update(piece);
    },
    verify: () => {
      let isFound = false;
      for (const computation of computations) {
        const expected = computation.digest();
        for (const signature of signatures) if (timingSafeEqual(signature, expected)) isFound = true;
      }
      return isFound ? content.digest('hex') : undefined;
    },
  };
}
