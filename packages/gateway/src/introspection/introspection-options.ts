import { isPermissionInterest, requestLimitsSchema, type RequestContext } from '@sallyport/core';
import * as z from 'zod';
import type { Mount } from '../routing/mount.ts';

const audience = z.string().regex(/^[a-z][a-z0-9-]*$/, 'must be the name of a service, such as "billing"');

/** Which services ask about access tokens themselves, and what each is told. */
export const introspectionSchema = z.strictObject({
  services: z
    .record(
      audience,
      z.strictObject({
        permissions: z
          .array(z.string().refine(isPermissionInterest, 'must be a permission, "resource:*" or "*"'))
          .default([])
          .describe('Permissions of callers that the service is told of: "product:create", "product:*" or "*"'),
        profile: z.boolean().default(false).describe('Whether it is told the name and address of callers'),
        apiKeys: z
          .boolean()
          .default(false)
          .describe('Whether it may ask about API keys too, which its callers present to it instead of a token'),
      }),
    )
    .refine((services) => Object.keys(services).length > 0, 'must name a service')
    .describe(
      'Services without a gateway, by the audience that each has: a key of a service account asks as "billing" with the permission billing:introspect, and gives tokens up with billing:revoke',
    ),
  requests: requestLimitsSchema
    .default([
      { per: 'address', max: 120_000, seconds: 60 },
      { per: 'key', max: 60_000, seconds: 60 },
    ])
    .describe('How many requests may come to each of the two addresses; an empty list means any number'),
});

/** The section, with its defaults. */
export type IntrospectionSettings = z.output<typeof introspectionSchema>;

/** What the gateway needs to answer services about tokens. */
export interface IntrospectionOptions extends IntrospectionSettings {
  /**
   * Ends what a token stands for. Resolves also for a text that is no token, and rejects with `SP_TOKEN_TYPE_UNSUPPORTED`
   * for a credential of another kind, and with `SP_STORE_UNAVAILABLE`.
   */
  readonly revokeToken: (token: string, context: RequestContext) => Promise<void>;
  /** Answers OAuth clients about their own tokens, by whatever they prove themselves with. @default services alone are answered */
  readonly answerOAuthClient?: Mount['handle'] | undefined;
}
