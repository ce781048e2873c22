import { describe, expect, it } from 'vitest';
import { searchUsers, type UserFilter } from './user-search.ts';
import type { User } from './user-table.ts';

const at = new Date('2026-01-01T00:00:00Z');
const userOf = (index: number): User => ({
  id: String(index).padStart(6, '0'),
  name: 'Robin',
  email: `u${index}@x.test`,
  emailVerified: true,
  roles: index % 700 === 699 ? ['admin'] : ['user'],
  generation: 1,
  isBanned: false,
  ban: null,
  createdAt: at,
  expiresAt: null,
});

/** So many accounts, and how many rows each look at them read at most. */
function createTable(count: number) {
  const all = Array.from({ length: count }, (_, index) => userOf(index));
  const asked: number[] = [];
  return {
    asked,
    list: async (limit: number, afterId = '') => {
      asked.push(limit);
      return all.filter(({ id }) => id > afterId).slice(0, limit);
    },
  };
}

async function readAll(table: ReturnType<typeof createTable>, filter: UserFilter, limit: number) {
  const found: string[] = [];
  for (let after: string | undefined; ;) {
    const page = await searchUsers(table, filter, { limit, after, at });
    expect(page.users.length).toBeLessThanOrEqual(limit);
    found.push(...page.users.map(({ id }) => id));
    if (page.next === null) return found;
    after = page.next;
  }
}

describe('a search for users', () => {
  it.each([0, 1, 2, 499, 500, 501, 1000])('finds each of %i once, with and without a filter', async (count) => {
    for (const filter of [{}, { status: 'active' as const }])
      for (const limit of [1, 100]) {
        const ids = Array.from({ length: count }, (_, index) => userOf(index).id);
        expect(await readAll(createTable(count), filter, limit)).toEqual(ids);
      }
  });

  it('reads 500 rows for a page at most, however rare what it looks for is', async () => {
    const table = createTable(2100);
    const found = await readAll(table, { role: 'admin' }, 100);
    expect(found).toEqual([699, 1399, 2099].map((index) => userOf(index).id));
    expect(new Set(table.asked)).toEqual(new Set([500]));
    expect(table.asked).toHaveLength(5);
  });

  it('reads one row more than the page without a filter, to know whether there is another', async () => {
    const table = createTable(10);
    await searchUsers(table, {}, { limit: 4, after: undefined, at });
    expect(table.asked).toEqual([5]);
  });
});
