import { getCurrentAdapter, runWithTransaction } from '@better-auth/core/context';
import type { DBAdapter } from '@better-auth/core/db/adapter';
import {
  assuranceLevels,
  isSessionLive,
  type AssuranceLevel,
  type Sealer,
  type SessionRecord,
  type SessionStore,
} from '@sallyport/core';
import type { MakeSession } from '../sessions/session-maker.ts';

export interface SessionAdapterOptions {
  readonly sessions: SessionStore;
  /** For the purpose `session-token`. */
  readonly sealer: Sealer;
  readonly makeSession: MakeSession;
  readonly now: () => Date;
}

/** What Better Auth hands to its storage at a sign-in, after its proof was stamped. */
interface NewSession {
  readonly token: string;
  readonly userId: string;
  readonly ipAddress?: string | null;
  readonly userAgent?: string | null;
  readonly acr: AssuranceLevel;
  readonly amr: string;
}

type SessionAdapter = Omit<DBAdapter, 'transaction'>;
type Query = Parameters<DBAdapter['findOne']>[0];

/**
 * Puts Better Auth's `session` model onto our session records: its own table stays empty, and the token is nowhere at
 * rest. Only what signing in needs is served; any other use of the model is a mistake in our code and throws.
 */
export function withSessionRecords(adapter: DBAdapter, options: SessionAdapterOptions): DBAdapter {
  return {
    ...overlay(adapter, options),
    transaction: async (work) => {
      // Through the context, so that the session store joins: past it, it would wait for the connection for ever.
      const result = await runWithTransaction(adapter, async () =>
        work(overlay(await getCurrentAdapter(adapter), options)),
      );
      return result;
    },
  };
}

function overlay(adapter: SessionAdapter, options: SessionAdapterOptions): SessionAdapter {
  const isSession = ({ model }: { readonly model: string }): boolean => model === 'session';
  return {
    ...adapter,
    create: async <T extends Record<string, unknown>, R = T>(query: Parameters<typeof adapter.create<T, R>>[0]) =>
      isSession(query)
        ? // Better Auth declares what it creates as what it gets back.
          ((await createRecord(query.data as unknown as NewSession, options)) as R)
        : adapter.create<T, R>(query),
    findOne: async <T>(query: Query) =>
      isSession(query) ? ((await findRecord(query, adapter, options)) as T | null) : adapter.findOne<T>(query),
    findMany: (query) => (isSession(query) ? refuse('findMany') : adapter.findMany(query)),
    count: (query) => (isSession(query) ? refuse('count') : adapter.count(query)),
    update: (query) => (isSession(query) ? refuse('update') : adapter.update(query)),
    updateMany: (query) => (isSession(query) ? refuse('updateMany') : adapter.updateMany(query)),
    delete: (query) => (isSession(query) ? refuse('delete') : adapter.delete(query)),
    deleteMany: (query) => (isSession(query) ? refuse('deleteMany') : adapter.deleteMany(query)),
    consumeOne: (query) => (isSession(query) ? refuse('consumeOne') : adapter.consumeOne(query)),
    incrementOne: (query) => (isSession(query) ? refuse('incrementOne') : adapter.incrementOne(query)),
  };
}

async function createRecord(session: NewSession, { makeSession }: SessionAdapterOptions): Promise<object> {
  const { token, userId, acr, amr, userAgent, ipAddress } = session;
  // Better Auth makes sessions for methods of its own, too, and those are stamped by nothing of ours.
  if (!assuranceLevels.includes(acr) || !amr)
    throw new TypeError('a session was about to be made by a sign-in method that says nothing of its proof');
  const record = await makeSession({
    token,
    userId,
    acr,
    amr: amr.split(' '),
    userAgent: userAgent ?? '',
    address: ipAddress ?? '',
  });
  return toBetterAuthSession(record, token);
}

async function findRecord(
  query: Query,
  adapter: SessionAdapter,
  options: SessionAdapterOptions,
): Promise<object | null> {
  const [condition, ...others] = query.where;
  if (condition?.field !== 'token' || typeof condition.value !== 'string' || others.length > 0)
    return refuse('findOne');
  const token = condition.value;
  const record = await options.sessions.findByTokenHash(options.sealer.hashes(token));
  if (record === null || !isSessionLive(record, options.now())) return null;
  const session = toBetterAuthSession(record, token);
  if (query.join === undefined) return session;
  const user = await adapter.findOne<object>({ model: 'user', where: [{ field: 'id', value: record.subject }] });
  return { ...session, user };
}

function toBetterAuthSession(record: SessionRecord, token: string): object {
  return {
    id: record.sid,
    token,
    userId: record.subject,
    expiresAt: record.absoluteExpiresAt,
    createdAt: record.createdAt,
    updatedAt: record.lastActiveAt,
    ipAddress: record.device.address,
    userAgent: record.device.userAgent,
    acr: record.acr,
    amr: record.amr.join(' '),
    authTime: record.authTime,
  };
}

function refuse(method: string): never {
  throw new TypeError(
    `Better Auth must not reach sessions through ${method}: they end and change through our own store`,
  );
}
