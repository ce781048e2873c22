import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  dpopNoncePurpose,
  OptionsError,
  toDpopNonceSecret,
  type JsonWebKeySet,
  type RotatingKeyRing,
  type RequestContext,
  type SecurityEventLog,
} from '@sallyport/core';
import type { IdentityKernel, KernelEvent } from '@sallyport/identity';
import type { LogoutEvent } from '../backchannel-logout/logout-events.ts';
import type { ClientEvent } from '../clients/client-events.ts';
import type { ClientRegistry, ClientRegistryKernel } from '../clients/client-registry.ts';
import type { buildDeviceFlow, DeviceFlowKernel } from '../device-flow/build-device-flow.ts';
import type { OAuthProviderConfig } from '../oauth-provider-config.ts';
import { artifactPurpose } from './artifact-table.ts';
import { createAgentRoutes } from './agent-routes.ts';
import { createArtifacts, type Artifacts } from './artifacts.ts';
import { createConsentRoutes } from './consent-routes.ts';
import { createConsents } from './consents.ts';
import { createDelegations } from './delegations.ts';
import { createGrants } from './grants.ts';
import { createInteractionRoutes } from './interaction-routes.ts';
import { createInteractions } from './interactions.ts';
import { createOAuthAuthenticator } from './oauth-authenticator.ts';
import { createOAuthProvider, type OAuthProviderParts, type ShowView } from './oauth-provider.ts';
import { providerCookiesFor } from './provider-cookies.ts';
import type { ProviderEvent } from './provider-events.ts';
import { revokeOAuthToken } from './revoke-token.ts';
import { createSealedSignIns, signInPurpose } from './sealed-sign-ins.ts';
import { createStructuredTokens } from './structured-tokens.ts';
import { createSubjectTokens } from './subject-tokens.ts';

/** What the provider takes of the kernel. */
export type OAuthProviderKernel = ClientRegistryKernel &
  Omit<
    OAuthProviderParts,
    | 'keyRing'
    | 'events'
    | 'artifacts'
    | 'grants'
    | 'delegations'
    | 'subjects'
    | 'signIns'
    | 'registry'
    | 'accessTokens'
    | 'accessSeconds'
    | 'privateHosts'
    | 'structuredTokens'
    | 'dpopNonceSecret'
    | 'hasClientsByMetadata'
    | 'deviceRequests'
    | 'devicePolls'
    | 'deviceSignIns'
    | 'devices'
  > &
  DeviceFlowKernel &
  Pick<IdentityKernel, 'records' | 'sealerFor' | 'roles' | 'bus' | 'policy' | 'sessions' | 'makeReportedChange'> & {
    readonly keyRing?: Pick<RotatingKeyRing, 'sign' | 'signer' | 'publicKeys' | 'maxAgeSeconds'> | undefined;
    readonly events: SecurityEventLog<ClientEvent | KernelEvent | LogoutEvent | ProviderEvent>;
  };

/** What the server mounts. */
export interface OAuthProviderEndpoints {
  /** Answers a request to one of the endpoints; the server has the pages. */
  handle(request: IncomingMessage, response: ServerResponse, context: RequestContext, show: ShowView): Promise<void>;
  /** The keys of ID tokens, access tokens and logout tokens (RFC 7517), and for how long verifiers may keep them. */
  publicKeys(): { readonly keys: JsonWebKeySet; readonly maxAgeSeconds: number };
}

/** What the gateway asks of the provider beside its routes. */
export interface OAuthProviderServices {
  /** Absent where the configuration has no provider. */
  readonly oauthProvider: OAuthProviderEndpoints | undefined;
  /** Ends what a token of the provider was made under. Resolves to `false` for every other text. */
  readonly revokeOAuthToken: (token: string, context: RequestContext) => Promise<boolean>;
}

