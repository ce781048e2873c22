import { SallyportError } from '@sallyport/core';

/**
 * What went wrong at Redis, in one word. It takes the place of the driver's error, whose message may name addresses,
 * users and arguments.
 */
export class RedisFault extends Error {
  override readonly name = 'RedisFault';
  /** For example `READONLY`, `OOM`, `ECONNREFUSED`, `TIMEOUT`. */
  readonly word: string;

  constructor(word: string) {
    super(`Redis: ${word}`);
    this.word = word;
  }
}

/** How soon a caller may try again: a connection is opened anew within about a second. */
const retryAfterSeconds = 1;

/** Makes `SP_STORE_UNAVAILABLE` of whatever a call to Redis failed with. */
export function toRedisError(cause: unknown): SallyportError {
  if (cause instanceof SallyportError) return cause;
  const fault = toFault(cause);
  const reason = `redis-${fault.word.toLowerCase().replaceAll('_', '-')}`;
  return new SallyportError('SP_STORE_UNAVAILABLE', { cause: fault, reason, retryAfterSeconds });
}

/** The word for an error: the code of a reply, of a socket, or the kind of failure that the driver names. */
export function toFault(cause: unknown): RedisFault {
  if (cause instanceof RedisFault) return cause;
  if (!(cause instanceof Error)) return new RedisFault('FAILED');
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : undefined;
  const word = code ?? /^-?([A-Z][A-Z]{2,20})\b/.exec(cause.message)?.[1] ?? driverWords.get(cause.constructor.name);
  return new RedisFault(word !== undefined && /^[A-Z][A-Z0-9_]{1,40}$/.test(word) ? word : 'FAILED');
}

const driverWords: ReadonlyMap<string, string> = new Map([
  ['ConnectionTimeoutError', 'CONNECT_TIMEOUT'],
  ['SocketClosedUnexpectedlyError', 'DISCONNECTED'],
  ['ClientClosedError', 'DISCONNECTED'],
  ['ClientOfflineError', 'DISCONNECTED'],
  ['DisconnectsClientError', 'DISCONNECTED'],
  ['RootNodesUnavailableError', 'NO_NODE'],
  ['MaxCommandRedirectionsError', 'REDIRECTED'],
]);
