import { OptionsError } from '@sallyport/core';

/** A column that a table lacks. */
export interface PlannedColumn {
  readonly table: string;
  readonly column: string;
}

/** An index that a table lacks. */
export interface PlannedIndex {
  readonly table: string;
  readonly columns: readonly string[];
  readonly unique: boolean;
}

/** What a database lacks of the schema. Nothing in it drops or renames. */
export interface MigrationPlan {
  readonly database: 'sqlite' | 'postgres' | 'mongodb';
  /** Tables that do not exist. */
  readonly tables: readonly string[];
  /** Columns that tables which exist lack; never any on MongoDB, which has no columns. */
  readonly columns: readonly PlannedColumn[];
  /** Indexes of new tables and columns; on MongoDB every index that is missing. */
  readonly indexes: readonly PlannedIndex[];
  /** The statements that make all of it, in order; none on MongoDB. */
  readonly statements: readonly string[];
  /** Why the migration would be refused, in words for the operator. */
  readonly problems: readonly string[];
}

/** Says whether a plan has nothing to do. */
export function isEmptyPlan({ tables, columns, indexes, problems }: MigrationPlan): boolean {
  return [tables, columns, indexes, problems].every((list) => list.length === 0);
}

/**
 * Stops a migration before it has changed anything.
 *
 * @throws OptionsError `SP_OPTIONS_DATA_UNUSABLE` with every problem of the plan.
 */
export function refuseProblems({ problems }: MigrationPlan): void {
  if (problems.length > 0)
    throw new OptionsError(
      `The database cannot be migrated, and nothing was changed: ${problems.join(' ')}`,
      'SP_OPTIONS_DATA_UNUSABLE',
    );
}
