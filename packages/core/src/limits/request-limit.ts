import * as z from 'zod';

/** How many requests a caller may make within some time. Unknown keys stop the start. */
export const requestLimitSchema = z.strictObject({
  per: z
    .enum(['address', 'session', 'account', 'key'])
    .describe(
      'Whose requests are counted together: an address (an IPv6 network is a /64), a session, an account, or a key',
    ),
  max: z.number().int().min(1).max(10_000_000).describe('Requests'),
  seconds: z.number().int().min(1).max(86_400).describe('Within so many seconds'),
});

/** A list of them. Two that count the same within the same time would be one, and the other without effect. */
export const requestLimitsSchema = z
  .array(requestLimitSchema)
  .superRefine((limits, context) => {
    for (const [index, { per, seconds }] of limits.entries()) {
      if (limits.findIndex((other) => other.per === per && other.seconds === seconds) < index)
        context.addIssue({ code: 'custom', path: [index], message: 'has the same "per" and "seconds" as another one' });
    }
  })
  .readonly();

/** A limit as it is written in the configuration. */
export type RequestLimit = z.infer<typeof requestLimitSchema>;

/** A limit, and its name in answers. */
export interface NamedRequestLimit {
  readonly name: string;
  readonly max: number;
  readonly seconds: number;
}
