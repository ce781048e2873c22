import { hostPatternSchema, requestLimitsSchema, type Policy } from '@sallyport/core';
import type { OptionsProblem } from '@sallyport/identity';
import * as z from 'zod';
import { changingPermission, readingPermission } from './client-permissions.ts';
import { overlapSecondsSchema } from './client-fields.ts';

/** What the section of the provider says about its clients. */
export const clientConfigShape = {
  clients: z
    .strictObject({
      api: z
        .strictObject({
          requests: requestLimitsSchema
            .default([
              { per: 'address', max: 600, seconds: 60 },
              { per: 'key', max: 300, seconds: 60 },
            ])
            .describe('How many requests may come'),
        })
        .optional()
        .describe(
          'Lets service accounts manage clients with their API keys (/manage/oauth-clients): "oauth-client:read" looks, "oauth-client:manage" changes too. Absent means that nothing is served there; {} that limits are as usual',
        ),
      secretOverlapSeconds: overlapSecondsSchema
        .default(86_400)
        .describe('How long the old secret of a client works beside the new one after a rotation; 0 ends it at once'),
    })
    .prefault({})
    .describe('Who registers clients, and how their secrets change'),
  clientsByMetadata: z
    .strictObject({
      hosts: z
        .array(hostPatternSchema.refine((host) => !host.startsWith('*.'), 'must be one host, not a pattern'))
        .min(1)
        .max(100)
        .describe('Hosts, with their port unless it is the usual one, whose documents count: exact names'),
    })
    .optional()
    .describe(
      'Clients without a registration: their client_id is the https address of a document that says what they are (OAuth Client ID Metadata Document). They are third-party agents, ask for what routes with "mcp" open and nothing else, and are shown by their host. Absent means that there are none',
    ),
  privateHosts: z
    .array(hostPatternSchema.refine((host) => !host.startsWith('*.'), 'must be one host, not a pattern'))
    .default([])
    .describe(
      'Hosts of clients, with their port unless it is the usual one, that this server calls although their addresses are private: for back-channel logout, the keys of clients and their metadata documents. All others have to be on the internet',
    ),
} as const;

/** The part of the section that is about clients. */
export type ClientConfig = z.output<z.ZodObject<typeof clientConfigShape>>;

/** What is wrong with it: what no permission of the policy opens would be believed to be open. */
export function problemsOfClientConfig({ clients }: ClientConfig, { permissions }: Policy): readonly OptionsProblem[] {
  const isOpen = [readingPermission, changingPermission].some((name) => Object.hasOwn(permissions, name));
  if (clients.api === undefined || isOpen) return [];
  return [
    {
      key: 'clients.api',
      problem: `is open to no account: the policy declares neither "${readingPermission}" nor "${changingPermission}"`,
    },
  ];
}