/** Where there is no provider. */
export const noOAuthProvider: OAuthProviderServices = {
  oauthProvider: undefined,
  revokeOAuthToken: () => Promise.resolve(false),
};

/** What the provider keeps, also of an installation that had one once. */
export function createArtifactParts({
  records,
  sealerFor,
  now,
}: Pick<OAuthProviderKernel, 'records' | 'sealerFor' | 'now'>) {
  const artifacts = createArtifacts(records, sealerFor(artifactPurpose), now);
  return {
    artifacts,
    forgetAccount: (userId: string): Promise<void> => artifacts.removeOfSubject(userId),
    endGrants: (clientId: string): Promise<void> => artifacts.removeOfClient(clientId),
  };
}

/** What is built before the provider, because clients are registered without it too. */
interface BuiltBefore {
  readonly artifacts: Artifacts;
  readonly registry: ClientRegistry;
  readonly deviceFlow: ReturnType<typeof buildDeviceFlow>;
}

/** Builds the provider. @throws OptionsError without a key ring. */
export function buildProvider(
  kernel: OAuthProviderKernel,
  config: NonNullable<OAuthProviderConfig>,
  { artifacts, registry, deviceFlow }: BuiltBefore,
) {
  const { keyRing, publicUrl } = kernel;
  if (keyRing === undefined) throw new OptionsError('oauthProvider needs a key ring with keys of the use "oidc"');
  const findClient = registry.find;
  const { deviceRequests, devicePolls, deviceSignIns } = deviceFlow;
  const grants = createGrants(artifacts, { ...kernel, deviceSignIns });
  const delegations = createDelegations(artifacts, kernel);
  const signIns = createSealedSignIns(kernel.sealerFor(signInPurpose));
  const { accessTokens, accessMinutes, privateHosts, devices } = config;
  const hasClientsByMetadata = config.clientsByMetadata !== undefined;
  const ofDevices = { deviceRequests, devicePolls, deviceSignIns, devices };
  const shared = { ...kernel, ...ofDevices, hasClientsByMetadata };
  const parts = { ...shared, keyRing, artifacts, grants, delegations, signIns, registry, accessTokens, privateHosts };
  const publicOrigin = new URL(publicUrl).origin;
  const tokens = createOAuthAuthenticator({ ...parts, findClient, publicOrigin });
  const structuredTokens = createStructuredTokens({ ...tokens, grants, delegations, publicOrigin });
  const subjects = createSubjectTokens({ ...tokens, signIns });
  const accessSeconds = accessMinutes * 60;
  const provider = createOAuthProvider({
    ...parts,
    structuredTokens,
    subjects,
    accessSeconds,
    dpopNonceSecret: config.dpopNonces ? toDpopNonceSecret(kernel.sealerFor(dpopNoncePurpose)) : undefined,
  });
  const interactions = createInteractions({
    ...parts,
    resolveClient: registry.resolve,
    provider: () => provider.current(),
    cookieName: providerCookiesFor(publicUrl).interaction,
  });
  const services: OAuthProviderServices = {
    oauthProvider: {
      handle: (request, response, context, show) => provider.handle({ request, response, context, show }),
      publicKeys: () => ({
        keys: { keys: [...keyRing.publicKeys('oidc').keys, ...keyRing.publicKeys('logout').keys] },
        maxAgeSeconds: keyRing.maxAgeSeconds ?? 300,
      }),
    },
    revokeOAuthToken: (token, context) => revokeOAuthToken({ ...parts, ...tokens }, token, context),
  };
  const consents = createConsents({ ...parts, findClient });
  const routes = [
    createInteractionRoutes(interactions),
    createConsentRoutes(consents, kernel.directory),
    deviceFlow.createRoutes(registry, () => provider.current(), accessSeconds),
  ];
  const manageRoutes = config.clients.api === undefined ? [] : [createAgentRoutes({ ...kernel, consents })];
  return { routes, manageRoutes, authenticator: tokens.authenticator, services };
}
