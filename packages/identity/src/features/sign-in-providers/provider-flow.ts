import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { toSafeReturnTo, type PageTable, type Sealer } from '@sallyport/core';
import * as z from 'zod';
import { refuse } from './provider-refusal.ts';

/** What a flow is for: to sign in, to connect another provider to the account, or to confirm who one is. */
export const flowPurposes = ['sign-in', 'connect', 'confirm'] as const;

export type FlowPurpose = (typeof flowPurposes)[number];

/** What the browser keeps, sealed, between the request for a sign-in and the answer of the provider. */
const flowSchema = z.strictObject({
  state: z.string(),
  provider: z.string(),
  purpose: z.enum(flowPurposes),
  nonce: z.string(),
  codeVerifier: z.string(),
  begunAt: z.number(),
  returnTo: z.string().optional(),
  /** The session in which it was begun. */
  sid: z.string().optional(),
});

export type ProviderFlow = z.output<typeof flowSchema>;

/** What a flow is begun with. */
export interface NewFlow {
  readonly provider: string;
  readonly purpose: FlowPurpose;
  readonly returnTo: string | undefined;
  readonly sid: string | undefined;
}

/**
 * Flows of sign-ins with providers. Nothing of one is kept here: what belongs to it is sealed in a cookie of the browser
 * that began it, and `state` says of itself that it was made here, and when. So visitors leave nothing behind.
 */
export interface ProviderFlows {
  /** Makes one, and what the browser keeps of it. */
  begin(flow: NewFlow): { readonly flow: ProviderFlow; readonly sealed: string };
  /**
   * The flow that an answer belongs to.
   *
   * @throws SallyportError `SP_PROVIDER_FLOW_INVALID`: for a `state` that was not made here, that has expired, that another
   *   browser began, or that was made for another provider.
   */
  require(state: string | null, provider: string, sealed: string | undefined): ProviderFlow;
  /** Under which name an answer is noted as used. */
  nameOf(flow: Pick<ProviderFlow, 'state'>): string;
}

/** How long a person has at the provider. */
export const flowSeconds = 10 * 60;

/** The cookie has to fit; a longer way back is forgotten. */
const maxReturnToLength = 1500;
const context = 'provider-flow';
const stateForm = /^([0-9a-z]{1,10})\.([A-Za-z0-9_-]{43})\.([A-Za-z0-9_-]{43})$/;

/** Builds flows on a sealer of their own purpose, which every gateway of a deployment has. */
export function createProviderFlows(sealer: Sealer, pages: PageTable, now: () => Date): ProviderFlows {
  const markOf = (begun: string, random: string): string => `state\n${begun}\n${random}`;
  return {
    begin({ provider, purpose, returnTo, sid }) {
      const begunAt = now().getTime();
      const begun = Math.floor(begunAt / 1000).toString(36);
      const random = newRandom();
      const path = toSafeReturnTo(returnTo, pages);
      const flow: ProviderFlow = {
        state: `${begun}.${random}.${sealer.hash(markOf(begun, random))}`,
        provider,
        purpose,
        nonce: newRandom(),
        codeVerifier: newRandom(),
        begunAt,
        ...(path === '/' || path.length > maxReturnToLength ? {} : { returnTo: path }),
        ...(sid === undefined ? {} : { sid }),
      };
      return { flow, sealed: sealer.seal(JSON.stringify(flow), context) };
    },
    require(state, provider, sealed) {
      const [, begun = '', random = '', mark = ''] = stateForm.exec(state ?? '') ?? [];
      const isOurs = sealer.hashes(markOf(begun, random)).some((expected) => isEqual(expected, mark));
      if (state === null || !isOurs) throw refuse('flow-unknown');
      const age = now().getTime() / 1000 - Number.parseInt(begun, 36);
      if (age > flowSeconds || age < -60) throw refuse('flow-expired');
      const flow = open(sealer, sealed);
      if (flow === undefined || !isEqual(flow.state, state)) throw refuse('flow-of-another-browser');
      // Each provider has a callback of its own, so that the answer of one is never redeemed at another (mix-up).
      if (flow.provider !== provider) throw refuse('flow-of-another-provider');
      return flow;
    },
    nameOf: ({ state }) => `flow:${createHash('sha256').update(state).digest('base64url')}`,
  };
}

function open(sealer: Sealer, sealed: string | undefined): ProviderFlow | undefined {
  if (sealed === undefined || sealed.length > 4096) return undefined;
  try {
    return flowSchema.parse(JSON.parse(sealer.open(sealed, context)));
  } catch {
    return undefined;
  }
}

/** 256 bits, in the 43 characters that RFC 7636 asks of a verifier at least. */
function newRandom(): string {
  return randomBytes(32).toString('base64url');
}

function isEqual(expected: string, actual: string): boolean {
  const [a, b] = [Buffer.from(expected), Buffer.from(actual)];
  return a.length === b.length && timingSafeEqual(a, b);
}
