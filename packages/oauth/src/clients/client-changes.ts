import { SallyportError, type FieldError } from '@sallyport/core';
import type { ClientChange } from './client-fields.ts';
import { problemsOfClient, type ClientRules } from './client-rules.ts';
import type { ClientRegistration, OAuthClient } from './oauth-client.ts';

/** What is absent stays, and `null` takes away. */
export function applyClientChange(before: OAuthClient, wanted: ClientChange): ClientRegistration {
  const optional = <Value>(present: Value | undefined, next: Value | null | undefined): Value | undefined =>
    next === undefined ? present : (next ?? undefined);
  return {
    name: wanted.name ?? before.name,
    trust: wanted.trust ?? before.trust,
    kind: wanted.kind ?? before.kind,
    authentication: wanted.authentication ?? before.authentication,
    grantTypes: wanted.grantTypes ?? before.grantTypes,
    redirectUris: wanted.redirectUris ?? before.redirectUris,
    postLogoutRedirectUris: wanted.postLogoutRedirectUris ?? before.postLogoutRedirectUris,
    scopes: wanted.scopes ?? before.scopes,
    resources: wanted.resources ?? before.resources,
    serves: wanted.serves ?? before.serves,
    backchannelLogoutUri: optional(before.backchannelLogoutUri, wanted.backchannelLogoutUri),
    jwks: optional(before.jwks, wanted.jwks),
    jwksUri: optional(before.jwksUri, wanted.jwksUri),
    homepage: optional(before.homepage, wanted.homepage),
    logoUri: optional(before.logoUri, wanted.logoUri),
    dpop: wanted.dpop ?? before.dpop,
    requirePushedRequests: wanted.requirePushedRequests ?? before.requirePushedRequests,
    certificateBoundTokens: wanted.certificateBoundTokens ?? before.certificateBoundTokens,
    certificateName: optional(before.certificateName, wanted.certificateName),
  };
}

/** Demands that the fields fit each other. @throws SallyportError `SP_VALIDATION_FAILED` */
export function requireSound(registration: ClientRegistration, rules: ClientRules): void {
  const errors = problemsOfClient(registration, rules);
  if (errors.length > 0) throw new SallyportError('SP_VALIDATION_FAILED', { reason: 'oauth-client-invalid', errors });
}

/** @throws SallyportError `SP_CONFLICT` for a client without a secret, and for one whose secret before still works. */
export function requireRotatable(client: OAuthClient, overlapSeconds: number, at: Date): void {
  if (client.secret === null) throw conflict('oauth-client-without-secret', 'id', 'is a client without a secret');
  const { previousUntil } = client.secret;
  if (overlapSeconds > 0 && previousUntil !== null && previousUntil > at)
    throw conflict('oauth-client-rotating', 'id', 'is being rotated: the secret before still works');
}

/** What is said of a name that another client has. */
export function nameTaken(): SallyportError {
  return conflict('oauth-client-exists', 'name', 'is that of another client, or looks like it');
}

function conflict(reason: string, field: string, message: string): SallyportError {
  const errors: readonly FieldError[] = [{ field, message }];
  return new SallyportError('SP_CONFLICT', { reason, errors });
}

/** What is said of a client that there is not. */
export function unknownClient(): SallyportError {
  const errors = [{ field: 'id', message: 'is the id of no client' }];
  return new SallyportError('SP_NOT_FOUND', { reason: 'oauth-client-unknown', errors });
}
