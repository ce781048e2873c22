import type { RecordFilter, Records } from '@sallyport/core';

/**
 * Answers questions about empty lists without the database: no value is in one, and every value is outside of it. PostgreSQL
 * takes `IN ()` for a mistake, and lists become empty when rows go meanwhile.
 */
export function withoutEmptyLists(records: Records): Records {
  return {
    create: (query) => records.create(query),
    findOne: async (query) => (matchesNothing(query.where) ? null : records.findOne(narrow(query))),
    findMany: async (query) => (matchesNothing(query.where) ? [] : records.findMany(narrow(query))),
    updateMany: async (query) => (matchesNothing(query.where) ? 0 : records.updateMany(narrow(query))),
    deleteMany: async (query) => (matchesNothing(query.where) ? 0 : records.deleteMany(narrow(query))),
    count: async (query) => (matchesNothing(query.where) ? 0 : records.count(narrow(query))),
  };
}

/** All conditions must hold, so that one is enough. */
function matchesNothing(where: readonly RecordFilter[] = []): boolean {
  return where.some((filter) => filter.operator === 'in' && isEmpty(filter));
}

function narrow<Query extends { readonly where?: RecordFilter[] }>(query: Query): Query {
  if (query.where?.some(isOutsideOfNothing) !== true) return query;
  return { ...query, where: query.where.filter((filter) => !isOutsideOfNothing(filter)) };
}

function isOutsideOfNothing(filter: RecordFilter): boolean {
  return filter.operator === 'not_in' && isEmpty(filter);
}

function isEmpty({ value }: RecordFilter): boolean {
  return Array.isArray(value) && value.length === 0;
}
