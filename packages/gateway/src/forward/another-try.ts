import type { Dispatcher } from 'undici';
import { codeOf, faultOf, isNothingSent } from './upstream-fault.ts';

/** Methods that may be repeated. */
const idempotent: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']);

/**
 * Where a request that failed may be sent a second time.
 *
 * One whose connection broke before any answer may go anywhere, over a new connection, where it can be repeated: without a
 * body, by an idempotent method (RFC 9110, section 9.2.2). A kept connection may have been closed from the other side just
 * then. Whatever else is sent to another target only when not a byte of it has left.
 */
export function anotherTry(
  error: Error,
  { method, body }: Pick<Dispatcher.DispatchOptions, 'method' | 'body'>,
): 'none' | 'elsewhere' | 'anywhere' {
  if (isNothingSent(codeOf(error))) return 'elsewhere';
  const isRepeatable = body === null && idempotent.has(method);
  return isRepeatable && faultOf(error) === 'broken' ? 'anywhere' : 'none';
}
