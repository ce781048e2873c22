import { getDatabaseFieldIndexName } from '@better-auth/core/db/internal';
import { getSchema } from 'better-auth/db';
import type { BetterAuthOptions } from 'better-auth';

/** An index that a table must have. */
export interface SchemaIndex {
  readonly table: string;
  readonly columns: readonly string[];
  readonly unique: boolean;
  readonly name: string;
  /** For a unique column that may hold nothing, what it holds otherwise. */
  readonly optionalType?: 'string' | 'number' | 'boolean' | 'date';
}

/** The names of all tables that a schema describes. */
export function tablesOf(schema: BetterAuthOptions): readonly string[] {
  return Object.keys(getSchema(schema));
}

/** The indexes that a schema describes, those of Better Auth's own tables included; the same names as Better Auth uses. */
export function indexesOf(schema: BetterAuthOptions): readonly SchemaIndex[] {
  return Object.entries(getSchema(schema)).flatMap(([table, { fields, indexes = [] }]) => [
    ...indexes.map(({ name, columns, unique = false }) => ({ table, columns, unique, name })),
    ...Object.entries(fields).flatMap(([column, field]): SchemaIndex[] => {
      const { type, required = true, unique = false, index = false } = field;
      if (column === 'id' || (!unique && !index)) return [];
      const optional = unique && !required && isSimple(type) ? { optionalType: type } : {};
      const name = getDatabaseFieldIndexName(table, column, unique);
      return [{ table, columns: [column], unique, name, ...optional }];
    }),
  ]);
}

function isSimple(type: unknown): type is 'string' | 'number' | 'boolean' | 'date' {
  return type === 'string' || type === 'number' || type === 'boolean' || type === 'date';
}
