import type { ListenerKind } from '../pipeline/request-state.ts';
import { createBearerRefusal } from './bearer-refusal.ts';
import { createInternalTokenAuthenticator, type InternalTokenParts } from './internal-token.ts';
import { createSessionCookieAuthenticator, type SessionCookieParts } from './session-cookie.ts';
import type { Authenticator } from './authenticator.ts';

/** What any credential needs to be recognized. */
export interface CredentialParts extends SessionCookieParts, InternalTokenParts {}

interface Credential {
  readonly listener: ListenerKind;
  readonly create: (parts: CredentialParts) => Authenticator;
}

/** The registry of credentials: one line each. Those of a listener are asked in this order; the first that applies decides. */
const credentials: readonly Credential[] = [
  { listener: 'public', create: createSessionCookieAuthenticator },
  { listener: 'public', create: createBearerRefusal },
  { listener: 'internal', create: createInternalTokenAuthenticator },
];

/** Builds the authenticators of a listener. */
export function createAuthenticators(listener: ListenerKind, parts: CredentialParts): readonly Authenticator[] {
  return credentials.filter((credential) => credential.listener === listener).map(({ create }) => create(parts));
}
