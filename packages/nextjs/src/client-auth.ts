import type { AssuranceLevel } from '@sallyport/core/browser';

/** A browser without a signed-in user. */
export interface ClientSignedOut {
  readonly status: 'signed-out';
}

/** What a page may tell its browser about the person who is signed in. Plain data, and nothing that could be stolen. */
export interface ClientSignedIn {
  readonly status: 'signed-in';
  readonly userId: string;
  /** Public handle of the session, as the list of sessions shows it; absent when no browser session was used. */
  readonly sessionId?: string;
  readonly name?: string;
  readonly email?: string;
  readonly roles: readonly string[];
  readonly permissions: readonly string[];
  /** Id of the organization that is active in this session. */
  readonly org?: string | undefined;
  /** Roles inside it; absent where none is active. */
  readonly orgRoles?: readonly string[] | undefined;
  /** How sure the gateway is of the person: password-like, multi-factor, phishing-resistant. */
  readonly acr: AssuranceLevel;
  /** When the person signed in, or last confirmed who they are: seconds since 1970. */
  readonly authTime: number;
}

/** The part of `Auth` that crosses to the browser: identity for display, never a credential. */
export type ClientAuth = ClientSignedOut | ClientSignedIn;
