import type { Authenticator } from '@sallyport/core';
import type { Feature } from '../../feature.ts';
import type { IdentityKernel } from '../../kernel.ts';
import type { AccountMailer } from '../../mail/account-mailer.ts';
import { createApiKeyAuthenticator } from './api-key-authenticator.ts';
import { apiKeyConfig, problemsOfApiKeys, type ApiKeySettings } from './api-key-config.ts';
import { apiKeyEvents } from './api-key-events.ts';
import { apiKeyMails, type ApiKeyMail } from './api-key-mails.ts';
import { createApiKeyOperations } from './api-key-operations.ts';
import { createApiKeyRoutes, type ApiKeyRouteParts } from './api-key-routes.ts';
import { createApiKeyTable } from './api-key-table.ts';
import { apiKeyRetention, apiKeyTables } from './api-key-tables.ts';
import { createApiKeys, type ApiKeysOptions } from './api-keys.ts';
import type { ApiKeyServices } from './commands/api-key-command.ts';
import { createKey } from './commands/api-keys-create.ts';
import { listKeys } from './commands/api-keys-list.ts';
import { revokeKeys } from './commands/api-keys-revoke.ts';
import { rotateKey } from './commands/api-keys-rotate.ts';
import { disableService, enableService } from './commands/service-accounts-disable.ts';
import { createService, listServices, setServiceRoles, updateService } from './commands/service-accounts.ts';
import { createFindKeyOwner, type KeyOwnersOptions } from './key-owners.ts';
import { createServiceAccounts, type ServiceAccountsOptions } from './service-accounts.ts';

type ApiKeysKernel = Pick<IdentityKernel, 'sealerFor'> & {
  readonly mailer: AccountMailer<ApiKeyMail>;
} & ServiceAccountsOptions &
  Omit<KeyOwnersOptions, 'serviceAccounts'> &
  Omit<ApiKeysOptions, 'settings' | 'table' | 'findOwner' | 'tellOwner'> &
  Omit<ApiKeyRouteParts, 'settings' | 'apiKeys'>;

/** API keys of users, and of service accounts for programs. Off unless the configuration has `apiKeys`. */
export const apiKeysFeature = {
  name: 'apiKeys',
  config: apiKeyConfig,
  tables: apiKeyTables,
  credential: 'api-key',
  isEnabled: (settings) => settings !== undefined,
  events: apiKeyEvents,
  mails: apiKeyMails,
  retention: apiKeyRetention,
  commands: [
    createKey,
    listKeys,
    rotateKey,
    revokeKeys,
    createService,
    listServices,
    updateService,
    setServiceRoles,
    disableService,
    enableService,
  ],
  problemsOf: problemsOfApiKeys,
  create(kernel: ApiKeysKernel, settings: ApiKeySettings | undefined) {
    const { records, sealerFor, users, mailer, now } = kernel;
    const table = createApiKeyTable(records, sealerFor('api-key'));
    const serviceAccounts = createServiceAccounts(kernel);
    const findOwner = createFindKeyOwner({ ...kernel, serviceAccounts });
    const tellOwner = async (userId: string): Promise<void> => {
      const user = await users.findById(userId);
      if (user !== null) await mailer.send('api-key-created', user);
    };
    const apiKeys =
      settings === undefined ? undefined : createApiKeys({ ...kernel, settings, table, findOwner, tellOwner });
    const isOff = settings === undefined || apiKeys === undefined;
    const authenticator: Authenticator = createApiKeyAuthenticator({ table, findOwner, now });
    return {
      findActor: async (id: string) => {
        const service = await serviceAccounts.findById(id);
        return service === null || service.isDisabled
          ? null
          : { name: `the service "${service.name}"`, roles: service.roles };
      },
      forgetAccount: (userId: string) => table.forget(userId),
      operations: createApiKeyOperations({ apiKeys, serviceAccounts }),
      ...(isOff ? {} : { authenticator, routes: [createApiKeyRoutes({ ...kernel, settings, apiKeys })] }),
    };
  },
} as const satisfies Feature<ApiKeySettings | undefined, ApiKeyServices>;
