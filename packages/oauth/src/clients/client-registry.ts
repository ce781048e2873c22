import { OptionsError, type KeyRing, type Operation, type SecurityEventLog } from '@sallyport/core';
import type { IdentityKernel } from '@sallyport/identity';
import { createBackchannelLogout, type BackchannelLogout } from '../backchannel-logout/backchannel-logout.ts';
import type { LogoutEvent } from '../backchannel-logout/logout-events.ts';
import { createMetadataClients } from '../metadata-documents/metadata-clients.ts';
import { createGetDocument } from '../outbound/get-document.ts';
import { createHostJudgement } from '../outbound/public-hosts.ts';
import type { ClientConfig } from './client-config.ts';
import type { ClientEvent } from './client-events.ts';
import { createClientOperations } from './client-operations.ts';
import { createClientRoutes } from './client-routes.ts';
import { clientSecretPurpose } from './client-secret.ts';
import { createClientTable } from './client-table.ts';
import type { OAuthClient } from './oauth-client.ts';
import { createOAuthClients, type OAuthClients } from './oauth-clients.ts';

/** What the clients take of the kernel. */
export type ClientRegistryKernel = Pick<
  IdentityKernel,
  | 'records'
  | 'sealerFor'
  | 'policy'
  | 'publicUrl'
  | 'machines'
  | 'protectedResources'
  | 'authority'
  | 'bus'
  | 'transaction'
  | 'makeReportedChange'
  | 'logger'
  | 'meter'
  | 'now'
> & {
  readonly keyRing?: Pick<KeyRing, 'sign'> | undefined;
  readonly events: SecurityEventLog<ClientEvent | LogoutEvent>;
};

/** The clients of the provider, and what tells them that sessions are over. */
export interface ClientRegistry {
  readonly clients: OAuthClients;
  /** A client of either kind, as far as it is known here: the document of none is read for that. */
  readonly find: (id: string) => Promise<OAuthClient | null>;
  /**
   * A client of either kind, whose document is read where that is not known. Rejects with a `ClientDocumentError`, and with
   * `SP_SERVICE_UNAVAILABLE` where its host did not answer.
   */
  readonly resolve: (id: string, clientAddress: string) => Promise<OAuthClient | null>;
  readonly logout: BackchannelLogout;
  readonly operations: readonly Operation[];
  /** Served below `/manage`, where the configuration asks for it. */
  readonly manageRoutes: readonly ReturnType<typeof createClientRoutes>[];
}

/** The draft recommends five kilobytes; keys take some more. */
const maxDocumentBytes = 16 * 1024;

/**
 * Builds the registry of clients.
 *
 * @param endGrants ends what the provider has stored for a client. Joins the transaction that it is called in.
 * @throws OptionsError without a key ring.
 */
export function createClientRegistry(
  kernel: ClientRegistryKernel,
  { clients: settings, clientsByMetadata, privateHosts }: ClientConfig,
  endGrants: (clientId: string) => Promise<void>,
): ClientRegistry {
  const { records, sealerFor, policy, publicUrl, keyRing, events, now } = kernel;
  if (keyRing === undefined) throw new OptionsError('oauthProvider needs a key ring with keys of the use "logout"');
  const table = createClientTable(records, sealerFor(clientSecretPurpose));
  const logout = createBackchannelLogout({
    ...kernel,
    keyRing,
    events,
    findClient: (id) => table.find(id),
    issuer: new URL(publicUrl).origin,
    privateHosts,
  });
  const clients = createOAuthClients({
    ...kernel,
    table,
    // A reload may bring another policy.
    get permissions() {
      return Object.keys(policy.permissions);
    },
    judgeHost: createHostJudgement(privateHosts),
    takesCertificates: kernel.machines !== undefined,
    publicOrigin: new URL(publicUrl).origin,
    overlapSeconds: settings.secretOverlapSeconds,
    endGrants,
    forgetSignIns: logout.forgetClient,
  });
  const byMetadata = createMetadataClients({
    hosts: clientsByMetadata?.hosts ?? [],
    resources: kernel.protectedResources,
    getDocument: createGetDocument({ privateHosts, maxBytes: maxDocumentBytes }),
    now,
  });
  return {
    clients,
    find: async (id) => byMetadata.known(id) ?? table.find(id),
    resolve: async (id, clientAddress) => (await byMetadata.resolve(id, clientAddress)) ?? table.find(id),
    logout,
    operations: createClientOperations(clients),
    manageRoutes: settings.api === undefined ? [] : [createClientRoutes({ clients, now })],
  };
}
