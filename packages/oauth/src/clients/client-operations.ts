import { defineOperation, SallyportError, type Operation } from '@sallyport/core';
import * as z from 'zod';
import { clientChangeSchema, clientIdSchema, newClientSchema, overlapSecondsSchema } from './client-fields.ts';
import type { OAuthClients } from './oauth-clients.ts';

/** Clients that are read at once. */
export const clientPageSize = 100;

/** What operators do with OAuth clients. `clients` is `undefined` where the configuration has no `oauthProvider`. */
export function createClientOperations(clients: OAuthClients | undefined): readonly Operation[] {
  const requireClients = (): OAuthClients => {
    if (clients !== undefined) return clients;
    const errors = [{ field: 'oauthProvider', message: 'is not in the configuration: there are no OAuth clients' }];
    throw new SallyportError('SP_VALIDATION_FAILED', { reason: 'oauth-provider-off', errors });
  };
  const id = clientIdSchema;
  return [
    defineOperation({
      name: 'oauth-clients/create',
      input: newClientSchema,
      run: (registration, context) => requireClients().create(registration, context),
    }),
    defineOperation({
      name: 'oauth-clients/list',
      input: z.strictObject({ limit: z.number().int().min(1).max(clientPageSize), afterId: id.optional() }),
      run: ({ limit, afterId }) => requireClients().list(limit, afterId),
    }),
    defineOperation({
      name: 'oauth-clients/find',
      input: z.strictObject({ id: z.string().max(200) }),
      run: (input) => requireClients().find(input.id),
    }),
    defineOperation({
      name: 'oauth-clients/update',
      input: z.strictObject({ id, change: clientChangeSchema }),
      run: (input, context) => requireClients().update(input.id, input.change, context),
    }),
    defineOperation({
      name: 'oauth-clients/rotate-secret',
      input: z.strictObject({ id, overlapSeconds: overlapSecondsSchema.optional() }),
      run: (input, context) => requireClients().rotateSecret(input.id, input.overlapSeconds, context),
    }),
    defineOperation({
      name: 'oauth-clients/set-disabled',
      input: z.strictObject({ id, isDisabled: z.boolean() }),
      run: (input, context) => requireClients().setDisabled(input.id, input.isDisabled, context),
    }),
    defineOperation({
      name: 'oauth-clients/delete',
      input: z.strictObject({ id }),
      run: async (input, context) => {
        await requireClients().delete(input.id, context);
        return null;
      },
    }),
  ];
}
