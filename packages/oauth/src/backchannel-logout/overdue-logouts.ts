import { recordModels, type Records } from '@sallyport/core';

/** Logouts of one client that wait although they were tried. */
export interface OverdueLogouts {
  readonly clientId: string;
  /** Of those that were looked at. */
  readonly count: number;
  /** In a word, why one of them failed last. */
  readonly failure: string;
}

/** Rows that are looked at: more of them say nothing new. */
const maxRows = 500;

/** Finds the clients that were not told for some time that sessions are over. For operators: it reads and changes nothing. */
export async function findOverdueLogouts(
  records: Pick<Records, 'findMany'>,
  endedBefore: Date,
): Promise<readonly OverdueLogouts[]> {
  const rows = await records.findMany<{ readonly clientId: string; readonly lastFailure: string | null }>({
    model: recordModels.oauthLogout,
    where: [
      { field: 'endedAt', operator: 'lt', value: endedBefore },
      { field: 'state', value: 'waiting' },
    ],
    limit: maxRows,
  });
  return [...Map.groupBy(rows, ({ clientId }) => clientId)].map(([clientId, ofClient]) => ({
    clientId,
    count: ofClient.length,
    failure: ofClient.find(({ lastFailure }) => lastFailure !== null)?.lastFailure ?? 'not-tried',
  }));
}
