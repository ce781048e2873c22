import { publicOriginSchema } from '@sallyport/core';
import * as z from 'zod';

/** Other sites whose scripts may use what the gateway itself answers; routes name theirs themselves. */
export const gatewayCorsSchema = z.strictObject({
  tokenOrigins: z
    .array(publicOriginSchema)
    .default([])
    .describe(
      'Origins such as "https://spa.example" whose scripts may get, refresh and revoke tokens, list and end the devices of their user, and ask about tokens (/auth/token and /auth/sessions, with what is below, /oauth2/*)',
    ),
  documentOrigins: z
    .array(z.union([z.literal('*'), publicOriginSchema]))
    .default([])
    .describe('Origins whose scripts may read public keys; "*" for all'),
});
