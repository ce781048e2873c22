import { SallyportError, type Operation, type OperatorContext } from '@sallyport/core';

/** What operators do with the stores that a process has open. */
export interface Operations {
  /** Does one of them, or rejects: with `SP_NOT_FOUND` when there is none of that name, with `SP_SERVICE_UNAVAILABLE` after the end. */
  run(name: string, input: unknown, context: OperatorContext): Promise<unknown>;
  /** Takes no more, and resolves when all that began are done: none is left half done. */
  close(): Promise<void>;
}

/** Puts operations together, so that the end of the process waits for those that began. */
export function createOperations(list: readonly Operation[]): Operations {
  const byName = new Map(list.map((operation) => [operation.name, operation]));
  const running = new Set<Promise<unknown>>();
  let isClosed = false;
  return {
    async run(name, input, context) {
      const operation = byName.get(name);
      if (operation === undefined) throw new SallyportError('SP_NOT_FOUND', { reason: 'operation-unknown' });
      if (isClosed) throw new SallyportError('SP_SERVICE_UNAVAILABLE', { reason: 'stopping' });
      const outcome = operation.run(input, context);
      running.add(outcome);
      try {
        return await outcome;
      } finally {
        running.delete(outcome);
      }
    },
    async close() {
      isClosed = true;
      await Promise.allSettled(running);
    },
  };
}
