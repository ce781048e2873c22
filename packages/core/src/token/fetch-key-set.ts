import type { JsonWebKeySet } from './json-web-keys.ts';
import { parseKeySet } from './parse-key-set.ts';
import { readBytesWithin } from '../limits/read-bytes-within.ts';

/** Keys as an endpoint answered them. */
export interface FetchedKeys {
  readonly keys: JsonWebKeySet;
  /** How long the endpoint lets them be kept. */
  readonly maxAgeSeconds: number | undefined;
}

/** The largest key set that is read. */
const maximumKeySetBytes = 262_144;

const rightAddress =
  'Keys are at <internalUrl>/internal/.well-known/jwks.json, on the internal listener of the gateway.';

/**
 * Fetches a key set.
 *
 * @throws Error whose message says what happened and what to do about it, for the log of the service.
 */
export async function fetchKeySet(
  fetchKeys: typeof fetch,
  url: string,
  timeoutMilliseconds: number,
): Promise<FetchedKeys> {
  try {
    const response = await fetchKeys(url, { redirect: 'manual', signal: AbortSignal.timeout(timeoutMilliseconds) });
    if (!response.ok) {
      await response.body?.cancel();
      throw new UnusableAnswer(`it answered ${response.status}. ${rightAddress}`);
    }
    const bytes = await readBytesWithin(response.body, maximumKeySetBytes);
    if (bytes === undefined) throw new UnusableAnswer(`its answer is too large. ${rightAddress}`);
    const parsed = parseKeySet(bytes.toString('utf8'));
    if ('refusal' in parsed) throw new UnusableAnswer(`its answer ${parsed.refusal}. ${rightAddress}`);
    return { keys: parsed.keys, maxAgeSeconds: maxAgeOf(response.headers.get('cache-control')) };
  } catch (cause) {
    const { origin, pathname } = new URL(url);
    throw new Error(
      `the signing keys cannot be fetched from ${origin}${pathname}: ${explain(cause, timeoutMilliseconds)}`,
      {
        cause,
      },
    );
  }
}

/** An answer that came and is of no use. */
class UnusableAnswer extends Error {}

/** "fetch failed" is all that `fetch` says; what happened is in its cause. */
function explain(error: unknown, timeoutMilliseconds: number): string {
  if (error instanceof UnusableAnswer) return error.message;
  if (error instanceof Error && error.name === 'TimeoutError')
    return `there was no answer within ${timeoutMilliseconds} ms. Look whether the address can be reached from here.`;
  const code = codeOf(error);
  if (code === 'ECONNREFUSED' || code === 'ECONNRESET' || code === 'UND_ERR_SOCKET')
    return `the connection was refused or cut (${code}). Start the gateway; its line "gateway ready" names the internal port.`;
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `the name of the host is not known here (${code}).`;
  if (/CERT|SIGNATURE|ISSUER|ERR_TLS|ERR_SSL|EPROTO/.test(code))
    return `TLS failed (${code}). Give Node the authority of the gateway with NODE_EXTRA_CA_CERTS, and see that the address has the scheme and the name of its certificate.`;
  return code === '' ? 'the request failed.' : `the request failed (${code}).`;
}

function codeOf(error: unknown): string {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ('code' in cause && typeof cause.code === 'string') return cause.code;
    // Several addresses of one host were tried.
    if (cause instanceof AggregateError && cause.errors.length > 0) return codeOf(cause.errors[0]);
  }
  return '';
}

/** @see {@link https://www.rfc-editor.org/rfc/rfc9111#section-5.2.2.1 RFC 9111, section 5.2.2.1} */
function maxAgeOf(cacheControl: string | null): number | undefined {
  const [, seconds] = /(?:^|[\s,])max-age=(\d{1,9})(?:$|[\s,])/i.exec(cacheControl ?? '') ?? [];
  return seconds === undefined ? undefined : Number(seconds);
}
