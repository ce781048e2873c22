import type { Authenticator } from '@sallyport/core';
import type { ListenerKind } from '../pipeline/request-state.ts';
import { createCertificateAuthenticator } from './certificate-authenticator.ts';
import { createCredentialHeaderRefusal } from './credential-header-refusal.ts';
import { createFeatureAuthenticator, type FeatureAuthenticatorParts } from './feature-authenticator.ts';
import { createInternalTokenAuthenticator, type InternalTokenParts } from './internal-token.ts';
import type { RequestAuthenticator } from './request-authenticator.ts';
import { createSessionCookieAuthenticator, type SessionCookieParts } from './session-cookie.ts';
import { createOtherAuthorizationRefusal, createOtherCredentialRefusal } from './other-credential-refusal.ts';
import { createUnclaimedRefusal } from './unclaimed-refusal.ts';

/** What any credential needs to be recognized. */
export interface CredentialParts extends SessionCookieParts, InternalTokenParts, FeatureAuthenticatorParts {
  /** Those of features, in their order. */
  readonly authenticators: readonly Authenticator[];
}

interface Credential {
  readonly listener: ListenerKind;
  readonly create: (parts: CredentialParts) => RequestAuthenticator | readonly RequestAuthenticator[];
}

/** The registry of credentials: one line each. Those of a listener are asked in this order; the first that applies decides. */
const credentials: readonly Credential[] = [
  { listener: 'public', create: createSessionCookieAuthenticator },
  { listener: 'public', create: createFeatureAuthenticators },
  { listener: 'public', create: createUnclaimedRefusal },
  { listener: 'internal', create: createCredentialHeaderRefusal },
  { listener: 'internal', create: createInternalTokenAuthenticator },
  { listener: 'machine', create: createOtherCredentialRefusal },
  { listener: 'machine', create: createTokenAuthenticators },
  { listener: 'machine', create: createOtherAuthorizationRefusal },
  { listener: 'machine', create: createCertificateAuthenticator },
];

function createFeatureAuthenticators(parts: CredentialParts): readonly RequestAuthenticator[] {
  return parts.authenticators.map((authenticator) => createFeatureAuthenticator(authenticator, parts));
}

/** Those of access tokens: what can be bound to a certificate. */
function createTokenAuthenticators({ authenticators, ...parts }: CredentialParts): readonly RequestAuthenticator[] {
  const ofTokens = authenticators.filter(({ kind }) => kind === 'bearer' || kind === 'opaque');
  return createFeatureAuthenticators({ ...parts, authenticators: ofTokens });
}

/** Builds the authenticators of a listener. */
export function createAuthenticators(listener: ListenerKind, parts: CredentialParts): readonly RequestAuthenticator[] {
  return credentials.filter((credential) => credential.listener === listener).flatMap(({ create }) => create(parts));
}
