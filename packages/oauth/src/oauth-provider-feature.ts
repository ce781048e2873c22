import type { Feature } from '@sallyport/identity';
import { logoutEvents } from './backchannel-logout/logout-events.ts';
import { logoutRetention, logoutTables } from './backchannel-logout/logout-tables.ts';
import { problemsOfClientConfig } from './clients/client-config.ts';
import { clientEvents } from './clients/client-events.ts';
import { createClientOperations } from './clients/client-operations.ts';
import { createClientRegistry } from './clients/client-registry.ts';
import { clientTables } from './clients/client-tables.ts';
import type { ClientServices } from './clients/commands/client-command.ts';
import { createClient } from './clients/commands/oauth-clients-create.ts';
import { deleteClient, disableClient, enableClient } from './clients/commands/oauth-clients-disable.ts';
import { listClients, showOneClient } from './clients/commands/oauth-clients-list.ts';
import { rotateClientSecret } from './clients/commands/oauth-clients-rotate-secret.ts';
import { updateClient } from './clients/commands/oauth-clients-update.ts';
import { buildDeviceFlow } from './device-flow/build-device-flow.ts';
import { problemsOfDevices } from './device-flow/device-flow-config.ts';
import { artifactRetention, artifactSealedColumns, artifactTables } from './provider/artifact-table.ts';
import {
  buildProvider,
  createArtifactParts,
  noOAuthProvider,
  type OAuthProviderKernel,
} from './provider/build-provider.ts';
import { providerEvents } from './provider/provider-events.ts';
import { oauthProviderConfig, type OAuthProviderConfig } from './oauth-provider-config.ts';

/** The OAuth and OpenID Connect provider. Off unless the configuration has `oauthProvider`. */
export const oauthProviderFeature = {
  name: 'oauthProvider',
  config: oauthProviderConfig,
  credential: ['bearer', 'opaque'],
  credentialOf: (config: OAuthProviderConfig) => (config?.accessTokens === 'opaque' ? 'opaque' : 'bearer'),
  tables: [...clientTables, ...logoutTables, ...artifactTables],
  sealedColumns: artifactSealedColumns,
  isEnabled: (config: OAuthProviderConfig) => config !== undefined,
  events: { ...clientEvents, ...logoutEvents, ...providerEvents },
  retention: [...logoutRetention, ...artifactRetention],
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
  problemsOf: (config, policy) =>
    config === undefined ? [] : [...problemsOfClientConfig(config, policy), ...problemsOfDevices(config.devices)],
  create(kernel: OAuthProviderKernel, config: OAuthProviderConfig) {
    const { artifacts, forgetAccount, endGrants } = createArtifactParts(kernel);
    if (config === undefined)
      return { operations: createClientOperations(undefined), forgetAccount, services: noOAuthProvider };
    const deviceFlow = buildDeviceFlow(kernel, artifacts, config.devices);
    const registry = createClientRegistry(kernel, config, async (clientId) => {
      await deviceFlow.deviceSignIns.endOfClient(clientId);
      await endGrants(clientId);
    });
    const { logout, operations, manageRoutes } = registry;
    const built = buildProvider(kernel, config, { artifacts, registry, deviceFlow });
    return {
      ...built,
      operations,
      manageRoutes: [...manageRoutes, ...built.manageRoutes],
      noteSessionEndings: logout.noteSessionEndings,
      async forgetAccount(userId: string) {
        await logout.forgetAccount(userId);
        await forgetAccount(userId);
      },
      start: () => logout.start(),
      close: () => logout.close(),
    };
  },
} as const satisfies Feature<OAuthProviderConfig, ClientServices>;
