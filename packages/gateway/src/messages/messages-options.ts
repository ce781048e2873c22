import { isPermissionInterest } from '@sallyport/core';
import * as z from 'zod';

const audience = z.string().regex(/^[a-z][a-z0-9-]*$/, 'must be the name of a service, such as "billing"');

/** Which services take messages that are sent for a user, from whom, and what each is told of the user. */
export const messagesSchema = z.strictObject({
  consumers: z
    .record(
      audience,
      z.strictObject({
        callers: z
          .array(audience)
          .min(1, 'must name a service that may send')
          .describe('Services and zones that may send for their users, by the audiences of their routes'),
        permissions: z
          .array(z.string().refine(isPermissionInterest, 'must be a permission, "resource:*" or "*"'))
          .default([])
          .describe('Permissions of users that the consumer is told of: "product:create", "product:*" or "*"'),
        profile: z
          .boolean()
          .default(false)
          .describe('Whether it is told the name and address of users; they stand in each message, on the broker too'),
      }),
    )
    .refine((consumers) => Object.keys(consumers).length > 0, 'must name a consumer')
    .describe('Services that take messages from a broker or over gRPC, by the audience that each verifies'),
});

/** The section, with its defaults. */
export type MessagesOptions = z.output<typeof messagesSchema>;
