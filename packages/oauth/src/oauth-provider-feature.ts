import type { Feature } from '@sallyport/identity';
import { logoutEvents } from './backchannel-logout/logout-events.ts';
import { logoutRetention, logoutTables } from './backchannel-logout/logout-tables.ts';
import { problemsOfClientConfig } from './clients/client-config.ts';
import { clientEvents } from './clients/client-events.ts';
import { createClientOperations } from './clients/client-operations.ts';
import { createClientRegistry, type ClientRegistryKernel } from './clients/client-registry.ts';
import { clientTables } from './clients/client-tables.ts';
import type { ClientServices } from './clients/commands/client-command.ts';
import { createClient } from './clients/commands/oauth-clients-create.ts';
import { deleteClient, disableClient, enableClient } from './clients/commands/oauth-clients-disable.ts';
import { listClients, showOneClient } from './clients/commands/oauth-clients-list.ts';
import { rotateClientSecret } from './clients/commands/oauth-clients-rotate-secret.ts';
import { updateClient } from './clients/commands/oauth-clients-update.ts';
import { oauthProviderConfig, type OAuthProviderConfig } from './oauth-provider-config.ts';

/** The OAuth and OpenID Connect provider. Off unless the configuration has `oauthProvider`. */
export const oauthProviderFeature = {
  name: 'oauthProvider',
  config: oauthProviderConfig,
  tables: [...clientTables, ...logoutTables],
  isEnabled: (config: OAuthProviderConfig) => config !== undefined,
  events: { ...clientEvents, ...logoutEvents },
  retention: logoutRetention,
  commands: [
    createClient,
    listClients,
    showOneClient,
    updateClient,
    rotateClientSecret,
    disableClient,
    enableClient,
    deleteClient,
  ],
  problemsOf: (config, policy) => (config === undefined ? [] : problemsOfClientConfig(config, policy)),
  create(kernel: ClientRegistryKernel, config: OAuthProviderConfig) {
    if (config === undefined) return { operations: createClientOperations(undefined) };
    const { logout, operations, manageRoutes } = createClientRegistry(kernel, config, async () => {});
    return {
      operations,
      manageRoutes,
      noteSessionEndings: logout.noteSessionEndings,
      forgetAccount: logout.forgetAccount,
      start: () => logout.start(),
      close: () => logout.close(),
    };
  },
} as const satisfies Feature<OAuthProviderConfig, ClientServices>;
