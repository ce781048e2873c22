import { interactionPolicy, type KoaContextWithOIDC } from 'oidc-provider';
import { assuranceLevels, isAssuranceAtLeast, type AssuranceLevel } from '@sallyport/core';
import { isFirstParty } from './own-client.ts';

const { Check } = interactionPolicy;
type Context = KoaContextWithOIDC;

/** Why people have to sign in, or to confirm who they are. */
export const freshProofReason = 'fresh_proof_required';
export const strongerProofReason = 'stronger_proof_required';

/**
 * Builds the decision on what people are asked before a client gets a code. Who is signed in, how and when is what the session
 * of the gateway says; the rest is the library's.
 */
export function createInteractionPolicy(): interactionPolicy.DefaultPolicy {
  const policy = interactionPolicy.base();
  const login = requirePrompt(policy, 'login');
  // Those two ask whether the user came back from a page of the library. Ours ask when the proof was made.
  for (const reason of ['login_prompt', 'max_age']) login.checks.remove(reason);
  login.checks.add(
    new Check(freshProofReason, 'a fresh sign-in is required', 'login_required', needsFreshProof, ({ oidc }) => ({
      max_age: oidc.params?.['max_age'],
    })),
  );
  login.checks.add(
    new Check(
      strongerProofReason,
      'a stronger sign-in is required',
      'unmet_authentication_requirements',
      (ctx) => missingAssurance(ctx) !== undefined,
      (ctx) => ({ acr: missingAssurance(ctx) }),
    ),
  );
  const consent = requirePrompt(policy, 'consent');
  for (const reason of ['consent_prompt', 'native_client_prompt']) consent.checks.remove(reason);
  consent.checks.add(new Check('consent_required', 'consent is required', 'consent_required', needsConsentAgain));
  return policy;
}

/** `prompt=login` and `max_age` (OpenID Connect Core, section 3.1.2.1): the proof has to be younger than the question. */
function needsFreshProof({ oidc }: Context): boolean {
  const { session, params, prompts, entities } = oidc;
  if (session?.accountId === undefined) return false;
  const asked = entities.Interaction;
  const maxAge = params?.['max_age'];
  const isTooOld = maxAge !== undefined && session.past(Number(maxAge));
  if (asked === undefined) return prompts.has('login') || isTooOld;
  // What was asked afterwards is asked of people whose proof was fresh then.
  if (asked.prompt.name !== 'login') return false;
  const isFresh = (session.loginTs ?? 0) >= (asked.iat ?? Number.MAX_SAFE_INTEGER);
  return !isFresh && (prompts.has('login') || isTooOld);
}

/** The weakest level of `acr_values` that would do, where the session has none of them. */
function missingAssurance({ oidc }: Context): AssuranceLevel | undefined {
  const { session, params } = oidc;
  const asked = params?.['acr_values'];
  if (session?.accountId === undefined || typeof asked !== 'string') return undefined;
  const known = assuranceLevels.filter((level) => asked.split(' ').includes(level));
  const [weakest] = known.toSorted((one, other) => (isAssuranceAtLeast(one, other) ? 1 : -1));
  const held = assuranceLevels.find((level) => level === session.acr);
  if (weakest === undefined || (held !== undefined && isAssuranceAtLeast(held, weakest))) return undefined;
  return weakest;
}

/**
 * Whether people are asked although they agreed before: because the client says so, and each time where any program on their
 * device could pass itself off as the client (RFC 8252, section 8.6). First-party clients are the product itself.
 */
function needsConsentAgain({ oidc }: Context): boolean {
  const { client, prompts, result } = oidc;
  if (client === undefined || isFirstParty(client) || result?.consent !== undefined) return false;
  return prompts.has('consent') || client.applicationType === 'native';
}

function requirePrompt(policy: interactionPolicy.DefaultPolicy, name: string): interactionPolicy.Prompt {
  const prompt = policy.get(name);
  if (prompt === undefined) throw new TypeError(`the library has no prompt "${name}"`);
  return prompt;
}
