import { createHash } from 'node:crypto';
import { SallyportError } from '@sallyport/core';
import type { LogoutRegister } from './logout-register.ts';
import type { Sealing } from './sealing.ts';
import { readParts, serializeParts, type ShellCookies } from './shell-cookies.ts';
import { hashOfHandle, parseTokens, serializeTokens, type ShellSession, type ShellTokens } from './shell-session.ts';
import type { RefreshOutcome, TokenClient } from './token-client.ts';
import { isFresh, type TokenStorage } from './token-storage.ts';

export interface CookieStorageOptions {
  readonly cookies: ShellCookies;
  readonly sealing: Sealing;
  readonly register: LogoutRegister;
  readonly client: TokenClient;
  readonly now?: () => number;
}

/** A browser whose answer was lost comes back with the old cookie: this process still knows what it became. */
const rememberedMilliseconds = 60_000;
const maxRemembered = 10_000;

/**
 * Keeps tokens in an encrypted HTTP-only cookie. They are refreshed only where the answer can carry the new cookie. Requests
 * that come together with the same refresh token get the same successor: in this process because they ask once, and in
 * others because the provider replays its answer for ten seconds.
 */
export function createCookieStorage(options: CookieStorageOptions): TokenStorage {
  const { cookies, sealing, register, client, now = Date.now } = options;
  const refresh = shareRefreshes(client, now);

  const write = (session: ShellSession, tokens: ShellTokens): readonly string[] => {
    const sealed = sealing.seal('tokens', serializeTokens(tokens), hashOfHandle(session.handle));
    return serializeParts(cookies, sealed, Math.max(1, Math.floor((session.endsAt - now()) / 1000)));
  };
  const read = (session: ShellSession, header: string | undefined): ShellTokens | undefined => {
    const sealed = readParts(cookies, header);
    return sealed === undefined ? undefined : parseTokens(sealing.open('tokens', sealed, hashOfHandle(session.handle)));
  };
  const isLive = async (session: ShellSession): Promise<boolean> =>
    session.endsAt > now() && !(await register.isEnded(session));

  return {
    begin: async (session, tokens) => write(session, tokens),
    isLive,
    async find(session, { cookies: header, canSetCookies }) {
      const tokens = read(session, header);
      if (tokens === undefined || !(await isLive(session))) return { kind: 'ended' };
      if (isFresh(tokens, now())) return { kind: 'found', tokens, setCookies: [] };
      if (!canSetCookies)
        return tokens.accessTokenEndsAt > now() ? { kind: 'found', tokens, setCookies: [] } : { kind: 'stale' };
      const outcome = await refresh(tokens);
      if (outcome.kind === 'refused') {
        await register.endSession(session);
        return { kind: 'ended' };
      }
      if (outcome.kind === 'refreshed') {
        // It may have been signed out while the provider answered.
        if (!(await isLive(session))) return { kind: 'ended' };
        return { kind: 'found', tokens: outcome.tokens, setCookies: write(session, outcome.tokens) };
      }
      if (tokens.accessTokenEndsAt > now()) return { kind: 'found', tokens, setCookies: [] };
      throw new SallyportError('SP_SERVICE_UNAVAILABLE', { cause: outcome.cause, reason: 'provider-refresh' });
    },
    async end(session, header) {
      await register.endSession(session);
      return read(session, header);
    },
    endAll: (target) => register.end(target),
    clearedCookies: () => serializeParts(cookies, '', 0),
  };
}

function shareRefreshes(client: TokenClient, now: () => number): (tokens: ShellTokens) => Promise<RefreshOutcome> {
  const known = new Map<string, { readonly at: number; readonly outcome: Promise<RefreshOutcome> }>();
  return (tokens) => {
    const key = createHash('sha256')
      .update(tokens.refreshToken ?? '')
      .digest('base64url');
    const at = now();
    const entry = known.get(key);
    if (entry !== undefined && at - entry.at < rememberedMilliseconds) return entry.outcome;
    for (const [old, { at: then }] of known) {
      if (at - then < rememberedMilliseconds && known.size < maxRemembered) break;
      known.delete(old);
    }
    const outcome = client.refresh(tokens);
    known.set(key, { at, outcome });
    // Only what the provider granted is worth remembering: a provider that was down is asked again.
    void outcome.then(({ kind }) => {
      if (kind !== 'refreshed') known.delete(key);
    });
    return outcome;
  };
}
