import { exitCodes, UsageError } from '@sallyport/core';
import { withFileLock } from './file-lock.ts';
import type { KeptSignIn, KeptSignIns } from './kept-sign-in.ts';
import { discoverServer, postForm } from './oauth-server.ts';
import { toKeptSignIn } from './token-answer.ts';

/** An access token that ends sooner is refreshed before it is used. */
const leastMilliseconds = 60_000;

/**
 * The sign-in at a gateway, with an access token that is good for a minute at least. It is refreshed under a lock: the refresh
 * token works once, and gives the next.
 *
 * @param mode `checked` refreshes in any case, which is how the gateway is asked whether the sign-in goes on.
 * @throws UsageError where there is none, or the gateway has ended it: its file is deleted then.
 */
export async function readCurrentSignIn(
  kept: KeptSignIns,
  url: string,
  mode: 'usable' | 'checked',
): Promise<KeptSignIn> {
  const found = requireSignIn(kept, url);
  if (mode === 'usable' && isUsable(found)) return found;
  return withFileLock(kept.lockOf(url), async () => {
    // Another shell may have refreshed it, or signed out, while this one waited.
    const current = requireSignIn(kept, url);
    const isRefreshed = current.accessToken !== found.accessToken;
    return isRefreshed && isUsable(current) ? current : refresh(kept, current);
  });
}

async function refresh(kept: KeptSignIns, { url, clientId, refreshToken }: KeptSignIn): Promise<KeptSignIn> {
  if (refreshToken === undefined) throw over(kept, url);
  const { tokenEndpoint } = await discoverServer(url);
  const form = { grant_type: 'refresh_token', refresh_token: refreshToken, client_id: clientId };
  const reply = await postForm(url, tokenEndpoint, form);
  if (reply.kind === 'refused') {
    if (reply.error === 'invalid_grant' || reply.error === 'invalid_client') throw over(kept, url);
    throw new UsageError(`The gateway refused: ${reply.error}.`, exitCodes.refused);
  }
  const next = toKeptSignIn(reply.body, { url, clientId, refreshToken });
  kept.write(next);
  return next;
}

function requireSignIn(kept: KeptSignIns, url: string): KeptSignIn {
  const found = kept.read(url);
  if (found === undefined)
    throw new UsageError(`Not signed in at ${url}. Run: sallyport login --url ${url}`, exitCodes.refused);
  return found;
}

function isUsable({ expiresAt }: KeptSignIn): boolean {
  return expiresAt - Date.now() > leastMilliseconds;
}

function over(kept: KeptSignIns, url: string): UsageError {
  kept.remove(url);
  return new UsageError(`The sign-in at ${url} is over. Run: sallyport login --url ${url}`, exitCodes.refused);
}
