import { createAccessTokenMemory } from './access-token.ts';
import { ClientError, hasCode, ownError } from './client-error.ts';
import type { ParsedOptions } from './client-options.ts';
import { refresh } from './refresh.ts';
import { createSignInStatus, type SignInStatus } from './sign-in-status.ts';
import { startStopwatch, type Stopwatch } from './stopwatch.ts';
import { createStoredRefreshToken } from './stored-refresh-token.ts';
import { openTabNews } from './tab-news.ts';
import { toClientError, type AskTokenEndpoint, type Tokens } from './token-endpoint.ts';

/** Keeps the tokens of one sign-in. */
export interface TokenKeeper extends Pick<SignInStatus, 'subscribe'> {
  readonly status: SignInStatus['current'];
  /** Looks whether there is a sign-in in the storage. */
  restore(): Promise<'signed-in' | 'signed-out'>;
  /** An access token that is good for a while, and not the one that the gateway refused. */
  accessToken(refused?: string): Promise<string>;
  /** Takes the tokens of a new sign-in, which were asked for when the stopwatch was started. Ends the one before it. */
  begin(tokens: Tokens, elapsed: Stopwatch): Promise<void>;
  /** Signs out, here and in other tabs at once, then at the gateway. */
  end(): Promise<void>;
  close(): void;
}

/** After a failure, how long calls are not another attempt: at least this, and what the gateway says up to the other. */
const restSeconds = { least: 1, most: 60 };

/**
 * Builds it.
 *
 * One refresh at a time: within this client by one promise, between tabs and processes by `exclusively` of the storage. The
 * successor is stored before it is used. A failure that is not `invalid_grant` of the gateway changes nothing.
 */
