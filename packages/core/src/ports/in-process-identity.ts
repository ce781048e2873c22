import type { KeySource } from '../token/key-source.ts';

/** A user, as the application that identity is part of sees one. */
export interface IdentityUser {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly emailVerified: boolean;
  readonly roles: readonly string[];
  readonly isBanned: boolean;
}

/** A user to make. */
export interface NewIdentityUser {
  readonly name: string;
  readonly email: string;
  /** Without one the user cannot sign in before one was chosen by a mailed link. */
  readonly password?: string;
  readonly roles: readonly string[];
  /**
   * Whether the address is known to be the user's. Nothing can be done with an account whose address is not. `true` where no
   * mail proved it lets a visitor take the address of another person first; `signUp` has it proved.
   */
  readonly emailVerified: boolean;
}

/** Tokens of a program (RFC 6749, section 5.1). */
export interface IdentityTokens {
  readonly accessToken: string;
  readonly refreshToken: string;
  /** Seconds until the access token ends. */
  readonly expiresInSeconds: number;
}

/** What a sign-in by the cookie of a session ended with. */
export type SessionStart =
  | { readonly kind: 'signed-in'; readonly user: Pick<IdentityUser, 'id' | 'name' | 'email' | 'roles'> }
  /** The built-in page at this path asks for the second factor, or has one set up. */
  | { readonly kind: 'second-factor-required'; readonly location: string };

/**
 * Identity in the process of an application: accounts, sign-in, sessions and the tokens of its own requests, without a
 * gateway in front. A request is the one of `node:http`, or that of a framework around it; it must have come through
 * `handle`, which knows where it came from.
 *
 * Everything rejects with a `SallyportError`: `SP_CREDENTIALS_INVALID`, `SP_TOO_MANY_ATTEMPTS`, `SP_VALIDATION_FAILED`,
 * `SP_PASSWORD_UNACCEPTABLE`, `SP_CONFLICT` and `SP_STORE_UNAVAILABLE` are to be expected.
 */
export interface InProcessIdentity {
  /** Issuer of the tokens that `handle` gives to requests. */
  readonly issuer: string;
  /** Their audience. */
  readonly audience: string;
  /** What verifies them, also after a rotation of keys. */
  readonly keys: KeySource;
  /**
   * Decides on a request before anything else of the application sees it: answers what identity serves and what it
   * refuses, and continues with everything else, whose `Authorization` is then a token of the caller for this application.
   */
  handle(request: object, response: object, next: () => void): void;
  /** Makes an account that waits for the proof of its address, and mails the link. It tells nothing about the address. */
  signUp(
    request: object,
    person: Pick<NewIdentityUser, 'name' | 'email'> & { readonly password: string },
  ): Promise<void>;
  /**
   * Signs a program in with a password. Needs `firstPartyTokens`. Rejects with `SP_SECOND_FACTOR_REQUIRED` when the password
   * was right and is not enough: `secondFactor` of the error has what `completeSignIn` needs.
   */
  signIn(
    request: object,
    credentials: { readonly email: string; readonly password: string; readonly device?: string },
  ): Promise<IdentityTokens>;
  /** Answers the demand for a second factor. Rejects with `SP_CODE_INVALID`. */
  completeSignIn(
    request: object,
    answer: { readonly mfaToken: string; readonly code: string; readonly method?: string },
  ): Promise<IdentityTokens>;
  /** Takes a refresh token for the next pair. Rejects with `SP_REFRESH_TOKEN_INVALID`; see the guide on mobile apps. */
  refresh(request: object, refreshToken: string): Promise<IdentityTokens>;
  /** Ends the sign-in of a refresh token, with its access tokens. Also resolves for a token that is none. */
  signOut(request: object, refreshToken: string): Promise<void>;
  /** Signs a browser in with a password: the answer to the request gets the cookie of the session. */
  startSession(
    request: object,
    credentials: { readonly email: string; readonly password: string },
  ): Promise<SessionStart>;
  /** Ends the session of the request, and takes its cookie away. */
  endSession(request: object): Promise<void>;
  /**
   * Makes a user whose roles the application decides on. Rejects with `SP_CONFLICT` when the address has an account, and
   * with `SP_PASSWORD_UNACCEPTABLE`. Without a request, the application does it by itself.
   */
  createUser(user: NewIdentityUser, request?: object): Promise<IdentityUser>;
  findUserById(id: string): Promise<IdentityUser | null>;
  findUserByEmail(email: string): Promise<IdentityUser | null>;
  /** A page of users in the order of their ids, after the one with this id. */
  listUsers(limit: number, afterId?: string): Promise<readonly IdentityUser[]>;
  /** Gives a user other roles: tokens and sessions of the old ones count no more. Rejects with `SP_NOT_FOUND`. */
  setRoles(userId: string, roles: readonly string[], request?: object): Promise<IdentityUser>;
  /** Bans a user, whose sessions end, or lifts the ban. Rejects with `SP_NOT_FOUND`. */
  setBanned(userId: string, isBanned: boolean, request?: object): Promise<void>;
  /** Lets what runs end, and closes the stores. */
  close(): Promise<void>;
}
