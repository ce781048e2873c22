import * as z from 'zod';

/** Names of webhook secrets, in routes and in `SALLYPORT_WEBHOOK_SECRETS`. */
export const webhookSecretName = /^[a-z][a-z0-9-]{0,63}$/;

/** More than one body that the gateway holds for a webhook may have, in bytes. */
export const maxWebhookBodyBytes = 16_777_216;

const headerName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,63}$/, 'must be the name of a header in lower case, such as "x-hub-signature-256"');

/** What is signed: letters and marks around {timestamp}, which a mark follows, and the body at the end. */
const signedForm = /^(?:[A-Za-z0-9:._|-]*\{timestamp\}[:._|-][A-Za-z0-9:._|-]*)?\{body\}$/;

const hmacSchema = z
  .strictObject({
    header: headerName.describe('Header with the signature, or with several that commas separate'),
    prefix: z
      .string()
      .regex(/^[!-+\--~]{0,16}$/, 'must be up to 16 characters without commas and blanks, such as "sha256="')
      .default('')
      .describe('In front of a signature, such as "sha256="; what begins otherwise is not looked at'),
    encoding: z.enum(['hex', 'base64']).default('hex').describe('How a signature is written'),
    timestamp: z
      .union([
        z.strictObject({ header: headerName.describe('Header with the timestamp, in seconds since 1970') }),
        z.strictObject({
          member: z
            .string()
            .regex(/^[a-z][a-z0-9_]{0,15}$/, 'must be a name such as "t"')
            .describe('Its name in the header of the signature, as in "t=1492774577,v1=…"'),
        }),
      ])
      .optional()
      .describe('Where the time of the delivery stands; absent means that the sender signs none'),
    signed: z
      .string()
      .regex(signedForm, 'must be such as "{body}", "{timestamp}.{body}" or "v0:{timestamp}:{body}"')
      .default('{body}')
      .describe('What the sender signs: {timestamp} and {body} stand for what came'),
  })
  .superRefine(({ timestamp, signed }, context) => {
    const isSigned = signed.includes('{timestamp}');
    if (timestamp !== undefined && !isSigned)
      context.addIssue({
        code: 'custom',
        path: ['signed'],
        message: 'must hold {timestamp}: a time that is not signed can be changed by everybody',
      });
    if (timestamp === undefined && isSigned)
      context.addIssue({ code: 'custom', path: ['timestamp'], message: 'is missing: "signed" holds {timestamp}' });
  });

/** How the gateway verifies deliveries of a sender, before a service hears of them. */
export const webhookSchema = z
  .strictObject({
    secret: z
      .string()
      .regex(
        webhookSecretName,
        'must be the name of a secret in SALLYPORT_WEBHOOK_SECRETS, and never the secret itself',
      )
      .describe('Name of the secret, or of several, in SALLYPORT_WEBHOOK_SECRETS; each route has one of its own'),
    hmac: hmacSchema
      .optional()
      .describe('A plain HMAC with SHA-256, as GitHub, Stripe and Slack sign; absent means Standard Webhooks'),
    toleranceSeconds: z
      .number()
      .int()
      .min(1)
      .max(3600)
      .optional()
      .describe(
        'How far the signed time of a delivery may be from that of the gateway; 300 by default. A delivery is remembered for longer than that',
      ),
    rememberSeconds: z
      .number()
      .int()
      .min(60)
      .max(7_776_000)
      .optional()
      .describe(
        'Where no time is signed: how long a delivery is remembered, 604800 by default. One that is sent again later is taken for a new one',
      ),
    bodyBytes: z
      .number()
      .int()
      .min(1)
      .max(maxWebhookBodyBytes)
      .default(1_048_576)
      .describe('Bytes of a body, which the gateway holds until its signature is verified'),
  })
  .superRefine(({ hmac, toleranceSeconds, rememberSeconds }, context) => {
    const hasTime = hmac === undefined || hmac.timestamp !== undefined;
    if (hasTime && rememberSeconds !== undefined)
      context.addIssue({
        code: 'custom',
        path: ['rememberSeconds'],
        message: 'has no effect where a time is signed: set toleranceSeconds',
      });
    if (!hasTime && toleranceSeconds !== undefined)
      context.addIssue({
        code: 'custom',
        path: ['toleranceSeconds'],
        message: 'has no effect where no time is signed: set rememberSeconds',
      });
  });

/** How deliveries of a route are verified. */
export type WebhookOptions = z.infer<typeof webhookSchema>;