export function createTokenKeeper(
  { storage, refreshTimeoutMilliseconds }: Pick<ParsedOptions, 'storage' | 'refreshTimeoutMilliseconds'>,
  ask: AskTokenEndpoint,
): TokenKeeper {
  const status = createSignInStatus();
  const access = createAccessTokenMemory();
  const stored = createStoredRefreshToken(storage);
  /** The refresh token that this client wrote or presented last. */
  let known: string | undefined;
  /** Grows with each sign-out: a refresh that was under way brings nothing back. */
  let signOuts = 0;
  let isSigningOut = false;
  let renewal: Promise<string> | undefined;
  let rest: { readonly error: ClientError; readonly seconds: number; readonly elapsed: Stopwatch } | undefined;

  const hold = (token: string, expiresInMilliseconds: number, elapsed: Stopwatch): void => {
    access.put(token, expiresInMilliseconds, elapsed);
    rest = undefined;
    status.change({ status: 'signed-in' });
  };
  const forget = (reason: 'signed-out' | 'ended'): void => {
    access.drop();
    known = undefined;
    rest = undefined;
    signOuts++;
    status.change({ status: 'signed-out', reason });
  };
  const tabs = openTabNews(storage, (message) => {
    if (message.kind === 'signed-out') return forget(message.reason);
    // While this tab signs out, it hears of the refresh that its sign-out waits for.
    if (isSigningOut) return;
    hold(message.accessToken, message.remainingMilliseconds, startStopwatch());
    void stored.read().then(
      (token) => {
        known = token;
      },
      () => undefined,
    );
  });

  const take = async (tokens: Tokens, elapsed: Stopwatch, instead: string | undefined): Promise<void> => {
    try {
      await stored.write(tokens.refreshToken, instead);
    } finally {
      const { accessToken, expiresInMilliseconds } = tokens;
      known = tokens.refreshToken;
      hold(accessToken, expiresInMilliseconds, elapsed);
      tabs.post({ kind: 'access-token', accessToken, remainingMilliseconds: access.remainingMilliseconds() });
    }
  };

  const renew = async (refused: string | undefined): Promise<string> => {
    const signOutsBefore = signOuts;
    for (;;) {
      const token = await stored.read();
      if (token === undefined) {
        forget('signed-out');
        throw ownError('SP_CLIENT_SIGNED_OUT');
      }
      // Another tab refreshed while this one waited for its turn: the access token that it posted is on the way.
      if (tabs.hasOthers && known !== undefined && known !== token && access.usable(refused, true) === undefined)
        await tabs.next();
      known = token;
      const told = access.usable(refused, true);
      if (told !== undefined) return told;
      const elapsed = startStopwatch();
      const outcome = await refresh(ask, token, refreshTimeoutMilliseconds);
      if (signOuts !== signOutsBefore) throw ownError('SP_CLIENT_SIGNED_OUT');
      if (outcome.kind === 'refreshed') {
        await take(outcome.tokens, elapsed, token);
        return outcome.tokens.accessToken;
      }
      // Where nothing keeps tabs apart, another one may have refreshed meanwhile: then there is another token to present.
      if ((await stored.read()) !== token) continue;
      forget('ended');
      tabs.post({ kind: 'signed-out', reason: 'ended' });
      await stored.remove();
      throw ownError('SP_CLIENT_SIGNED_OUT', 'the sign-in has ended');
    }
  };

  /** A storage that fails keeps no sign-in from being ended at the gateway. */
  const removeStored = async (
    last: string | undefined,
  ): Promise<{ readonly token: string | undefined; readonly failure: Error | undefined }> => {
    const token = (await stored.read().catch(() => undefined)) ?? last;
    const failure = await stored.remove().then(
      () => undefined,
      (error: Error) => error,
    );
    tabs.post({ kind: 'signed-out', reason: 'signed-out' });
    return { token, failure };
  };

  const renewOnce = async (refused: string | undefined): Promise<string> => {
    if (rest !== undefined && rest.elapsed() < rest.seconds * 1000) throw rest.error;
    renewal ??= stored
      .exclusively(() => renew(refused))
      .finally(() => {
        renewal = undefined;
      });
    return renewal;
  };

  return {
    get status() {
      return status.current;
    },
    subscribe: (listener) => status.subscribe(listener),
    async restore() {
      const isSignedIn = access.usable(undefined, false) !== undefined || (await stored.read()) !== undefined;
      status.change(isSignedIn ? { status: 'signed-in' } : { status: 'signed-out', reason: 'signed-out' });
      return isSignedIn ? 'signed-in' : 'signed-out';
    },
    async accessToken(refused) {
      if (status.current === 'signed-out') throw ownError('SP_CLIENT_SIGNED_OUT');
      const good = access.usable(refused, true);
      if (good !== undefined) return good;
      try {
        return await renewOnce(refused);
      } catch (error) {
        if (!(error instanceof ClientError) || !hasCode(error, 'SP_CLIENT_UNAVAILABLE')) throw error;
        const seconds = Math.min(restSeconds.most, Math.max(restSeconds.least, error.retryAfterSeconds ?? 0));
        if (rest?.error !== error) rest = { error, seconds, elapsed: startStopwatch() };
        // The gateway is away, and the token is good for some seconds yet.
        const last = access.usable(refused, false);
        if (last === undefined) throw error;
        return last;
      }
    },
    async begin(tokens, elapsed) {
      const previous = await stored.exclusively(async () => {
        const token = await stored.read();
        await take(tokens, elapsed, token);
        return token;
      });
      // No program can use that sign-in any more, and it would stay in the owner's list of devices.
      if (previous !== undefined) await ask('/token/revoke', { refresh_token: previous }).catch(() => undefined);
    },
    async end() {
      const last = known;
      forget('signed-out');
      isSigningOut = true;
      try {
        const { token, failure } = await stored.exclusively(() => removeStored(last));
        const reply = token === undefined ? undefined : await ask('/token/revoke', { refresh_token: token });
        if (reply !== undefined && reply.status !== 200) throw toClientError(reply);
        if (failure !== undefined) throw failure;
      } finally {
        isSigningOut = false;
      }
    },
    close: () => tabs.close(),
  };
}
