import {
  createLeastRecentlyUsed,
  maximumTokenLength,
  parseCheckedToken,
  parseIntrospectionAnswer,
  SallyportError,
  type IntrospectedToken,
  type Logger,
  type Principal,
  type TokenVerifier,
} from '@sallyport/core';
import type { IntrospectionOptions } from './introspection-options.ts';

export interface TokenIntrospectionParts extends IntrospectionOptions {
  readonly audience: string;
  /** What is asked about. @default 'access-token' */
  readonly about?: 'access-token' | 'api-key';
  /** @default 10000 */
  readonly cacheSize?: number | undefined;
  /** Why a token that is good is refused all the same; `askedAt` is in seconds since 1970. */
  readonly objectTo?: ((principal: Principal, askedAt: number) => SallyportError | undefined) | undefined;
  readonly logger: Logger;
  readonly now?: () => Date;
}

/** What an answer said, and until when it is believed. Times are milliseconds since 1970. */
interface Remembered {
  readonly said: IntrospectedToken;
  readonly askedAt: number;
  readonly goodUntil: number;
}

/** Requests to the gateway at one time; a flood of unknown tokens beyond it is refused, and waits for nothing. */
const maxInFlight = 256;
/** Refusals have a small memory of their own: made-up tokens push out no caller. */
const rememberedRefusals = 1000;
/** After a request that failed, the gateway is left alone for so long. */
const pauseMilliseconds = 500;
const opaquePrefix = 'sp_at_';
const apiKeyPrefix = 'sp_key_';
const compactJws = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;
/** Far more than any answer. */
const maxAnswerLength = 262_144;

/**
 * Builds the check of tokens by asking the gateway (RFC 7662), for a service that stands behind none. Its caller is the
 * one that the internal token of a gateway would name.
 *
 * An answer is remembered for `cacheSeconds`, and never beyond the end of the token; requests with one token ask once. A
 * gateway that does not answer, or does not know this service, is 503 `SP_SERVICE_UNAVAILABLE`: never 401, which would
 * sign users out.
 */
export function createTokenIntrospection(parts: TokenIntrospectionParts): TokenVerifier {
  const { cacheSeconds = 10, cacheSize = 10_000, objectTo, logger, about = 'access-token' } = parts;
  const hasForm = about === 'api-key' ? hasKeyForm : hasTokenForm;
  const now = parts.now ?? (() => new Date());
  const ask = createAsk(parts);
  const callers = createLeastRecentlyUsed<Remembered>(cacheSize);
  const refusals = createLeastRecentlyUsed<Remembered>(rememberedRefusals);
  const asking = new Map<string, Promise<Remembered>>();
  let pausedUntil = 0;

  const find = (token: string): Remembered | undefined => {
    const known = callers.get(token) ?? refusals.get(token);
    const at = now().getTime();
    // A clock that was put back must not make what is remembered young again.
    return known !== undefined && at < known.goodUntil && at >= known.askedAt ? known : undefined;
  };

  const remember = (token: string, said: IntrospectedToken, askedAt: number): Remembered => {
    const end = said.kind === 'active' ? said.expiresAt * 1000 : Infinity;
    const remembered = { said, askedAt, goodUntil: Math.min(askedAt + cacheSeconds * 1000, end) };
    callers.delete(token);
    if (cacheSeconds > 0 && cacheSize > 0) (said.kind === 'active' ? callers : refusals).set(token, remembered);
    return remembered;
  };

  const lookUp = (token: string): Promise<Remembered> => {
    const pending = asking.get(token);
    if (pending !== undefined) return pending;
    const at = now().getTime();
    if (at < pausedUntil || asking.size >= maxInFlight) return Promise.reject(unavailable('introspection-paused'));
    const answer = ask(token)
      .then(
        (said) => remember(token, said, at),
        (error: unknown) => {
          pausedUntil = now().getTime() + pauseMilliseconds;
          const reason = error instanceof SallyportError ? error.reason : 'unknown';
          logger.error('a token could not be looked up at the gateway', { event: 'introspection-failed', reason });
          throw error;
        },
      )
      .finally(() => asking.delete(token));
    asking.set(token, answer);
    return answer;
  };

  const judge = ({ said, askedAt }: Remembered): Principal | SallyportError => {
    if (said.kind === 'inactive') return new SallyportError('SP_TOKEN_INVALID', { reason: 'token-inactive' });
    // The proof of its key is judged at the gateway alone. Without it a thief would present the token here.
    if (said.isBound) return new SallyportError('SP_TOKEN_INVALID', { reason: 'token-bound-to-key' });
    if (now().getTime() >= said.expiresAt * 1000)
      return new SallyportError('SP_TOKEN_EXPIRED', { reason: 'out-of-date' });
    return objectTo?.(said.principal, Math.floor(askedAt / 1000)) ?? said.principal;
  };

  return {
    recall: (token) => {
      const known = find(token);
      const judged = known === undefined ? undefined : judge(known);
      return judged instanceof SallyportError ? undefined : judged;
    },
    verify: async (token) => {
      if (token.length > maximumTokenLength || !hasForm(token))
        throw new SallyportError('SP_TOKEN_INVALID', { reason: 'not-a-token' });
      const judged = judge(find(token) ?? (await lookUp(token)));
      if (judged instanceof SallyportError) throw judged;
      return judged;
    },
    forgetAll: () => {
      callers.clear();
      refusals.clear();
    },
  };
}

/** Asks the gateway. Rejects with `SP_SERVICE_UNAVAILABLE`. */
function createAsk({
  url,
  apiKey,
  audience,
  about,
  timeoutMilliseconds = 2000,
}: TokenIntrospectionParts): (token: string) => Promise<IntrospectedToken> {
  return async (token) => {
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'x-api-key': apiKey, accept: 'application/json' },
        body: new URLSearchParams({ token, ...(about === 'api-key' ? {} : { token_type_hint: 'access_token' }) }),
        // A key is sent to the address that was configured, and to no other.
        redirect: 'error',
        signal: AbortSignal.timeout(timeoutMilliseconds),
      });
      const text = await response.text();
      // 401 and 403 are about the key of this service, and never about the token.
      if (response.status !== 200) throw unavailable(`introspection-answered-${response.status}`);
      if (text.length > maxAnswerLength) throw unavailable('introspection-answer-too-long');
      const said = parseIntrospectionAnswer(JSON.parse(text));
      if (said.kind === 'active' && said.audience !== audience) throw unavailable('introspection-for-another-audience');
      return said;
    } catch (error) {
      if (error instanceof SallyportError) throw error;
      // Its message may hold what was answered.
      throw unavailable(
        error instanceof Error && error.name === 'TimeoutError' ? 'introspection-timeout' : 'introspection-unreadable',
      );
    }
  };
}

/** What is mistyped or made up without knowing the form is asked about nowhere. */
function hasTokenForm(token: string): boolean {
  return token.startsWith(opaquePrefix) ? parseCheckedToken(opaquePrefix, token) !== undefined : compactJws.test(token);
}

function hasKeyForm(key: string): boolean {
  return parseCheckedToken(apiKeyPrefix, key) !== undefined;
}

function unavailable(reason: string): SallyportError {
  return new SallyportError('SP_SERVICE_UNAVAILABLE', { reason });
}
