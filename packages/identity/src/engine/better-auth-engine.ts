import { betterAuth } from 'better-auth';
import {
  asSallyportError,
  isDuplicateRow,
  toStoreError,
  SallyportError,
  type Logger,
  type SealerFor,
} from '@sallyport/core';
import type { PasswordHashing } from '../hashing/password-hashing.ts';
import { rolesToText } from '../accounts/user-table.ts';
import type { IdentityDatabase } from '../database/identity-database.ts';
import { createRowId } from '../database/row-id.ts';
import { AccountDisabledError, InsufficientAssuranceError } from '../sessions/session-maker.ts';
import { withSessionRecords, type SessionAdapterOptions } from './session-adapter.ts';
import { signInMethods, type SignInMethodName } from './sign-in-methods.ts';

export interface EngineOptions extends Omit<SessionAdapterOptions, 'sealer'> {
  readonly publicUrl: string;
  readonly database: IdentityDatabase;
  readonly sealerFor: SealerFor;
  readonly hashing: PasswordHashing;
  readonly logger: Logger;
}

export interface NewAccount {
  readonly name: string;
  readonly email: string;
  readonly passwordHash: string | undefined;
  readonly roles: readonly string[];
  readonly emailVerified: boolean;
  /** When it is deleted unless its address is proved before. @default never */
  readonly expiresAt?: Date;
}

/** What became of the check of a password. */
export type PasswordCheck =
  | { readonly kind: 'right'; readonly userId: string }
  | { readonly kind: 'credentials-invalid' }
  /** The password was right. */
  | { readonly kind: 'email-unverified' };

/** What became of the order to make a session. */
export type SessionCreation =
  | { readonly kind: 'created'; readonly token: string }
  | { readonly kind: 'banned' }
  /** The account requires more since the gates were asked. */
  | { readonly kind: 'assurance-insufficient' };

/** A session to make, for an account whose gates are passed. */
export interface SessionOrder {
  readonly userId: string;
  readonly method: SignInMethodName;
  readonly userAgent: string;
  readonly address: string;
}

/** Better Auth, behind names of ours. None of its routes is served: it is called in process only. */
export interface Engine {
  /** Looks at a password, and makes nothing. As much is hashed for an address without an account. */
  checkPassword(email: string, password: string): Promise<PasswordCheck>;
  /**
   * Hashes a password that is right anew, if its hash is weaker than those that are made today: it is at hand only at a
   * sign-in. A password that is chosen meanwhile wins. Never rejects: the next sign-in tries again.
   */
  renewOutdatedHash(userId: string, password: string): Promise<void>;
  /** Makes a session in our own records. Call it when no gate asks for more. */
  createSession(order: SessionOrder): Promise<SessionCreation>;
  /**
   * Writes an account and its credential in one transaction, together with what `alongside` writes. That comes first, so
   * that without transactions no account is there which nothing reports. Resolves to its id; rejects with `SP_CONFLICT`
   * when the address has an account.
   */
  createAccount(account: NewAccount, alongside: (userId: string) => Promise<void>): Promise<string>;
  /** The hash of the password of a user; `null` for a user without. */
  findPasswordHash(userId: string): Promise<string | null>;
  /** Replaces the password of a user, or gives one to a user who had none. Joins the transaction it is called in. */
  setPasswordHash(userId: string, passwordHash: string): Promise<void>;
}

