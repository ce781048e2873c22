import type { AskOperation } from '@sallyport/core';
import * as z from 'zod';
import { clientPageSize } from './client-operations.ts';
import type { MadeClient } from './oauth-clients.ts';
import {
  clientAuthentications,
  clientKinds,
  clientTrusts,
  dpopDemands,
  grantTypes,
  type OAuthClient,
} from './oauth-client.ts';

/** OAuth clients as an operator changes them, wherever that is done. */
export interface OperatorOAuthClients {
  /** What was said of it is checked where it is registered. */
  create(registration: object): Promise<MadeClient>;
  /** All of them, in the order of their ids. */
  list(): Promise<readonly OAuthClient[]>;
  find(id: string): Promise<OAuthClient | null>;
  update(id: string, change: object): Promise<MadeClient>;
  rotateSecret(id: string, overlapSeconds: number | undefined): Promise<MadeClient>;
  setDisabled(id: string, isDisabled: boolean): Promise<OAuthClient>;
  delete(id: string): Promise<void>;
}

const time = z.coerce.date();
/** `null` stays `null`: as a number it would be a time, too. */
const optionalTime = z.union([z.null(), time]);
const texts = z.array(z.string());
const clientSchema = z.object({
  id: z.string(),
  name: z.string(),
  trust: z.enum(clientTrusts),
  kind: z.enum(clientKinds),
  authentication: z.enum(clientAuthentications),
  grantTypes: z.array(z.enum(grantTypes)),
  redirectUris: texts,
  postLogoutRedirectUris: texts,
  scopes: texts,
  resources: texts,
  serves: texts,
  backchannelLogoutUri: z.string().optional(),
  jwks: z.object({ keys: z.array(z.record(z.string(), z.union([z.string(), texts]))) }).optional(),
  jwksUri: z.string().optional(),
  homepage: z.string().optional(),
  logoUri: z.string().optional(),
  dpop: z.enum(dpopDemands),
  requirePushedRequests: z.boolean(),
  certificateBoundTokens: z.boolean(),
  certificateName: z.string().optional(),
  generation: z.number(),
  secret: z.object({ hint: z.string(), createdAt: time, previousUntil: optionalTime }).nullable(),
  disabledAt: time.exactOptional(),
  tokensSince: time.exactOptional(),
  createdAt: time,
  updatedAt: time,
});
const madeSchema = z.object({ client: clientSchema, secret: z.string().exactOptional() });

/** Builds the clients of operators on their operations. What comes back from another process is checked. */
export function createOperatorOAuthClients(ask: AskOperation): OperatorOAuthClients {
  return {
    create: async (registration) => madeSchema.parse(await ask('oauth-clients/create', registration)),
    async list() {
      const all: OAuthClient[] = [];
      for (;;) {
        const afterId = all.at(-1)?.id;
        const page = { limit: clientPageSize, ...(afterId === undefined ? {} : { afterId }) };
        const clients = z.array(clientSchema).parse(await ask('oauth-clients/list', page));
        all.push(...clients);
        if (clients.length < clientPageSize) return all;
      }
    },
    find: async (id) => clientSchema.nullable().parse(await ask('oauth-clients/find', { id })),
    update: async (id, change) => madeSchema.parse(await ask('oauth-clients/update', { id, change })),
    rotateSecret: async (id, overlapSeconds) =>
      madeSchema.parse(await ask('oauth-clients/rotate-secret', { id, overlapSeconds })),
    setDisabled: async (id, isDisabled) =>
      clientSchema.parse(await ask('oauth-clients/set-disabled', { id, isDisabled })),
    async delete(id) {
      await ask('oauth-clients/delete', { id });
    },
  };
}
