import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Sealer } from '@sallyport/core';
import * as z from 'zod';
import { flowSeconds } from '../provider-flow.ts';
import { refuse } from '../provider-refusal.ts';

/** What a client keeps, sealed, between the request for an address and the code that it brings. */
const flowSchema = z.strictObject({
  state: z.string(),
  provider: z.string(),
  redirectUri: z.string(),
  /** RFC 7636, of a verifier that the client keeps to itself. */
  codeChallenge: z.string(),
  nonce: z.string(),
  begunAt: z.number(),
});

/** A sign-in with a provider that a client began, which is not a browser at the callback of the gateway. */
export type CodeFlow = z.output<typeof flowSchema>;

/** What a flow is begun with. */
export type NewCodeFlow = Pick<CodeFlow, 'provider' | 'redirectUri' | 'codeChallenge'>;

/** What a client brings of its flow, beside the code. */
export interface PresentedFlow {
  readonly flow: string;
  readonly state: string;
  readonly codeVerifier: string;
}

/**
 * Flows of clients that bring the code of a provider themselves. Nothing of one is kept here until it is used: what belongs
 * to it is sealed, and the client keeps it. So strangers who begin any number of flows leave nothing behind.
 */
export interface CodeFlows {
  /** Begins one, and makes what the client keeps of it. */
  begin(flow: NewCodeFlow): { readonly flow: CodeFlow; readonly sealed: string };
  /**
   * The flow that a code belongs to.
   *
   * @throws SallyportError `SP_PROVIDER_FLOW_INVALID`: for a flow that was not begun here, that has expired, to which the
   *   `state` of the answer does not belong, or whose verifier the client does not have.
   */
  require(presented: PresentedFlow): CodeFlow;
  /** Under which name a flow is noted as used. */
  nameOf(flow: Pick<CodeFlow, 'state'>): string;
}

const context = 'provider-code-flow';

/** Builds flows on a sealer of their own purpose, which every gateway of a deployment has. */
export function createCodeFlows(sealer: Sealer, now: () => Date): CodeFlows {
  return {
    begin({ provider, redirectUri, codeChallenge }) {
      const flow: CodeFlow = {
        state: newRandom(),
        provider,
        redirectUri,
        codeChallenge,
        nonce: newRandom(),
        begunAt: now().getTime(),
      };
      return { flow, sealed: sealer.seal(JSON.stringify(flow), context) };
    },
    require({ flow: sealed, state, codeVerifier }) {
      const flow = open(sealer, sealed);
      if (flow === undefined) throw refuse('flow-unknown');
      const age = (now().getTime() - flow.begunAt) / 1000;
      if (age > flowSeconds || age < -60) throw refuse('flow-expired');
      // The answer that another flow was given: its code would sign in to another account (login CSRF, mix-up).
      if (!isEqual(flow.state, state)) throw refuse('flow-of-another-client');
      // RFC 7636, section 4.6. Here too, since not every provider looks at it.
      if (!isEqual(flow.codeChallenge, challengeOf(codeVerifier))) throw refuse('code-verifier-wrong');
      return flow;
    },
    nameOf: ({ state }) => `code-flow:${createHash('sha256').update(state).digest('base64url')}`,
  };
}

function open(sealer: Sealer, sealed: string): CodeFlow | undefined {
  try {
    return flowSchema.parse(JSON.parse(sealer.open(sealed, context)));
  } catch {
    return undefined;
  }
}

function challengeOf(codeVerifier: string): string {
  return createHash('sha256').update(codeVerifier).digest('base64url');
}

function newRandom(): string {
  return randomBytes(32).toString('base64url');
}

function isEqual(expected: string, actual: string): boolean {
  const [a, b] = [Buffer.from(expected), Buffer.from(actual)];
  return a.length === b.length && timingSafeEqual(a, b);
}
