import { readBytesWithin, SallyportError, withTimeout } from '@sallyport/core';
import { isBearerToken, type ResolvedOpaOptions } from './opa-options.ts';

/** Far more than any decision. */
const maxAnswerBytes = 65_536;

/**
 * Asks a rule of OPA and resolves to what it answered, as JSON. One request for each question: OPA has no others for several
 * decisions at once. A redirect is no answer, and nothing is asked twice.
 *
 * @returns the whole answer; whether it is a decision is for the caller to say.
 * @throws SallyportError `SP_SERVICE_UNAVAILABLE` whatever else happens, with a reason for the log, and the reason of `signal`
 *   when the caller gives up.
 * @see {@link https://www.openpolicyagent.org/docs/rest-api#get-a-document-with-input OPA, Data API}
 */
export async function askOpa(
  { address, token, timeoutMilliseconds }: ResolvedOpaOptions,
  input: object,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  const body = toJson({ input });
  const timeout = AbortSignal.timeout(timeoutMilliseconds);
  try {
    const authorization = await authorizationOf(token, timeoutMilliseconds);
    const response = await fetch(address, {
      method: 'POST',
      headers: { accept: 'application/json', 'content-type': 'application/json', ...authorization },
      body,
      redirect: 'manual',
      cache: 'no-store',
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    });
    if (response.status !== 200) {
      await response.body?.cancel();
      throw unavailable('opa-refused', `OPA answered ${response.status}`);
    }
    const bytes = await readBytesWithin(response.body, maxAnswerBytes);
    if (bytes === undefined) throw unavailable('opa-unreadable', 'the answer of OPA is too large');
    return JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    if (signal?.aborted === true) throw cause;
    if (cause instanceof SallyportError) throw cause;
    if (cause instanceof SyntaxError) throw unavailable('opa-unreadable', 'the answer of OPA is no JSON', cause);
    throw timeout.aborted
      ? unavailable('opa-timeout', `OPA did not answer within ${timeoutMilliseconds} ms`, cause)
      : unavailable('opa-unreachable', 'OPA does not answer', cause);
  }
}

/**
 * A database may give whole numbers as bigints. What a number of JSON cannot hold, such as a larger one, or a record that contains
 * itself, is a mistake of the service: to come again would not help.
 */
function toJson(value: object): string {
  try {
    return JSON.stringify(value, (_, member: unknown) => (typeof member === 'bigint' ? toNumber(member) : member));
  } catch (cause) {
    throw new SallyportError('SP_INTERNAL', { reason: 'opa-record-unwritable', cause });
  }
}

function toNumber(value: bigint): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new RangeError('a whole number of the record is too large for JSON');
  return number;
}

/** There is no decision: 503, which asks to come again. A no would be 403. */
export function unavailable(reason: string, message: string, cause?: unknown): SallyportError {
  return new SallyportError('SP_SERVICE_UNAVAILABLE', {
    reason,
    cause: new Error(message, { cause }),
    retryAfterSeconds: 1,
  });
}

async function authorizationOf(
  token: ResolvedOpaOptions['token'],
  timeoutMilliseconds: number,
): Promise<Record<string, string>> {
  if (token === undefined) return {};
  const read = async (): Promise<string> => (typeof token === 'function' ? token() : token);
  const text = await withTimeout(read(), timeoutMilliseconds, () => '').catch(() => '');
  // What was read is not named: it may be a secret that was cut in half.
  if (!isBearerToken(text.trim())) throw unavailable('opa-token-missing', 'the token for OPA cannot be read');
  return { authorization: `Bearer ${text.trim()}` };
}
