/** How sure the gateway is that the caller is who they claim: password-like, multi-factor, phishing-resistant. */
export type AssuranceLevel = 'pwd' | 'mfa' | 'phr';

/** Every kind of credential that can be presented at the gateway. A webhook presents the signature of its body. */
export const credentialKinds = ['session', 'bearer', 'opaque', 'api-key', 'mtls', 'webhook'] as const;

/** The credential that was presented at the gateway. */
export type CredentialKind = (typeof credentialKinds)[number];

/**
 * Counters that grow when authority changes: of the session, of the user (roles, ban, password), of the policy.
 * A cached decision or token made under a smaller number is out of date.
 */
export interface Generation {
  readonly session: number;
  readonly user: number;
  readonly policy: number;
}

/** A principal that acts for the subject: an impersonating administrator, or a zone that calls a service for its user. */
export interface Actor {
  readonly id: string;
  readonly actor?: Actor;
}

/** OIDC profile claims; present only for audiences whose route asks for them (`profile: true`). */
export interface Profile {
  readonly name: string;
  readonly email: string;
}

interface PrincipalBase {
  readonly id: string;
  readonly clientId?: string;
  readonly roles: readonly string[];
  readonly permissions: readonly string[];
  /** The organization that the caller works in. */
  readonly org?: string;
  /** The roles of the caller in that organization; present exactly when `org` is. */
  readonly orgRoles?: readonly string[];
  readonly acr: AssuranceLevel;
  readonly amr: readonly string[];
  readonly authTime: Date;
  readonly credential: CredentialKind;
  readonly actor?: Actor;
  /**
   * `x5t#S256` of the certificate that the token of this caller is bound to (RFC 8705, section 3.1): a service that takes the token
   * must find that certificate at the other end of the connection. Absent for a token that is bound to none.
   */
  readonly boundCertificate?: string;
  readonly generation: Generation;
}

/** A person. `sid` is the public handle of the session: safe in logs, useless as a credential. */
export interface UserPrincipal extends PrincipalBase {
  readonly kind: 'user';
  readonly sid?: string;
  readonly profile?: Profile;
}

/** A machine. */
export interface ServicePrincipal extends PrincipalBase {
  readonly kind: 'service';
  readonly sid?: string;
}

/** A caller that the gateway knows. The same type in the gateway, in NestJS and in Next.js. */
export type Principal = UserPrincipal | ServicePrincipal;

/** A caller that presented no credential. A kind of its own, so that `null` never means two things. */
export interface Anonymous {
  readonly kind: 'anonymous';
}

/** The caller of a request. */
export type Caller = Principal | Anonymous;

/** The one anonymous caller. */
export const anonymous: Anonymous = Object.freeze({ kind: 'anonymous' });

/**
 * Freezes a principal and everything in it, so that no handler can change who the next one sees.
 *
 * @returns the same object, deeply read-only at run time as well as in its type.
 */
export function freezePrincipal<P extends Principal>(principal: P): P {
  Object.freeze(principal.roles);
  Object.freeze(principal.permissions);
  Object.freeze(principal.amr);
  Object.freeze(principal.orgRoles);
  Object.freeze(principal.generation);
  for (let actor = principal.actor; actor !== undefined; actor = actor.actor) Object.freeze(actor);
  if (principal.kind === 'user' && principal.profile !== undefined) Object.freeze(principal.profile);
  // A Date cannot be frozen: setTime() would still work. Every reader gets a copy instead.
  const authTime = principal.authTime.getTime();
  Object.defineProperty(principal, 'authTime', { get: () => new Date(authTime), enumerable: true });
  return Object.freeze(principal);
}
