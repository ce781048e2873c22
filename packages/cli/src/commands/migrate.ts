import { OptionsError, exitCodes, UsageError } from '@sallyport/core';
import { createClosing, databaseTables } from '@sallyport/server';
import {
  isEmptyPlan,
  migrate,
  planMigrations,
  type DatabaseHandle,
  type MigrationOptions,
  type MigrationPlan,
} from '@sallyport/identity';
import type { Command } from '../command.ts';
import { openDatabaseHandle } from '../open-database-handle.ts';
import { loadSettings } from '../open-system.ts';
import { toTable } from '../table.ts';

/** Makes what the database lacks, or says what that is. */
export const migrateDatabase: Command = {
  name: 'migrate',
  summary: 'Makes the tables, columns and indexes that the database lacks',
  options: { 'dry-run': { describe: 'Say what would be made, and make nothing' } },
  notes: [
    'A start of the gateway does the same. Nothing is ever dropped or renamed, so that it may run beside gateways of this',
    'version and of older ones. Exit code 1 when rows that are there stand in the way; then nothing was changed.',
  ],
  run: async (call) => {
    const isDryRun = call.has('dry-run');
    const settings = await loadSettings(call.terminal);
    const closing = createClosing();
    try {
      const database = await openDatabaseHandle(settings, closing, isDryRun ? 'pretend' : 'make');
      const plan = await (isDryRun ? planMigrations({ database, tables: databaseTables }) : migrateNow(database));
      call.report({ dryRun: isDryRun, isUpToDate: isEmptyPlan(plan), ...plan }, describePlan(plan, isDryRun));
      return plan.problems.length > 0 ? exitCodes.refused : exitCodes.done;
    } finally {
      await closing.close();
    }
  },
};

/** What stands in the way is a finding, as in a dry run, and no reason to try again later. */
async function migrateNow(database: DatabaseHandle): Promise<MigrationPlan> {
  const options: MigrationOptions = { database, tables: databaseTables };
  try {
    return await migrate(options);
  } catch (error) {
    if (error instanceof OptionsError) throw new UsageError(error.message, exitCodes.refused);
    throw error;
  }
}

function describePlan(plan: MigrationPlan, isDryRun: boolean): string {
  if (isEmptyPlan(plan)) return `The database (${plan.database}) lacks nothing.`;
  const state = isDryRun ? 'would be made' : 'made';
  const rows = [
    ...plan.tables.map((table) => ['table', table, '', state]),
    ...plan.columns.map(({ table, column }) => ['column', table, column, state]),
    ...plan.indexes.map(({ table, columns, unique }) => [
      unique ? 'unique index' : 'index',
      table,
      columns.join(', '),
      state,
    ]),
  ];
  return [
    ...plan.problems.map((problem) => `Stands in the way: ${problem}`),
    ...(rows.length === 0 ? [] : [toTable(['WHAT', 'TABLE', 'COLUMNS', plan.database.toUpperCase()], rows)]),
    ...(isDryRun && plan.statements.length > 0 ? ['', ...plan.statements.map((statement) => `${statement};`)] : []),
  ].join('\n');
}
