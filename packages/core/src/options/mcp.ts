import * as z from 'zod';
import { isPermission } from '../policy/permission.ts';

/**
 * What a route says of the MCP server behind it (Model Context Protocol, revision 2026-07-28): the gateway then speaks as an
 * OAuth protected resource for it.
 */
export const mcpSchema = z.union(
  [
    z.literal(true),
    z.strictObject({
      scopes: z
        .array(z.string().refine(isPermission, 'must be a permission such as "note:read"'))
        .min(1)
        .optional()
        .describe(
          'Permissions that clients are told to ask for first; absent means those of "access", or all that the route opens',
        ),
      name: z
        .string()
        .trim()
        .min(1)
        .max(100)
        .optional()
        .describe('As clients show it to their users; absent means the name of the product'),
    }),
  ],
  { error: 'must be true, or { scopes?: ["resource:action"], name?: "…" }' },
);
