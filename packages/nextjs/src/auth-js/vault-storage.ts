import { SallyportError } from '@sallyport/core';
import type { LogoutRegister } from './logout-register.ts';
import type { ShellSession, ShellTokens } from './shell-session.ts';
import type { TokenClient } from './token-client.ts';
import { isFresh, type TokensOutcome, type TokenStorage } from './token-storage.ts';
import type { RefreshLease, TokenVault } from './token-vault.ts';

export interface VaultStorageOptions {
  readonly vault: TokenVault;
  readonly register: LogoutRegister;
  readonly client: TokenClient;
  readonly now?: () => number;
}

/** How long a request waits for the refresh that another process has begun: a lease, and one refresh after it. */
const waitMilliseconds = 11_000;
const pollMilliseconds = 40;

/**
 * Keeps tokens in the vault. Any request may refresh, also the one of a server component: no cookie changes. However many
 * requests of however many processes come when a token ends, the provider is asked once.
 */
export function createVaultStorage(options: VaultStorageOptions): TokenStorage {
  const { vault, register, client, now = Date.now } = options;
  const flights = new Map<string, Promise<TokensOutcome>>();

  const refreshAlone = async (lease: RefreshLease, tokens: ShellTokens): Promise<TokensOutcome> => {
    const outcome = await client.refresh(tokens);
    if (outcome.kind === 'refreshed') {
      if (await vault.replace(lease, outcome.tokens)) return found(outcome.tokens);
      // The session ended while the provider answered: it stays ended, and its new tokens go back.
      if ((await vault.read(lease.handle)) === undefined) await client.revoke(outcome.tokens);
      return refreshOnce(lease.handle);
    }
    if (outcome.kind === 'refused') {
      await vault.remove(lease.handle);
      return { kind: 'ended' };
    }
    await vault.release(lease);
    if (tokens.accessTokenEndsAt > now()) return found(tokens);
    throw new SallyportError('SP_SERVICE_UNAVAILABLE', { cause: outcome.cause, reason: 'provider-refresh' });
  };

  const refreshOnce = async (handle: string): Promise<TokensOutcome> => {
    const until = now() + waitMilliseconds;
    for (;;) {
      const entry = await vault.read(handle);
      if (entry === undefined) return { kind: 'ended' };
      const { tokens, version } = entry;
      if (isFresh(tokens, now())) return found(tokens);
      const lease = await vault.lease(handle, version);
      if (lease !== undefined) return refreshAlone(lease, tokens);
      if (now() > until) throw new SallyportError('SP_SERVICE_UNAVAILABLE', { reason: 'refresh-by-another-process' });
      await new Promise((resolve) => setTimeout(resolve, pollMilliseconds * (1 + Math.random())));
    }
  };

  const refreshTogether = (handle: string): Promise<TokensOutcome> => {
    const flying = flights.get(handle);
    if (flying !== undefined) return flying;
    const flight = refreshOnce(handle).finally(() => flights.delete(handle));
    flights.set(handle, flight);
    return flight;
  };

  return {
    async begin(session, tokens) {
      await vault.add(session, tokens);
      // A logout may have come between the answer of the provider and the row.
      if (await register.isEnded(session)) await vault.remove(session.handle);
      return [];
    },
    isLive: async (session) => isWithin(session, now()) && (await vault.read(session.handle)) !== undefined,
    async find(session) {
      if (!isWithin(session, now())) return { kind: 'ended' };
      const entry = await vault.read(session.handle);
      if (entry === undefined) return { kind: 'ended' };
      return isFresh(entry.tokens, now()) ? found(entry.tokens) : refreshTogether(session.handle);
    },
    async end(session) {
      const entry = await vault.read(session.handle);
      await vault.remove(session.handle);
      return entry?.tokens;
    },
    async endAll(target) {
      // First what refuses sign-ins that are under way, then the rows that are there.
      await register.end(target);
      await vault.removeAll(target);
    },
    clearedCookies: () => [],
  };
}

function found(tokens: ShellTokens): TokensOutcome {
  return { kind: 'found', tokens, setCookies: [] };
}

function isWithin({ endsAt }: ShellSession, now: number): boolean {
  return endsAt > now;
}
