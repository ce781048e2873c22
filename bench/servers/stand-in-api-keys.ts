import { freezePrincipal, type AuthenticatedCaller, type Authenticator } from '@sallyport/core';

/** An authenticator that knows one API key, and counts how often it was asked. */
export interface StandInApiKeys {
  readonly authenticator: Authenticator;
  readonly key: string;
  readonly counters: () => { readonly 'store reads': number; readonly 'use writes': number };
}

const form = /^sp_key_[0-9A-Za-z]{38}$/;
const scheme = /^apikey(?: +|$)/i;

/** API keys without a store behind them, recognized as those of identity are. */
export function createStandInApiKeys(): StandInApiKeys {
  const key = `sp_key_${'a'.repeat(38)}`;
  let reads = 0;
  let writes = 0;
  const caller: AuthenticatedCaller = {
    credentialId: 'key_benchmark.1',
    endedBy: [],
    expiresAt: new Date(Date.now() + 86_400_000),
    principal: freezePrincipal({
      kind: 'user',
      id: '4f9f3c1e-9d0f-4c39-8a43-5a8d6f1f9a10',
      clientId: 'key_benchmark',
      roles: [],
      permissions: ['product:read', 'product:create', 'product:update'],
      acr: 'pwd',
      amr: [],
      authTime: new Date(0),
      credential: 'api-key',
      generation: { session: 1, user: 1, policy: 1 },
      profile: { name: 'Ada', email: 'ada@example.com' },
    }),
  };
  return {
    key,
    counters: () => ({ 'store reads': reads, 'use writes': writes }),
    authenticator: {
      kind: 'api-key',
      headers: ['x-api-key'],
      recognize: ({ header, value }) => {
        if (header === 'x-api-key') return form.test(value) ? value : 'malformed';
        if (!scheme.test(value)) return undefined;
        const presented = value.replace(scheme, '');
        return form.test(presented) ? presented : 'malformed';
      },
      authenticate: (presented) => {
        reads += 1;
        return presented === key
          ? { kind: 'authenticated', caller }
          : { kind: 'rejected', code: 'SP_UNAUTHENTICATED', reason: 'key-unknown' };
      },
      recheck: () => Promise.resolve(caller),
      recordUse: () => {
        writes += 1;
        return Promise.resolve();
      },
    },
  };
}
