import type { RevocationKind } from '../events/revocation-event.ts';
import type { CredentialKind, Principal } from '../principal/principal.ts';
import type { TokenConfirmation } from '../token/token-confirmation.ts';

/** The header in which a request presents a credential. There is one at most: a request with two is refused before. */
export interface PresentedCredential {
  /** Its name in lower case: `authorization`, or one of the `headers` of an authenticator. */
  readonly header: string;
  /** As it came: not trimmed, not decoded, of any length. */
  readonly value: string;
}

/** What ends the authority of a caller when it is revoked: the `kind` and `id` of a `RevocationEvent`. */
export interface RevocationTarget {
  readonly kind: RevocationKind;
  readonly id: string;
}

/** A caller, as the credential that was presented says. Holds nothing that could be presented again. */
export interface AuthenticatedCaller {
  /** Its `credential` is the `kind` of the authenticator. Frozen by the gateway. */
  readonly principal: Principal;
  /** The public handle of the credential: the same on every request, safe in logs, useless as a credential. */
  readonly credentialId: string;
  /**
   * What ends it beside the user, the session (`sid`) and the client (`clientId`) of the principal, which always do: the
   * credential itself, and an owner that the principal does not name. The same for as long as the credential lives.
   */
  readonly endedBy: readonly RevocationTarget[];
  /** The one protected resource that the credential is good at (RFC 8707). @default the gateway, at every route that is none */
  readonly resource?: string;
  /** When it ends by itself. @default never */
  readonly expiresAt?: Date;
  /**
   * The key that the credential is bound to. The gateway demands a proof of it on every request, also where the caller is
   * remembered. @default none: who has the credential may use it
   */
  readonly confirmation?: TokenConfirmation;
}

/** What an authenticator makes of a credential that is its own. */
export type AuthenticationOutcome =
  | { readonly kind: 'authenticated'; readonly caller: AuthenticatedCaller }
  /** Unknown, expired, revoked or malformed: answered 401, also where access is optional. `reason` is for the log. */
  | {
      readonly kind: 'rejected';
      readonly code: 'SP_UNAUTHENTICATED' | 'SP_TOKEN_INVALID' | 'SP_TOKEN_EXPIRED';
      readonly reason: string;
    };

/**
 * Recognizes one kind of credential that a program presents in a header: an API key, an access token. The gateway asks
 * the authenticators of features in the order of the features; the first that recognizes the credential decides.
 *
 * Only routes that open the kind (`credentials`) ask at all. The credential never goes upstream: the service gets the
 * token that the gateway makes for it, as for every caller. The gateway waits for five seconds, and remembers the outcome:
 * who a caller is until the bus names what ends it (`endedBy`, its user, session or client) or a minute has passed, and a
 * refusal for five seconds, unless an event of a user, a client or the policy could have changed it.
 *
 * What browsers send by themselves (cookies, `Authorization: Basic`) must not be recognized. Cross-site protection asks
 * for a token only with the session cookie; without one, a request that does not say which page it came from passes.
 *
 * @example
 * const authenticator: Authenticator = {
 *   kind: 'api-key',
 *   headers: ['x-api-key'],
 *   recognize: ({ header, value }) => (header === 'x-api-key' ? value : undefined),
 *   authenticate: async (key) => {
 *     const caller = await findByHash(hashOf(key));
 *     return caller === null
 *       ? { kind: 'rejected', code: 'SP_UNAUTHENTICATED', reason: 'api-key-unknown' }
 *       : { kind: 'authenticated', caller };
 *   },
 *   recheck: (credentialId) => findById(credentialId),
 * };
 */
export interface Authenticator {
  readonly kind: CredentialKind;
  /** Headers beside `Authorization` that hold credentials, in lower case. The gateway keeps them from every upstream. */
  readonly headers?: readonly string[];
  /** Returns the credential, or `undefined` for "not mine". Looks at the form alone: it reads no store. */
  recognize(presented: PresentedCredential): string | undefined;
  /**
   * Finds out who presents a recognized credential of at most 8,192 characters. Rejects when that cannot be found out,
   * which is answered 503 `SP_STORE_UNAVAILABLE`: an outage of ours never looks like a bad credential.
   */
  authenticate(credential: string): AuthenticationOutcome | Promise<AuthenticationOutcome>;
  /**
   * Says that `authenticate` reads the store itself each time that it is asked: a `fresh` route is content with it.
   *
   * @default no, and such a route has the credential read once more, by `recheck`
   */
  readonly alwaysReadsStore?: boolean;
  /**
   * Reads a credential again by its handle, from the store itself: for a stream, after something was heard of what ends
   * it, and from time to time. Resolves to `null` when it has ended, and rejects when that cannot be found out.
   */
  recheck(credentialId: string): Promise<AuthenticatedCaller | null>;
  /**
   * Notes that a credential was used. Called by each gateway once per credential and minute at most, and not waited for.
   */
  recordUse?(credentialId: string, at: Date): Promise<void>;
}
