import { exitCodes, SallyportError, UsageError } from '@sallyport/core';

/** Does what may be refused for the last account that manages others, and says what to do then. */
export async function refuseLastManager<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof SallyportError) || error.code !== 'SP_LAST_MANAGER') throw error;
    throw new UsageError(
      'This is the last account that holds "user:manage". Give it to another one first: "sallyport users create-admin" or "sallyport users set-roles".',
      exitCodes.refused,
    );
  }
}
