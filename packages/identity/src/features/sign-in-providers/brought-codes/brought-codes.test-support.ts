import { createHash, randomBytes } from 'node:crypto';
import type { ProviderCodeFlowAnswer } from '@sallyport/core';
import { createSealer, openKeyRing } from '@sallyport/stores';
import { firstSecret, type Answer, type Harness, type HarnessOptions } from '../../../identity.test-support.ts';
import { startProviderHarness } from '../provider.test-support.ts';
import type { ProviderStandIn, StandInClaims } from '../provider-stand-in.test-support.ts';

/** Where the client of these tests takes its codes. */
export const redirectUri = 'com.example.app:/callback';

/** Who signs in. */
export const ada = { sub: 'ada-1', email: 'ada@example.test', email_verified: true, name: 'Ada Byron' };

/** Identity with one provider whose codes clients bring, and with first-party tokens. */
export async function startCodeHarness(
  standIn: ProviderStandIn,
  change: Parameters<typeof startProviderHarness>[1] = {},
  options: HarnessOptions = {},
): Promise<Harness> {
  const redirectUris = [redirectUri, 'https://shop.example.test/back'];
  return startProviderHarness(
    standIn,
    { redirectUris, ...change },
    {
      makeKeyRing: (records) =>
        openKeyRing({ records, sealer: createSealer([firstSecret])('key-ring'), uses: ['internal', 'client'] }),
      ...options,
      features: { firstPartyTokens: {}, ...options.features },
    },
  );
}

/** What a client keeps of a flow that it began. */
export interface BegunFlow extends ProviderCodeFlowAnswer {
  readonly codeVerifier: string;
}

/** Begins a flow as a client does. */
export async function beginCodeFlow(
  harness: Harness,
  change: Readonly<Record<string, unknown>> = {},
): Promise<BegunFlow> {
  const codeVerifier = randomBytes(32).toString('base64url');
  const codeChallenge = createHash('sha256').update(codeVerifier).digest('base64url');
  const body = { provider: 'acme', redirectUri, codeChallenge, ...change };
  const answer = await harness.call('POST', '/auth/provider-flows', body);
  if (answer.status !== 200) throw new Error(`no flow was begun: ${answer.text}`);
  return { ...(answer.body as ProviderCodeFlowAnswer), codeVerifier };
}

/** What the provider hands to the client after its user signed in. */
export function codeFrom(
  standIn: ProviderStandIn,
  { location }: Pick<BegunFlow, 'location'>,
  person: StandInClaims = ada,
): { readonly code: string; readonly state: string; readonly iss: string } {
  const back = standIn.authorize(location, person).searchParams;
  return { code: back.get('code') ?? '', state: back.get('state') ?? '', iss: back.get('iss') ?? '' };
}

/** Brings a code as a program does. */
export function bring(
  harness: Harness,
  { flow, codeVerifier }: Pick<BegunFlow, 'flow' | 'codeVerifier'>,
  answer: object,
  change: Readonly<Record<string, unknown>> = {},
  path = '/auth/token/provider',
): Promise<Answer> {
  return harness.call('POST', path, { flow, codeVerifier, ...answer, ...change });
}
