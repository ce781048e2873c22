import type { Dispatcher } from 'undici';
import { codeOf, faultOf, isNothingSent } from './upstream-fault.ts';
import type { UpstreamTarget } from './upstream-target.ts';

/** Methods that may be repeated. */
const idempotent: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']);

/**
 * Where a request that failed is sent a second time; `undefined` where it is not.
 *
 * One whose connection broke before any answer may go anywhere, over a new connection, where it can be repeated: without a
 * body, by an idempotent method (RFC 9110, section 9.2.2). A kept connection may have been closed from the other side just
 * then. Whatever else is sent to another target only when not a byte of it has left.
 *
 * @param findOther chooses among all targets but the one that failed.
 */
export function targetForAnotherTry(
  error: Error,
  { method, body }: Pick<Dispatcher.DispatchOptions, 'method' | 'body'>,
  failed: UpstreamTarget,
  findOther: () => UpstreamTarget | undefined,
): UpstreamTarget | undefined {
  const isUnsent = isNothingSent(codeOf(error));
  const isRepeatable = !isUnsent && body === null && idempotent.has(method) && faultOf(error) === 'broken';
  if (!isUnsent && !isRepeatable) return undefined;
  return findOther() ?? (isRepeatable ? failed : undefined);
}
