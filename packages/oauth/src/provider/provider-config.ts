import { requestLimitsSchema } from '@sallyport/core';
import * as z from 'zod';

/** What the section of the provider says about tokens and requests. */
export const providerConfigShape = {
  accessTokens: z
    .enum(['jwt', 'opaque'])
    .default('jwt')
    .describe(
      'What an access token for the gateway is: a JWT (RFC 9068), for routes that open "bearer", or an opaque text, for routes that open "opaque"',
    ),
  accessMinutes: z
    .number()
    .int()
    .min(1)
    .max(60)
    .default(10)
    .describe('How long access tokens and ID tokens live; what ends the sign-in ends access at the gateway before'),
  dpopNonces: z
    .boolean()
    .default(false)
    .describe(
      'Whether proofs of possession (DPoP) need a nonce of this server, at the token endpoint and on routes: a proof that was made beforehand is worth nothing then, and the clocks of clients do not matter',
    ),
  authorizations: requestLimitsSchema
    .default([{ per: 'address', max: 120, seconds: 60 }])
    .describe('How many requests to /oauth2/auth, and to /oauth2/par, may come; an empty list means any number'),
  requests: requestLimitsSchema
    .default([{ per: 'address', max: 1200, seconds: 60 }])
    .describe('How many requests may come to each of the other endpoints; an empty list means any number'),
} as const;