/** Starts Better Auth on the tables of identity, with sessions kept in our own records. */
export async function createEngine(options: EngineOptions): Promise<Engine> {
  const { publicUrl, database, sealerFor, hashing, makeSession, logger, now, sessions } = options;
  const sealer = sealerFor('session-token');
  const adapter = withSessionRecords(database.adapter, { sessions, sealer, makeSession, now });
  const auth = betterAuth({
    ...database.schema,
    baseURL: publicUrl,
    basePath: '/auth',
    // Signs only what never leaves this process; a list, so that no variable of the environment can replace it.
    secrets: [{ version: 1, value: sealerFor('better-auth').hash('secret of the engine') }],
    database: () => adapter,
    emailAndPassword: {
      enabled: true,
      autoSignIn: false,
      requireEmailVerification: true,
      // The rules of ours were checked before; at sign-in a password of any length is just right or wrong.
      minPasswordLength: 1,
      maxPasswordLength: 4096,
      password: {
        hash: (password) => hashing.hash(password),
        verify: ({ hash, password }) => hashing.verify(hash, password),
      },
    },
    session: { ...database.schema.session, cookieCache: { enabled: false } },
    rateLimit: { enabled: false },
  });
  const { internalAdapter } = await auth.$context;

  return {
    async checkPassword(email, password) {
      try {
        const found = await internalAdapter.findUserByEmail(email.toLowerCase(), { includeAccounts: true });
        const credential = found?.accounts.find(({ providerId }) => providerId === 'credential');
        if (!found || typeof credential?.password !== 'string') {
          // The time of the answer must not tell whether there is an account.
          await hashing.hash(password);
          return { kind: 'credentials-invalid' };
        }
        const { id: userId, emailVerified, expiresAt } = found.user as typeof found.user & { expiresAt?: Date | null };
        if (!(await hashing.verify(credential.password, password))) return { kind: 'credentials-invalid' };
        if (expiresAt && expiresAt <= now()) return { kind: 'credentials-invalid' };
        if (!emailVerified) return { kind: 'email-unverified' };
        return { kind: 'right', userId };
      } catch (cause) {
        throw toFailure(cause);
      }
    },
    async renewOutdatedHash(userId, password) {
      try {
        const credential = await internalAdapter.findCredentialAccount(userId);
        const outdated = credential?.password;
        if (!credential || typeof outdated !== 'string' || !hashing.isOutdated(outdated)) return;
        const renewed = await hashing.hash(password);
        const count = await database.records.updateMany({
          model: 'account',
          where: [
            { field: 'id', value: credential.id },
            { field: 'password', value: outdated },
          ],
          update: { password: renewed, updatedAt: now() },
        });
        if (count === 1) logger.info('password hash renewed', { event: 'password-hash-renewed' });
      } catch (error) {
        // The person is signed in all the same; the next sign-in tries again.
        logger.warn('password hash stays for now', {
          event: 'password-hash-not-renewed',
          error: error instanceof Error ? error.name : 'unknown',
        });
      }
    },
    async createSession({ userId, method, userAgent, address }) {
      const { acr, amr } = signInMethods[method];
      try {
        const proof = { acr, amr: amr.join(' '), userAgent, ipAddress: address };
        const { token } = await internalAdapter.createSession(userId, false, proof);
        return { kind: 'created', token };
      } catch (error) {
        if (error instanceof AccountDisabledError) return { kind: 'banned' };
        if (error instanceof InsufficientAssuranceError) return { kind: 'assurance-insufficient' };
        throw toFailure(error);
      }
    },
    async createAccount(account, alongside) {
      try {
        return await database.transaction(async () => {
          const { passwordHash, roles, ...rest } = account;
          const id = createRowId();
          await alongside(id);
          const user = await internalAdapter.createUser(
            { ...rest, id, roles: rolesToText(roles), generation: 1, createdAt: now(), updatedAt: now() },
            { method: 'email-password' },
          );
          if (passwordHash !== undefined) {
            await internalAdapter.linkAccount({
              userId: user.id,
              accountId: user.id,
              providerId: 'credential',
              password: passwordHash,
            });
          }
          return user.id;
        });
      } catch (cause) {
        if (isDuplicateRow(cause)) throw new SallyportError('SP_CONFLICT', { cause, reason: 'duplicate' });
        throw toStoreError(cause);
      }
    },
    async findPasswordHash(userId) {
      try {
        return (await internalAdapter.findCredentialAccount(userId))?.password ?? null;
      } catch (cause) {
        throw toStoreError(cause);
      }
    },
    async setPasswordHash(userId, passwordHash) {
      try {
        const credential = await internalAdapter.findCredentialAccount(userId);
        if (credential !== null) await internalAdapter.updateAccount(credential.id, { password: passwordHash });
        else {
          await internalAdapter.linkAccount({
            userId,
            accountId: userId,
            providerId: 'credential',
            password: passwordHash,
          });
        }
      } catch (cause) {
        throw toStoreError(cause);
      }
    },
  };
}

function toFailure(error: unknown): SallyportError {
  return asSallyportError(toStoreError(error), 'engine');
}
