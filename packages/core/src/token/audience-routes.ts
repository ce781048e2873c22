import * as z from 'zod';

/** Below which a service learns under which prefixes the gateway forwards to it, on the internal listener alone. */
export const internalRoutesPath = '/internal/routes';

/** Where the gateway forwards to one audience, and what of the path it takes away. */
export interface AudienceRoute {
  readonly prefix: string;
  readonly stripPrefix: boolean;
}

// Members that a gateway of a later version adds are no reason to know nothing.
const answerSchema = z.object({ routes: z.array(z.object({ prefix: z.string(), stripPrefix: z.boolean() })) });

/** Reads what a gateway answered; `undefined` for anything else. */
export function parseAudienceRoutes(value: unknown): readonly AudienceRoute[] | undefined {
  return answerSchema.safeParse(value).data?.routes;
}
