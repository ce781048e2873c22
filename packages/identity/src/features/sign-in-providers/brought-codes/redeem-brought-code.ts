import { networkOf, SallyportError, type RequestContext } from '@sallyport/core';
import type { AttemptLimiter } from '../../../accounts/attempt-limiter.ts';
import { whereOf } from '../../../events/audit-context.ts';
import type { ProviderSignInParts } from '../begin-session.ts';
import type { ExternalProof } from '../external-proof.ts';
import type { IdentityProvider } from '../identity-provider.ts';
import type { ProviderClient } from '../provider-client.ts';
import { flowSeconds } from '../provider-flow.ts';
import { refuse } from '../provider-refusal.ts';
import type { UsedAnswers } from '../used-answers.ts';
import type { CodeFlows, PresentedFlow } from './code-flow.ts';

export interface BroughtCodeParts extends ProviderSignInParts {
  readonly clients: ReadonlyMap<string, ProviderClient>;
  readonly codeFlows: CodeFlows;
  readonly usedAnswers: UsedAnswers;
  readonly attempts: AttemptLimiter;
}

/** What a client brings. */
export interface BroughtCode extends PresentedFlow {
  readonly code: string;
  /** RFC 9207, where the provider said so. */
  readonly iss?: string | undefined;
}

/** Refused codes of one network, beyond which none is looked at and no event written. */
const refusalLimit = { maxFailures: 200, windowSeconds: 900 } as const;

/**
 * Exchanges a code that a client brought, and does with the proof what the client came for. A flow is looked at once: after
 * its code was sent to the provider, nothing uses it again, whatever came of it.
 *
 * Rejects with `SP_PROVIDER_FLOW_INVALID`, `SP_PROVIDER_UNTRUSTED`, `SP_PROVIDER_UNAVAILABLE`, `SP_TOO_MANY_ATTEMPTS`, and
 * with what `finish` rejects with.
 */
export async function redeemBroughtCode<Outcome>(
  parts: BroughtCodeParts,
  brought: BroughtCode,
  context: RequestContext,
  finish: (provider: IdentityProvider, proof: ExternalProof) => Promise<Outcome>,
): Promise<Outcome> {
  const attempt = await parts.attempts.begin([
    { name: 'provider-code', subject: networkOf(context.clientAddress), limit: refusalLimit },
  ]);
  const isNoted = attempt.kind === 'allowed' || attempt.isFirst;
  // What has no flow of ours names no provider.
  let provider = 'unknown';
  try {
    if (attempt.kind === 'limited') {
      const { retryAfterSeconds } = attempt;
      throw new SallyportError('SP_TOO_MANY_ATTEMPTS', { reason: 'provider-codes', retryAfterSeconds });
    }
    const flow = parts.codeFlows.require(brought);
    provider = flow.provider;
    const client = parts.clients.get(provider);
    // The configuration may have changed since it was begun.
    if (client === undefined || !client.provider.redirectUris.includes(flow.redirectUri)) throw refuse('flow-unknown');
    const begunAt = new Date(flow.begunAt);
    const expiresAt = new Date(flow.begunAt + (flowSeconds + 120) * 1000);
    if (!(await parts.usedAnswers.use(parts.codeFlows.nameOf(flow), expiresAt))) throw refuse('callback-replayed');
    const { redirectUri, state, nonce } = flow;
    const { code, iss, codeVerifier } = brought;
    const parameters = new URLSearchParams({ code, state, ...(iss === undefined ? {} : { iss }) });
    const answer = { redirectUri, state, nonce, codeVerifier, isFresh: false, parameters, begunAt };
    const outcome = await finish(client.provider, await client.redeem(answer));
    await attempt.giveBack().catch(() => {});
    return outcome;
  } catch (error) {
    const isTold = error instanceof SallyportError && (error.status < 500 || error.code === 'SP_PROVIDER_UNAVAILABLE');
    if (isTold && isNoted)
      await parts.events.append({
        type: 'provider.sign-in-refused',
        at: parts.now(),
        outcome: 'refused',
        ...whereOf(context),
        details: { provider, reason: error.reason ?? 'unknown' },
      });
    throw error;
  }
}
