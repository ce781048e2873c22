import type { SecurityEventLog } from '@sallyport/core';
import { createAttemptLimiter, openProgramSession, type IdentityKernel, type KernelEvent } from '@sallyport/identity';
import type Provider from 'oidc-provider';
import type { ClientRegistry } from '../clients/client-registry.ts';
import type { Artifacts } from '../provider/artifacts.ts';
import type { ProviderEvent } from '../provider/provider-events.ts';
import { createDeviceApprovals, type DeviceApprovalParts } from './device-approvals.ts';
import type { DeviceFlowConfig } from './device-flow-config.ts';
import { createDevicePolls } from './device-polls.ts';
import { createDeviceRequests } from './device-requests.ts';
import { createDeviceRoutes } from './device-routes.ts';
import { createDeviceSignIns } from './device-sign-ins.ts';
import { createUserCodeGuesses } from './user-code-guesses.ts';

/** What sign-ins of devices take of the kernel. */
export type DeviceFlowKernel = Omit<
  DeviceApprovalParts,
  | 'openSession'
  | 'provider'
  | 'requests'
  | 'signIns'
  | 'guesses'
  | 'findClient'
  | 'logout'
  | 'config'
  | 'accessSeconds'
  | 'events'
> &
  Pick<
    IdentityKernel,
    'counters' | 'sealerFor' | 'makeSession' | 'sessionSealer' | 'sessionLimit' | 'revocation' | 'providerSignIns'
  > & { readonly events: SecurityEventLog<KernelEvent | ProviderEvent> };

/** Builds sign-ins of devices (RFC 8628): what the library asks for, and what users do on our page. */
export function buildDeviceFlow(kernel: DeviceFlowKernel, artifacts: Artifacts, config: DeviceFlowConfig) {
  const { counters, sealerFor, events, now } = kernel;
  const { maxWaiting } = config;
  const deviceRequests = createDeviceRequests(artifacts, { maxWaiting, now });
  const deviceSignIns = createDeviceSignIns({ ...kernel, artifacts });
  return {
    deviceRequests,
    devicePolls: createDevicePolls(artifacts, now),
    deviceSignIns,
    createRoutes(registry: ClientRegistry, provider: () => Provider, accessSeconds: number) {
      const attempts = createAttemptLimiter({ counters, sealer: sealerFor('counter-key'), now });
      const approvals = createDeviceApprovals({
        ...kernel,
        openSession: (...asked) => openProgramSession(kernel, ...asked),
        provider,
        requests: deviceRequests,
        signIns: deviceSignIns,
        guesses: createUserCodeGuesses({ attempts, events, now }),
        findClient: registry.find,
        logout: registry.logout,
        config,
        accessSeconds,
      });
      return createDeviceRoutes(approvals);
    },
  };
}
