import type { Logger } from '@sallyport/core';
import type { FindProvider } from './provider-metadata.ts';
import { isRecord, type ShellTokens } from './shell-session.ts';

/** What became of a refresh. */
export type RefreshOutcome =
  | { readonly kind: 'refreshed'; readonly tokens: ShellTokens }
  /** The provider ended the grant: the user signs in again. */
  | { readonly kind: 'refused' }
  /** Not the user's fault, and perhaps over soon: what there is stays as it is. */
  | { readonly kind: 'unavailable'; readonly cause: unknown };

/** Talks to the token endpoint of the provider as this client. */
export interface TokenClient {
  refresh(tokens: ShellTokens): Promise<RefreshOutcome>;
  /** Gives tokens back that no session has. Never rejects: their own lifetime is the second bound. */
  revoke(tokens: ShellTokens): Promise<void>;
}

export interface TokenClientOptions {
  readonly findProvider: FindProvider;
  readonly clientId: string;
  readonly clientSecret: string;
  /** RFC 8707: the resource that the access token is for. */
  readonly resource: string;
  readonly logger: Logger;
  readonly fetch?: typeof fetch;
}

/** Shorter than a lease of the vault, which must not end while an answer is under way. */
const timeoutMilliseconds = 4000;

/** Builds the client: `client_secret_basic`, as RFC 6749, section 2.3.1 spells it. */
export function createTokenClient(options: TokenClientOptions): TokenClient {
  const { findProvider, clientId, clientSecret, resource, logger } = options;
  const send = options.fetch ?? fetch;
  const credentials = Buffer.from(`${formEncoded(clientId)}:${formEncoded(clientSecret)}`).toString('base64');
  const post = (url: string, body: Readonly<Record<string, string>>): Promise<Response> =>
    send(url, {
      method: 'POST',
      headers: { authorization: `Basic ${credentials}`, accept: 'application/json' },
      body: new URLSearchParams(body),
      redirect: 'error',
      cache: 'no-store',
      signal: AbortSignal.timeout(timeoutMilliseconds),
    });

  return {
    async refresh(tokens) {
      const { refreshToken } = tokens;
      if (refreshToken === undefined) return { kind: 'refused' };
      try {
        const { tokenEndpoint } = await findProvider();
        const body = { grant_type: 'refresh_token', refresh_token: refreshToken, resource };
        const response = await post(tokenEndpoint, body);
        const answer: unknown = await response.json();
        if (response.ok) return toRefreshed(answer, tokens);
        const error = isRecord(answer) ? answer['error'] : undefined;
        if (error === 'invalid_grant') return { kind: 'refused' };
        const word = typeof error === 'string' && /^[a-z_]{1,40}$/.test(error) ? error : 'unknown';
        logger.error('The provider refused a token request for another reason than the user', {
          event: 'shell-refresh-refused',
          status: response.status,
          error: word,
        });
        return { kind: 'unavailable', cause: new Error(`the token endpoint answered ${response.status} ${word}`) };
      } catch (cause) {
        return { kind: 'unavailable', cause };
      }
    },
    async revoke({ refreshToken, accessToken }) {
      try {
        const { revocationEndpoint } = await findProvider();
        if (revocationEndpoint === undefined) return;
        const answer = await post(revocationEndpoint, { token: refreshToken ?? accessToken });
        await answer.body?.cancel();
      } catch {
        logger.warn('Tokens without a session could not be revoked', { event: 'shell-revocation-failed' });
      }
    },
  };
}

function toRefreshed(answer: unknown, before: ShellTokens): RefreshOutcome {
  const parsed = parseTokenAnswer(answer);
  if (parsed === undefined) return { kind: 'unavailable', cause: new Error('the token endpoint answered no tokens') };
  // A provider that does not rotate sends none: the one that was used stays good (RFC 6749, section 6).
  return { kind: 'refreshed', tokens: { ...before, ...parsed } };
}

/** Reads an answer of RFC 6749, section 5.1; `undefined` for anything else. */
export function parseTokenAnswer(
  answer: unknown,
  now: number = Date.now(),
): Pick<ShellTokens, 'accessToken' | 'accessTokenEndsAt' | 'refreshToken'> | undefined {
  if (!isRecord(answer)) return undefined;
  const { access_token: accessToken, expires_in: expiresIn, refresh_token: refreshToken } = answer;
  const seconds = Number(expiresIn);
  if (typeof accessToken !== 'string' || accessToken === '' || !(seconds > 0)) return undefined;
  return {
    accessToken,
    accessTokenEndsAt: now + seconds * 1000,
    ...(typeof refreshToken === 'string' && refreshToken !== '' ? { refreshToken } : {}),
  };
}

function formEncoded(text: string): string {
  return new URLSearchParams({ x: text }).toString().slice(2);
}
