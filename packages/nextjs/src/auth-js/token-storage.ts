import type { LogoutTarget } from './logout-register.ts';
import type { ShellSession, ShellTokens } from './shell-session.ts';

/** The access token of a request, and what the answer has to write. */
export interface FoundTokens {
  readonly kind: 'found';
  readonly tokens: ShellTokens;
  /** `Set-Cookie` values; only the cookie storage has any. */
  readonly setCookies: readonly string[];
}

/** What there is of tokens for a session. */
export type TokensOutcome =
  | FoundTokens
  /** The session ended: here, at the provider, or with its grant. */
  | { readonly kind: 'ended' }
  /** The tokens ran out where no cookie can be written. */
  | { readonly kind: 'stale' };

export interface FindTokensOptions {
  /** `Cookie` header of the request. */
  readonly cookies: string | undefined;
  /** Whether the answer of this request can carry `Set-Cookie`: never in a server component. */
  readonly canSetCookies: boolean;
}

/** Keeps the tokens of sessions, and refreshes them in time. */
export interface TokenStorage {
  /**
   * Begins a session.
   *
   * @returns `Set-Cookie` values.
   */
  begin(session: ShellSession, tokens: ShellTokens): Promise<readonly string[]>;
  /** Whether a session lives. @throws `SP_STORE_UNAVAILABLE` */
  isLive(session: ShellSession): Promise<boolean>;
  /**
   * Finds the tokens of a session, with an access token that is good for a while.
   *
   * @throws `SP_STORE_UNAVAILABLE`; `SP_SERVICE_UNAVAILABLE` when the token ran out and the provider does not answer.
   */
  find(session: ShellSession, options: FindTokensOptions): Promise<TokensOutcome>;
  /** Ends one session. @returns its tokens, as far as there were any. */
  end(session: ShellSession, cookies: string | undefined): Promise<ShellTokens | undefined>;
  /** Ends what a back-channel logout names. */
  endAll(target: LogoutTarget): Promise<void>;
  /** `Set-Cookie` values that take away what this storage keeps in the browser. */
  clearedCookies(): readonly string[];
}

/** An access token that ends so soon is refreshed before it is used. */
export const refreshAheadMilliseconds = 30_000;

/** Whether a token is good for what a request takes. */
export function isFresh({ accessTokenEndsAt }: ShellTokens, now: number): boolean {
  return accessTokenEndsAt - now > refreshAheadMilliseconds;
}
