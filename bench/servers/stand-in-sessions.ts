import { randomBytes } from 'node:crypto';
import { freezePrincipal, type InvalidationBus, type LiveSession, type SessionDirectory } from '@sallyport/core';

/** A directory that knows one session, and counts how often it was asked. */
export interface StandInSessions {
  readonly directory: SessionDirectory;
  readonly token: string;
  readonly counters: () => { readonly 'store reads': number; readonly 'activity writes': number };
}

const twelveHours = 12 * 60 * 60;

/** Sessions without a store behind them: what is measured is the gateway, not a database. */
export function createStandInSessions(): StandInSessions {
  const token = randomBytes(32).toString('base64url');
  const sid = 'ses_benchmark';
  let reads = 0;
  let writes = 0;
  const now = Date.now();
  const session: LiveSession = {
    principal: freezePrincipal({
      kind: 'user',
      id: '4f9f3c1e-9d0f-4c39-8a43-5a8d6f1f9a10',
      sid,
      roles: ['vendor'],
      permissions: ['product:read', 'product:create', 'product:update'],
      acr: 'pwd',
      amr: ['pwd'],
      authTime: new Date(now),
      credential: 'session',
      generation: { session: 1, user: 1, policy: 1 },
      profile: { name: 'Ada', email: 'ada@example.com' },
    }),
    idleExpiresAt: new Date(now + twelveHours * 1000),
    absoluteExpiresAt: new Date(now + 14 * twelveHours * 1000),
    idleSeconds: twelveHours,
  };
  const read = (isKnown: boolean): Promise<LiveSession | null> => {
    reads += 1;
    return Promise.resolve(isKnown ? session : null);
  };

  return {
    token,
    counters: () => ({ 'store reads': reads, 'activity writes': writes }),
    directory: {
      byToken: (presented) => read(presented === token),
      bySid: (asked) => read(asked === sid),
      recordActivity: () => {
        writes += 1;
        return Promise.resolve();
      },
    },
  };
}

/** A bus on which nothing ever happens. */
export const silentBus: InvalidationBus = {
  publish: () => Promise.resolve(),
  subscribe: () => () => {},
  isConnected: () => true,
};
