import { toMatcher } from '../conditions/matcher.ts';
import { isAlways, isNever, type FieldTypes, type Test } from '../conditions/test.ts';
import { toMongoFilter, type MongoFilter, type MongoOptions } from '../conditions/to-mongo.ts';
import { toSqlFilter, type SqlFilter, type SqlOptions } from '../conditions/to-sql.ts';

/** The records on which a caller may do something, as a query. It agrees with the check of each record. */
export interface AccessFilter {
  /** Whether every record matches, none (no query is needed), or some. */
  readonly scope: 'all' | 'none' | 'some';
  /** For `find` and other calls of MongoDB, FerretDB and Mongoose. Combine it with `$and`: a spread would replace a condition on the same field. */
  toMongo(options?: MongoOptions): MongoFilter;
  /**
   * For a WHERE clause of SQLite or PostgreSQL. It can be combined with AND, OR and NOT.
   *
   * @throws OptionsError for a dialect that is not known, or a list in a column that SQLite would confuse.
   */
  toSql(options: SqlOptions): SqlFilter;
  /** For a record in memory. */
  matches(record: object): boolean;
}

/** Makes a filter of a test. */
export function createAccessFilter(test: Test, types: FieldTypes): AccessFilter {
  const matcher = toMatcher(test);
  return {
    scope: isAlways(test) ? 'all' : isNever(test) ? 'none' : 'some',
    toMongo: (options) => toMongoFilter(test, types, options),
    toSql: (options) => toSqlFilter(test, types, options),
    // Any object can be asked for a property, and what is none is no record.
    matches: (record: object | null) => record != null && matcher(record as Readonly<Record<string, unknown>>),
  };
}
