import { randomBytes, randomUUID } from 'node:crypto';
import {
  freezePrincipal,
  type BusMessage,
  type InvalidationBus,
  type LiveSession,
  type RevocationKind,
  type SessionDirectory,
} from '@sallyport/core';

/**
 * A directory of sessions in memory that counts what it is asked, and can be made to wait or fail. Like a store it finds
 * no session that has expired, and moves the idle expiry with activity.
 */
export interface TestSessions extends SessionDirectory {
  /** Adds a session and returns its token. */
  add(change?: Partial<LiveSession['principal']>, times?: Partial<Omit<LiveSession, 'principal'>>): string;
  sidOf(token: string): string;
  remove(token: string): void;
  /** Changes who the session belongs to, as its next reader finds it. */
  change(token: string, principal: Partial<LiveSession['principal']>): void;
  /** Called at the start of each read, after the answer was looked up: what a slow store would have read. */
  beforeAnswer: () => Promise<void>;
  readonly reads: number;
  readonly activity: { readonly sid: string; readonly at: Date }[];
}

const hour = 3_600_000;

/** Builds an empty directory. */
export function createTestSessions(now: () => Date = () => new Date()): TestSessions {
  const byToken = new Map<string, LiveSession>();
  const activity: { sid: string; at: Date }[] = [];
  let reads = 0;
  const unlessExpired = (session: LiveSession | undefined): LiveSession | null =>
    session !== undefined && now() < session.idleExpiresAt && now() < session.absoluteExpiresAt ? session : null;
  const move = (token: string, session: LiveSession, at: Date): void => {
    const idleExpiresAt = at.getTime() + session.idleSeconds * 1000;
    byToken.set(token, {
      ...session,
      idleExpiresAt: new Date(Math.min(idleExpiresAt, session.absoluteExpiresAt.getTime())),
    });
  };
  const directory: TestSessions = {
    add: (change = {}, times = {}) => {
      const token = randomBytes(32).toString('base64url');
      const principal = freezePrincipal({
        kind: 'user' as const,
        id: 'alice',
        sid: randomUUID(),
        roles: ['user'],
        permissions: ['product:read', 'user:read'],
        acr: 'pwd' as const,
        amr: ['pwd'],
        authTime: now(),
        credential: 'session' as const,
        generation: { session: 1, user: 1, policy: 1 },
        profile: { name: 'Alice Example', email: 'alice@example.test' },
        ...change,
      });
      byToken.set(token, {
        principal,
        idleExpiresAt: new Date(now().getTime() + hour),
        absoluteExpiresAt: new Date(now().getTime() + 24 * hour),
        idleSeconds: 3600,
        ...times,
      });
      return token;
    },
    sidOf: (token) => byToken.get(token)?.principal.sid ?? '',
    remove: (token) => void byToken.delete(token),
    change: (token, principal) => {
      const session = byToken.get(token);
      if (session === undefined) throw new TypeError('there is no such session');
      byToken.set(token, { ...session, principal: freezePrincipal({ ...session.principal, ...principal }) });
    },
    beforeAnswer: async () => {},
    byToken: async (token) => {
      reads++;
      const found = unlessExpired(byToken.get(token));
      await directory.beforeAnswer();
      return found;
    },
    bySid: async (sid) => {
      reads++;
      const found = unlessExpired([...byToken.values()].find((session) => session.principal.sid === sid));
      await directory.beforeAnswer();
      return found;
    },
    recordActivity: async (sid, at) => {
      activity.push({ sid, at });
      for (const [token, session] of byToken) if (session.principal.sid === sid) move(token, session, at);
    },
    get reads() {
      return reads;
    },
    activity,
  };
  return directory;
}

/** A bus within the process, with a short way to say that something ended. */
export interface TestBus extends InvalidationBus {
  revoke(kind: RevocationKind, id: string, minGeneration?: number): Promise<void>;
  gap(): void;
  /** Says whether the bus is connected; it is until it is told otherwise. */
  connected: boolean;
}

/** Builds a bus. */
export function createTestBus(): TestBus {
  const listeners = new Set<(message: BusMessage) => void>();
  let seq = 0;
  const bus: TestBus = {
    publish: async (event) => {
      for (const listener of listeners) listener({ kind: 'revocation', event: { ...event, seq: ++seq } });
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    revoke: (kind, id, minGeneration = 2) =>
      bus.publish({ kind, id, minGeneration, at: new Date(), reason: 'signed-out' }),
    gap: () => {
      for (const listener of listeners) listener({ kind: 'gap' });
    },
    connected: true,
    outageSeconds: 2.5,
    isConnected: () => bus.connected,
  };
  return bus;
}
