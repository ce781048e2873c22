import { freezePrincipal, type AuthenticatedCaller, type Authenticator } from '@sallyport/core';

/** An authenticator that knows one opaque access token, and counts how often it was asked. */
export interface StandInOpaqueTokens {
  readonly authenticator: Authenticator;
  readonly token: string;
  readonly counters: () => { readonly 'store reads': number };
}

const form = /^bearer +(sp_at_.*)$/i;

/** Opaque access tokens without a store behind them, recognized as those of identity are. */
export function createStandInOpaqueTokens(): StandInOpaqueTokens {
  const token = `sp_at_${'a'.repeat(89)}`;
  let reads = 0;
  const caller: AuthenticatedCaller = {
    credentialId: 'sign-in.1',
    endedBy: [],
    expiresAt: new Date(Date.now() + 86_400_000),
    principal: freezePrincipal({
      kind: 'user',
      id: '4f9f3c1e-9d0f-4c39-8a43-5a8d6f1f9a10',
      sid: 'Jx3kfM2nQp8rTv5wYz7abA',
      clientId: 'sallyport-first-party',
      roles: ['vendor'],
      permissions: ['product:read', 'product:create', 'product:update'],
      acr: 'pwd',
      amr: ['pwd'],
      authTime: new Date(),
      credential: 'opaque',
      generation: { session: 1, user: 1, policy: 1 },
      profile: { name: 'Ada', email: 'ada@example.com' },
    }),
  };
  return {
    token,
    counters: () => ({ 'store reads': reads }),
    authenticator: {
      kind: 'opaque',
      recognize: ({ header, value }) => (header === 'authorization' ? form.exec(value)?.[1] : undefined),
      authenticate: (presented) => {
        reads += 1;
        return presented === token
          ? { kind: 'authenticated', caller }
          : { kind: 'rejected', code: 'SP_TOKEN_INVALID', reason: 'token-unknown' };
      },
      recheck: () => Promise.resolve(caller),
    },
  };
}
