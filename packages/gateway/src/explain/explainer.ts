import { SallyportError } from '@sallyport/core';
import { createAuthenticators, type CredentialParts } from '../credentials/registry.ts';
import { hostAndPort } from '../listeners/listener-hosts.ts';
import type { CheckedGatewayOptions } from '../gateway-options.ts';
import { toWatchedLimits } from '../limits/request-limits.ts';
import type { Listening } from '../listeners/listener.ts';
import type { DecisionParts } from '../pipeline/decide.ts';
import type { ListenerKind } from '../pipeline/request-state.ts';
import type { Mount } from '../routing/mount.ts';
import { createRouteTable, type LimitsOf, type ResourceOf } from '../routing/route-table.ts';
import { mountsForMachines } from '../routing/mounts-for-machines.ts';
import { explainDecision } from './explain-decision.ts';
import { readNamedCertificate } from './named-certificate.ts';
import type { Explanation, ExplainQuestion } from './explanation.ts';

export interface ExplainerParts {
  readonly decisionFor: (kind: ListenerKind, address: Listening) => DecisionParts;
  readonly credentials: CredentialParts;
  readonly mounts: readonly Mount[];
  readonly limitsOf: LimitsOf;
  readonly resourceOf: ResourceOf;
  readonly audiences: ReadonlySet<string>;
}

/** Explains a decision; `address` is that of the listener. */
export type Explain = (question: ExplainQuestion, address: Listening) => Promise<Explanation>;

/** Builds `explain`. The request is synthetic: no limit counts it, and the session is not kept alive. */
export function createExplainer(
  options: CheckedGatewayOptions,
  { decisionFor, credentials, mounts, limitsOf, resourceOf, audiences }: ExplainerParts,
): Explain {
  const watchedLimitsOf: LimitsOf = (owner, limits) => toWatchedLimits(limitsOf(owner, limits));
  const watchedCredentials: CredentialParts = {
    ...credentials,
    recordActivity: () => {},
    recordUse: () => {},
    // A proof that is pasted into a question is not used up by it.
    usedProofs: { use: () => true },
  };
  const watched = {
    public: {
      table: createRouteTable(options.routes, mounts, watchedLimitsOf, options.cors, resourceOf),
      authenticators: createAuthenticators('public', watchedCredentials),
    },
    machine: {
      table: createRouteTable(options.routes, mountsForMachines(mounts), watchedLimitsOf, undefined, resourceOf),
      authenticators: createAuthenticators('machine', watchedCredentials),
    },
    // The internal listener counts nothing, and keeps no session alive.
    internal: {},
  };

  return (question, address) => {
    const { listener = 'public', certificate } = question;
    if (listener === 'machine') requireMachines(options);
    return explainDecision(question, {
      listener,
      decision: {
        ...decisionFor(listener, address),
        ...watched[listener],
        ...(listener === 'machine' ? { readCertificate: readNamedCertificate(certificate) } : {}),
      },
      cache: credentials.cache,
      clock: options.clock,
      defaultHost: defaultHostOf(listener, options, address),
      audiences,
    });
  };
}

function requireMachines({ machines }: CheckedGatewayOptions): void {
  if (machines !== undefined) return;
  const errors = [{ field: 'listener', message: 'is not there: the configuration has no mtls' }];
  throw new SallyportError('SP_VALIDATION_FAILED', { reason: 'no-machine-listener', errors });
}

function defaultHostOf(listener: ListenerKind, options: CheckedGatewayOptions, address: Listening): string {
  if (listener === 'public') return new URL(options.publicUrl).host;
  const { machines } = options;
  if (listener === 'machine' && machines?.publicUrl !== undefined) return new URL(machines.publicUrl).host;
  return hostAndPort(address);
}
