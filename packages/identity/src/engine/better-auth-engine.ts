import { APIError } from 'better-auth/api';
import { betterAuth } from 'better-auth';
import {
  isDuplicateRow,
  toStoreError,
  SallyportError,
  type AssuranceLevel,
  type Logger,
  type RequestContext,
  type SealerFor,
} from '@sallyport/core';
import type { PasswordHashing } from '../hashing/password-hashing.ts';
import { rolesToText } from '../accounts/user-table.ts';
import type { IdentityDatabase } from '../database/identity-database.ts';
import { createRowId } from '../database/row-id.ts';
import { AccountIsClosed, MoreProofDemanded } from '../sessions/session-maker.ts';
import { withSessionRecords, type SessionAdapterOptions } from './session-adapter.ts';
import { waysIn } from './ways-in.ts';

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
}

/** What became of a sign-in with a password. */
export type PasswordSignIn =
  | { readonly kind: 'signed-in'; readonly token: string; readonly userId: string }
  | { readonly kind: 'credentials-invalid' }
  /** The password was right, and the account demands more. There is no session. */
  | {
      readonly kind: 'more-demanded';
      readonly userId: string;
      readonly acr: AssuranceLevel;
      readonly amr: readonly string[];
    }
  /** The password was right. */
  | { readonly kind: 'email-unverified' }
  /** The password was right. */
  | { readonly kind: 'banned' };

/** Better Auth, behind names of ours. None of its routes is served: it is called in process only. */
export interface Engine {
  signInWithPassword(
    email: string,
    password: string,
    context: RequestContext,
    userAgent: string,
  ): Promise<PasswordSignIn>;
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

const addressHeader = 'x-sallyport-client-address';

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
    databaseHooks: {
      session: {
        create: {
          before: async (session, context) => {
            const wayIn = context === null ? undefined : waysIn[context.path];
            if (wayIn === undefined)
              throw new TypeError('a session was about to be made by a way in that nobody stamped');
            const { acr, amr } = wayIn;
            const address = context?.headers?.get(addressHeader) ?? '';
            return { data: { ...session, acr, amr: amr.join(' '), ipAddress: address } };
          },
        },
      },
    },
  });
  const { internalAdapter } = await auth.$context;

  /** The password was right, and is at hand only now. Whoever chooses a new one meanwhile wins. */
  const renewOutdatedHash = async (userId: string, password: string): Promise<void> => {
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
      if (count === 1) logger.info('password hash renewed');
    } catch (error) {
      // The person is signed in all the same; the next sign-in tries again.
      logger.warn('password hash stays for now', { error: error instanceof Error ? error.name : 'unknown' });
    }
  };

  return {
    async signInWithPassword(email, password, context, userAgent) {
      const headers = new Headers({ 'user-agent': userAgent, [addressHeader]: context.clientAddress });
      try {
        const { token, user } = await auth.api.signInEmail({ body: { email, password }, headers });
        await renewOutdatedHash(user.id, password);
        return { kind: 'signed-in', token, userId: user.id };
      } catch (error) {
        return toRefusal(error);
      }
    },
    async createAccount(account, alongside) {
      try {
        return await database.transaction(async () => {
          const { passwordHash, roles, ...rest } = account;
          const id = createRowId();
          await alongside(id);
          const user = await internalAdapter.createUser(
            { ...rest, id, roles: rolesToText(roles), generation: 1 },
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

function toRefusal(error: unknown): PasswordSignIn {
  if (error instanceof AccountIsClosed) return { kind: 'banned' };
  if (error instanceof MoreProofDemanded) {
    const { userId, acr, amr } = error;
    return { kind: 'more-demanded', userId, acr, amr };
  }
  const code = error instanceof APIError ? error.body?.code : undefined;
  if (code === 'INVALID_EMAIL_OR_PASSWORD') return { kind: 'credentials-invalid' };
  if (code === 'EMAIL_NOT_VERIFIED') return { kind: 'email-unverified' };
  const known = toStoreError(error);
  throw known instanceof SallyportError ? known : new SallyportError('SP_INTERNAL', { cause: error, reason: 'engine' });
}
