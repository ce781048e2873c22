import {
  freezePrincipal,
  isAssuranceAtLeast,
  type AuthenticatedCaller,
  type AuthenticationOutcome,
  type Authenticator,
  type Principal,
} from '@sallyport/core';
import { hasApiKeyForm, isApiKey } from './api-key-format.ts';
import type { ApiKey, ApiKeyTable } from './api-key-table.ts';
import type { FindKeyOwner, KeyOwner } from './key-owners.ts';

export interface ApiKeyAuthenticatorParts {
  readonly table: ApiKeyTable;
  readonly findOwner: FindKeyOwner;
  readonly now: () => Date;
}

const header = 'x-api-key';
/** A scheme of its own, in any case, with blanks behind it (RFC 9110, section 11.4). */
const scheme = /^apikey(?: +|$)/i;
/** Stands for whatever is no key by its form, so that it is neither looked up nor remembered one by one. */
const malformed = 'malformed';
/** No person signed in: a step-up is never met, however young the key is. */
const noSignIn = new Date(0);

type Refusal = Extract<AuthenticationOutcome, { readonly kind: 'rejected' }>;
type JudgedKey = { readonly kind: 'authenticated'; readonly caller: AuthenticatedCaller } | Refusal;

/**
 * Recognizes API keys for the gateway: `X-API-Key: sp_key_…` or `Authorization: ApiKey sp_key_…`. What is no key by its
 * form and checksum is refused before any store is read.
 *
 * A key speaks for its owner with those of its scopes that the owner holds now, and with no role: a route or service that
 * asks for a role does not take it.
 */
export function createApiKeyAuthenticator({ table, findOwner, now }: ApiKeyAuthenticatorParts): Authenticator {
  const judge = async (key: ApiKey, isPrevious: boolean): Promise<JudgedKey> => {
    const at = now();
    if (key.revokedAt !== null) return refused('api-key-revoked');
    const expiresAt = isPrevious ? (key.previous?.until ?? noSignIn) : key.expiresAt;
    if (expiresAt <= at) return refused(isPrevious ? 'api-key-replaced' : 'api-key-expired');
    const owner = await findOwner(key.owner);
    if (owner === null) return refused('api-key-owner-gone');
    // The roles of the owner may demand more now than the owner proved then, as with sessions.
    if (!isAssuranceAtLeast(key.acr, owner.requiredAcr)) return refused('api-key-made-too-weakly');
    const secretNumber = isPrevious ? key.generation - 1 : key.generation;
    return {
      kind: 'authenticated',
      caller: {
        principal: toPrincipal(key, owner, secretNumber),
        credentialId: `${key.keyId}.${secretNumber}`,
        // The owner and the key, which is the client, always end it.
        endedBy: [],
        expiresAt,
      },
    };
  };

  return {
    kind: 'api-key',
    headers: [header],
    alwaysReadsStore: true,
    recognize: (presented) => {
      const { value } = presented;
      if (presented.header === header) return hasApiKeyForm(value) ? value : malformed;
      if (!scheme.test(value)) return undefined;
      const key = value.replace(scheme, '');
      return hasApiKeyForm(key) ? key : malformed;
    },
    async authenticate(secret) {
      if (!isApiKey(secret)) return refused('api-key-malformed');
      const found = await table.findBySecret(secret);
      return found === null ? refused('api-key-unknown') : judge(found.key, found.isPrevious);
    },
    async recheck(credentialId) {
      const { keyId, secretNumber } = parseCredentialId(credentialId);
      const key = await table.find(keyId);
      if (key === null) return null;
      const isPrevious = key.previous !== null && secretNumber === key.generation - 1;
      if (!isPrevious && secretNumber !== key.generation) return null;
      const judged = await judge(key, isPrevious);
      return judged.kind === 'authenticated' ? judged.caller : null;
    },
    recordUse: (credentialId, at) => {
      const { keyId, secretNumber } = parseCredentialId(credentialId);
      return table.recordUse(keyId, secretNumber, at);
    },
  };
}

/** The handle of a secret is that of its key, and the number of the secret. */
function parseCredentialId(credentialId: string): { readonly keyId: string; readonly secretNumber: number } {
  const [keyId = '', number] = credentialId.split('.');
  return { keyId, secretNumber: Number(number) };
}

function toPrincipal(key: ApiKey, owner: KeyOwner, secretNumber: number): Principal {
  const base = {
    id: owner.id,
    clientId: key.keyId,
    roles: [],
    permissions: key.scopes.filter((scope) => owner.permissions.includes(scope)),
    acr: 'pwd',
    amr: [],
    authTime: noSignIn,
    credential: 'api-key',
    generation: { session: secretNumber, user: owner.generation, policy: owner.policyGeneration },
  } as const;
  if (owner.kind === 'service') return freezePrincipal({ kind: 'service', ...base });
  return freezePrincipal({
    kind: 'user',
    ...base,
    ...(owner.profile === undefined ? {} : { profile: owner.profile }),
  });
}

function refused(reason: string): Refusal {
  return { kind: 'rejected', code: 'SP_UNAUTHENTICATED', reason };
}
