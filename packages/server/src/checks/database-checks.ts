import type { CheckFinding, DoctorCheck } from '@sallyport/core';
import {
  planMigrations,
  readDatabaseAbilities,
  type DatabaseAbilities,
  type DatabaseHandle,
  type MigrationPlan,
} from '@sallyport/identity';
import {
  examineDatabaseLock,
  readDatabaseClock,
  sharedConnectionAdvice,
  type ExternalDatabase,
  type LockConnectionKind,
  type PostgresProtection,
} from '@sallyport/stores';
import { databaseTables } from '../features.ts';
import type { Environment } from '../config/environment.ts';
import { examineClock, type ClockReading } from './examine-clock.ts';

/** A database that answers, before it is migrated. */
export interface DatabaseContext {
  readonly environment: Pick<Environment, 'isProduction'> & Partial<Pick<Environment, 'redisUrl'>>;
  readonly abilities: DatabaseAbilities;
  /** The embedded one has none of its own. */
  readonly clock: ClockReading | undefined;
  /** How a PostgreSQL is reached. */
  readonly connection: DatabaseConnection | undefined;
  /** What it lacks. */
  readonly plan: MigrationPlan;
}

/** How connections of a PostgreSQL are made. */
export interface DatabaseConnection {
  readonly protection: PostgresProtection;
  readonly ignoredParameters: readonly string[];
  /** Where a lock has to be held. */
  readonly lock: LockConnectionKind | undefined;
}

export type DatabaseCheck = DoctorCheck<DatabaseContext>;

/** The embedded database, or one in a process of its own. */
export type OpenedDatabase = ExternalDatabase | Extract<DatabaseHandle, { readonly kind: 'sqlite' }>;

/** Asks a database what the checks are about. Writes nothing. */
export async function readDatabaseContext(
  database: OpenedDatabase,
  environment: DatabaseContext['environment'],
): Promise<DatabaseContext> {
  return {
    environment,
    abilities: await readDatabaseAbilities(database),
    connection: database.kind === 'postgres' ? await readConnection(database, environment) : undefined,
    clock: database.kind === 'sqlite' ? undefined : await readClock(database),
    plan: await planMigrations({ database, tables: databaseTables }),
  };
}

async function readConnection(
  database: Extract<ExternalDatabase, { readonly kind: 'postgres' }>,
  { redisUrl }: DatabaseContext['environment'],
): Promise<DatabaseConnection> {
  return {
    protection: await database.readEncryption(),
    ignoredParameters: database.ignoredParameters,
    lock: redisUrl === undefined ? await examineDatabaseLock(database) : undefined,
  };
}

async function readClock(database: ExternalDatabase): Promise<ClockReading> {
  // The first question may open the connection.
  await readDatabaseClock(database);
  const askedAt = Date.now();
  const time = await readDatabaseClock(database);
  return { time, askedAt, answeredAt: Date.now() };
}

const checkDatabaseClock: DatabaseCheck = {
  name: 'clock of the database',
  run: ({ clock }) => (clock === undefined ? [] : [examineClock('the database', clock)]),
};

const checkTransactions: DatabaseCheck = {
  name: 'transactions',
  run: ({ abilities: { hasTransactions } }) =>
    hasTransactions
      ? []
      : [
          {
            kind: 'warning',
            finding:
              'the database has none: events are written before the changes that they report, and a crash can leave half a change',
            hint: 'Run MongoDB as a replica set; one member is enough.',
          },
        ],
};

/** What may happen once could happen twice: good for trying out, and refused in production. */
const checkAtomicUpdates: DatabaseCheck = {
  name: 'conditional updates',
  run: ({ abilities: { hasAtomicUpdates }, environment }) =>
    hasAtomicUpdates
      ? []
      : [
          {
            kind: environment.isProduction ? 'failure' : 'warning',
            finding:
              'the database does not update conditionally in one step (FerretDB 1), so that what may happen once could happen twice; no gateway starts on it in production',
            hint: 'Use MongoDB or PostgreSQL.',
          },
        ],
};

const checkMigrations: DatabaseCheck = {
  name: 'migrations',
  run: ({ plan: { tables, columns, indexes, problems } }) => {
    const failures = problems.map((finding): CheckFinding => ({
      kind: 'failure',
      finding: `the database cannot be migrated: ${finding}`,
      hint: 'Correct the rows, then run "sallyport migrate".',
    }));
    const counts = [
      [tables.length, 'tables'],
      [columns.length, 'columns'],
      [indexes.length, 'indexes'],
    ] as const;
    const missing = counts.filter(([count]) => count > 0).map(([count, name]) => `${count} ${name}`);
    if (missing.length === 0) return failures;
    return [
      ...failures,
      {
        kind: 'ok',
        finding: `pending: ${missing.join(', ')} (indexes of new tables included)`,
        hint: 'Run "sallyport migrate", or start the gateway, which does the same.',
      },
    ];
  },
};

const checkEncryption: DatabaseCheck = {
  name: 'encryption of the database',
  run: ({ connection }) => {
    if (connection === undefined) return [];
    const { asked, isEncrypted, isPublic } = connection.protection;
    if (!isEncrypted && isPublic)
      return [
        {
          kind: 'warning',
          key: 'DATABASE_URL',
          finding:
            'says sslmode=disable and names a public address: everything goes there in plain text, passwords too',
          hint: 'Use sslmode=verify-full.',
        },
      ];
    if (!isEncrypted) return [{ kind: 'ok', finding: 'none, on this machine or in a private network' }];
    if (asked.kind === 'by-address')
      return [
        {
          kind: 'ok',
          finding: 'certificate and host are verified: the address is a public one, and nothing else is asked for',
          hint: 'Write sslmode=verify-full into DATABASE_URL, so that it is read there.',
        },
      ];
    const isWeaker = asked.kind === 'verified' && asked.mode !== undefined && asked.mode !== 'verify-full';
    return [
      {
        kind: 'ok',
        finding: isWeaker
          ? `certificate and host are verified, with sslmode=${asked.mode} as with verify-full`
          : 'certificate and host are verified',
      },
    ];
  },
};

const checkPooler: DatabaseCheck = {
  name: 'pooler',
  run: ({ connection }) => {
    const findings: CheckFinding[] = [];
    if (connection?.lock === 'shared') findings.push({ kind: 'failure', finding: sharedConnectionAdvice });
    if (connection !== undefined && connection.ignoredParameters.length > 0)
      findings.push({
        kind: 'ok',
        key: 'DATABASE_URL',
        finding: `has parameters without effect here: ${connection.ignoredParameters.join(', ')}`,
      });
    return findings;
  },
};

/** How a database that answers must be before it is migrated. One that does not answer is waited for, and refused afterwards. */
export const databaseChecks: readonly DatabaseCheck[] = [
  checkDatabaseClock,
  checkEncryption,
  checkPooler,
  checkTransactions,
  checkAtomicUpdates,
  checkMigrations,
];
