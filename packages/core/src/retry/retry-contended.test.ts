import { expect, it } from 'vitest';
import { retryContended } from './retry-contended.ts';

/** Attempts that meet another writer so often, and how many there were. */
function createAttempts(conflicts: number) {
  let count = 0;
  return {
    attempt: async (): Promise<'written' | 'retry'> => (++count > conflicts ? 'written' : 'retry'),
    count: () => count,
  };
}

const limit = { maxAttempts: 3, code: 'SP_CONFLICT' } as const;

it.each([0, 1, 2])(
  'a compare-and-set that meets %i other writers is repeated until it is written',
  async (conflicts) => {
    const attempts = createAttempts(conflicts);
    expect(await retryContended(limit, attempts.attempt)).toBe('written');
    expect(attempts.count()).toBe(conflicts + 1);
  },
);

it('a compare-and-set that meets another writer every time gives up with the code of the limit', async () => {
  const attempts = createAttempts(3);
  await expect(retryContended(limit, attempts.attempt)).rejects.toMatchObject({
    code: 'SP_CONFLICT',
    reason: 'contended',
  });
  expect(attempts.count()).toBe(3);
});

it('a compare-and-set that fails is not repeated', async () => {
  let count = 0;
  const attempt = async (): Promise<'retry'> => {
    count += 1;
    throw new Error('the store is down');
  };
  await expect(retryContended(limit, attempt)).rejects.toThrow('the store is down');
  expect(count).toBe(1);
});
