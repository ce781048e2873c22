import type {
  CsrfTokens,
  InvalidationBus,
  Logger,
  Sealer,
  SecurityEventLog,
  SessionCookie,
  SessionDirectory,
  SessionStore,
} from '@sallyport/core';
import type { Accounts } from './accounts/accounts.ts';
import type { DeviceTrust } from './accounts/device-trust.ts';
import type { GuessLimiter } from './accounts/guess-limiter.ts';
import type { OneTimeLinks } from './accounts/one-time-links.ts';
import type { PasswordHashing } from './accounts/password-hashing.ts';
import type { RequireAcceptablePassword } from './accounts/password-rules.ts';
import type { UserTable } from './accounts/user-table.ts';
import type { Engine } from './engine/better-auth-engine.ts';
import type { SecondFactor } from './factors/second-factor.ts';
import type { DeviceCookie } from './http/device-cookie.ts';
import type { LoopTurns } from './http/loop-turns.ts';
import type { AccountPost } from './mail/account-post.ts';
import type { SessionLimit } from './sessions/session-limit.ts';
import type { MakeSession, SessionLifetime } from './sessions/session-maker.ts';
import type { RaiseSession } from './sessions/session-raising.ts';
import type { SessionRevocation } from './sessions/session-revocation.ts';

/** The built parts of identity, from which the routes take what they need. */
export interface IdentityParts {
  readonly cookie: SessionCookie;
  readonly lifetime: SessionLifetime;
  readonly signUpRoles: readonly string[];
  readonly answerFloorMilliseconds: number;
  readonly loopTurns: LoopTurns;
  readonly engine: Engine;
  readonly users: UserTable;
  readonly accounts: Accounts;
  readonly links: OneTimeLinks;
  readonly guesses: GuessLimiter;
  readonly devices: DeviceTrust;
  readonly deviceCookie: DeviceCookie;
  readonly hashing: PasswordHashing;
  readonly requireAcceptablePassword: RequireAcceptablePassword;
  readonly post: AccountPost;
  readonly events: SecurityEventLog;
  readonly sessions: SessionStore;
  readonly sessionSealer: Sealer;
  readonly csrfTokens: CsrfTokens;
  readonly directory: SessionDirectory;
  readonly makeSession: MakeSession;
  readonly sessionLimit: SessionLimit;
  readonly raiseSession: RaiseSession;
  readonly revocation: SessionRevocation;
  readonly secondFactor: SecondFactor;
  readonly bus: InvalidationBus;
  readonly transaction: <T>(work: () => Promise<T>) => Promise<T>;
  /** When it is `false`, an event is written before the change that it reports. */
  readonly hasTransactions: boolean;
  readonly logger: Logger;
  readonly now: () => Date;
}
