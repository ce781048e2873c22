import { createAuthenticators, type CredentialParts } from '../credentials/registry.ts';
import { hostAndPort } from '../listeners/listener-hosts.ts';
import type { CheckedGatewayOptions } from '../gateway-options.ts';
import { toWatchedLimits } from '../limits/request-limits.ts';
import type { Listening } from '../listeners/listener.ts';
import type { DecisionParts } from '../pipeline/decide.ts';
import type { ListenerKind } from '../pipeline/request-state.ts';
import type { Mount } from '../routing/mount.ts';
import { createRouteTable, type LimitsOf, type ResourceOf } from '../routing/route-table.ts';
import { explainDecision } from './explain-decision.ts';
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
  const table = createRouteTable(
    options.routes,
    mounts,
    (owner, limits) => toWatchedLimits(limitsOf(owner, limits)),
    options.cors,
    resourceOf,
  );
  const authenticators = createAuthenticators('public', {
    ...credentials,
    recordActivity: () => {},
    recordUse: () => {},
    // A proof that is pasted into a question is not used up by it.
    usedProofs: { use: () => true },
  });

  return (question, address) => {
    const { listener = 'public' } = question;
    const isPublic = listener === 'public';
    return explainDecision(question, {
      listener,
      decision: { ...decisionFor(listener, address), ...(isPublic ? { table, authenticators } : {}) },
      cache: credentials.cache,
      clock: options.clock,
      defaultHost: isPublic ? new URL(options.publicUrl).host : hostAndPort(address),
      audiences,
    });
  };
}
