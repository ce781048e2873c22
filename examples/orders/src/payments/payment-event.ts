import * as z from 'zod';

/** What the payment provider tells. Members that it adds one day are passed over. */
export const paymentEventSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('payment.succeeded'),
    /** Of the charge: the same however often it is told. */
    chargeId: z.string().regex(/^[\w-]{1,80}$/),
    /** Id of the order. */
    reference: z.uuid(),
    amountCents: z.int().min(0),
    currency: z.string(),
  }),
  z.object({ type: z.literal('payment.declined'), reference: z.uuid() }),
]);

export type PaymentEvent = z.infer<typeof paymentEventSchema>;
export type PaymentSucceeded = Extract<PaymentEvent, { readonly type: 'payment.succeeded' }>;
