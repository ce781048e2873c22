import type { SallyportError } from '@sallyport/core';
import type { ExecutionContext } from '@nestjs/common';
import { toMessageError } from '../errors/message-error.ts';

/**
 * The refusal of a message as an exception that Nest answers with. A hybrid application without `inheritAppConfig` runs no
 * global filter on messages, and without one every other error is "Internal server error" there.
 */
export async function toRpcException(error: SallyportError, context: ExecutionContext): Promise<Error> {
  // The package is optional, and there when a message arrived: it called the guard.
  const { RpcException } = await import('@nestjs/microservices');
  const exception = new RpcException({ ...toMessageError(error, context) });
  exception.cause = error;
  return exception;
}
