import { randomBytes, randomUUID } from 'node:crypto';
import { freezePrincipal, type AuthenticatedCaller, type Authenticator, type Principal } from '@sallyport/core';

/** API keys in memory, in the header `x-test-key`, behind the port of a feature. Can be made to wait or fail. */
export interface TestKeys {
  readonly authenticator: Authenticator;
  /** Adds a key and returns it. */
  add(change?: Partial<Principal>, more?: Partial<Omit<AuthenticatedCaller, 'principal'>>): string;
  idOf(key: string): string;
  remove(key: string): void;
  /** Changes who presents the key, as its next reader finds it. */
  change(key: string, principal: Partial<Principal>): void;
  /** Called at the start of each read, after the answer was looked up. */
  beforeAnswer: () => Promise<void>;
  readonly reads: number;
  /** The handles of credentials whose use was recorded. */
  readonly uses: readonly string[];
}

const form = /^test_[a-f0-9]+$/;

/** Builds an empty set of keys. */
export function createTestKeys(now: () => Date = () => new Date()): TestKeys {
  const byKey = new Map<string, AuthenticatedCaller>();
  const uses: string[] = [];
  let reads = 0;
  const answer = async <T>(found: T): Promise<T> => {
    reads++;
    await keys.beforeAnswer();
    return found;
  };
  const callerOf = (key: string): AuthenticatedCaller => {
    const caller = byKey.get(key);
    if (caller === undefined) throw new TypeError('there is no such key');
    return caller;
  };

  const keys: TestKeys = {
    authenticator: {
      kind: 'api-key',
      headers: ['x-test-key'],
      recognize: ({ header, value }) => (header === 'x-test-key' && form.test(value) ? value : undefined),
      authenticate: async (key) => {
        const caller = await answer(byKey.get(key));
        return caller === undefined
          ? { kind: 'rejected', code: 'SP_UNAUTHENTICATED', reason: 'key-unknown' }
          : { kind: 'authenticated', caller };
      },
      recheck: (id) => answer([...byKey.values()].find(({ credentialId }) => credentialId === id) ?? null),
      recordUse: async (id) => void uses.push(id),
    },
    add: (change = {}, more = {}) => {
      const key = `test_${randomBytes(16).toString('hex')}`;
      const credentialId = randomUUID();
      const principal = {
        kind: 'user',
        id: 'alice',
        clientId: credentialId,
        roles: ['user'],
        permissions: ['product:read'],
        acr: 'pwd',
        amr: ['key'],
        authTime: now(),
        credential: 'api-key',
        generation: { session: 1, user: 1, policy: 1 },
        ...change,
      } as const;
      byKey.set(key, { principal, credentialId, endedBy: [], ...more });
      return key;
    },
    idOf: (key) => callerOf(key).credentialId,
    remove: (key) => void byKey.delete(key),
    change: (key, principal) => {
      const caller = callerOf(key);
      byKey.set(key, { ...caller, principal: freezePrincipal({ ...caller.principal, ...principal }) });
    },
    beforeAnswer: async () => {},
    uses,
    get reads() {
      return reads;
    },
  };
  return keys;
}
