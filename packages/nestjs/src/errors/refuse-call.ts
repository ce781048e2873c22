import { SallyportError } from '@sallyport/core';
import type { ExecutionContext } from '@nestjs/common';
import { toRpcException } from '../messages/rpc-exception.ts';
import type { CallRefusals } from './call-refusals.ts';

/**
 * Refuses a call before its handler, or in its place, with what its transport knows.
 *
 * @throws always; where that takes an exception of another package, by rejecting.
 */
export function refuseCall(
  error: unknown,
  context: ExecutionContext,
  refusals: CallRefusals | undefined,
): Promise<never> {
  const exception = refusals?.toException(error, context) ?? error;
  if (context.getType<string>() !== 'rpc' || !(exception instanceof SallyportError)) throw exception;
  return toRpcException(exception, context).then((made) => {
    throw made;
  });
}
