import { existsSync } from 'node:fs';
import { createClosing } from '@sallyport/server';
import { isStoreFault, recordModels, silentLogger, storeFaultWordOf, type Records } from '@sallyport/core';
import {
  describeRoleDifferences,
  isEmptyPlan,
  openIdentityDatabase,
  planMigrations,
  readDatabaseAbilities,
  readRoleDifferences,
  waysOutOfPolicyDifference,
  type DatabaseHandle,
  type MigrationPlan,
  type RoleDifference,
} from '@sallyport/identity';
import {
  createSealer,
  openEmbeddedDatabase,
  openExternalDatabase,
  readDatabaseClock,
  rewrapSealedColumns,
  sealedKeyColumn,
  storeTables,
  type ExternalDatabase,
  type SecretVersion,
} from '@sallyport/stores';
import { embeddedFileOf } from '../open-database-handle.ts';
import { checkClock } from './check-clock.ts';
import { messageOf, type Finding, type Settings } from './finding.ts';
import { within } from './within.ts';

const check = 'database';
const patienceMilliseconds = 10_000;
/** Closing waits for calls in flight; doctor does not wait for that. */
const closePatienceMilliseconds = 1_000;

/**
 * Looks at the database: whether it answers and how fast, its clock, what it cannot do, what it lacks, and whether the
 * root secret opens what is sealed in it. Nothing is written. No wait is without an end.
 */
export async function checkDatabase(
  settings: Settings,
  versions: readonly SecretVersion[] | undefined,
): Promise<readonly Finding[]> {
  const { config, environment } = settings;
  const findings: Finding[] = [];
  const closing = createClosing();
  try {
    if (environment.databaseUrl !== undefined) {
      const external = openExternalDatabase(environment.databaseUrl, silentLogger);
      closing.push(() => external.close());
      findings.push(...(await within(patienceMilliseconds, checkAnswer(external))));
      findings.push(...(await within(patienceMilliseconds, checkAbilities(external, settings))));
      findings.push(...(await within(patienceMilliseconds, checkContent(external, settings, versions))));
    } else if (existsSync(embeddedFileOf(config))) {
      const file = openEmbeddedDatabase({ file: embeddedFileOf(config), isModeKept: true });
      closing.push(() => file.close());
      findings.push(
        ...(await within(patienceMilliseconds, checkContent({ kind: 'sqlite', database: file }, settings, versions))),
      );
    } else {
      findings.push({
        check,
        state: 'note',
        finding: 'none yet',
        fix: `The first start makes it in ${config.dataDir}.`,
      });
    }
  } catch (error) {
    findings.push(toFinding(error));
  }
  await within(closePatienceMilliseconds, closing.close()).catch(() => {});
  return findings;
}

function toFinding(error: unknown): Finding {
  if (isStoreFault(error))
    return {
      check,
      state: 'bad',
      finding: `it does not answer, or does not let Sallyport in (${storeFaultWordOf(error)})`,
      fix: 'Check that it runs and that DATABASE_URL points at it, with the user, the password and the name of the database.',
    };
  return { check, state: 'bad', finding: messageOf(error), fix: 'Check DATABASE_URL, and that the database runs.' };
}

async function checkAnswer(database: ExternalDatabase): Promise<readonly Finding[]> {
  const begun = performance.now();
  // The first call also opens the connection.
  await readDatabaseClock(database);
  const connected = performance.now();
  const askedAt = Date.now();
  const time = await readDatabaseClock(database);
  const answeredAt = Date.now();
  const name = database.kind === 'postgres' ? 'PostgreSQL' : 'MongoDB';
  const milliseconds = (performance.now() - connected).toFixed(1);
  const finding = `${name} answers in ${milliseconds} ms; the first answer took ${(connected - begun).toFixed(1)} ms`;
  return [
    { check, state: 'good', finding },
    checkClock('clock of the database', 'the database', { time, askedAt, answeredAt }),
  ];
}

async function checkAbilities(database: DatabaseHandle, { environment }: Settings): Promise<readonly Finding[]> {
  const { hasTransactions, hasAtomicUpdates } = await readDatabaseAbilities(database);
  const findings: Finding[] = [];
  if (!hasTransactions)
    findings.push({
      check,
      state: 'note',
      finding: 'it has no transactions, so that events are written before the changes that they report',
      fix: 'Run MongoDB as a replica set; one member is enough.',
    });
  if (!hasAtomicUpdates)
    findings.push({
      check,
      state: environment.isProduction ? 'bad' : 'note',
      finding: 'it does not update conditionally in one step (FerretDB 1), and no gateway starts on it in production',
      fix: 'Use MongoDB or PostgreSQL.',
    });
  return findings;
}

async function checkContent(
  database: DatabaseHandle,
  settings: Settings,
  versions: readonly SecretVersion[] | undefined,
): Promise<readonly Finding[]> {
  const plan = await planMigrations({ database, tables: storeTables });
  if (!isEmptyPlan(plan)) return [...checkPlan(plan)];
  const { records } = await openIdentityDatabase({ database, tables: storeTables });
  const begun = performance.now();
  const accounts = await records.count({ model: 'user' });
  const milliseconds = (performance.now() - begun).toFixed(1);
  return [
    {
      check: 'tables',
      state: 'good',
      finding: `nothing is missing; ${accounts} accounts, counted in ${milliseconds} ms`,
    },
    ...checkRoles((await readRoleDifferences(records, settings.config.policy)) ?? [], settings),
    await checkEvents(records),
    ...(versions === undefined ? [] : await checkSealedKeys(records, versions)),
  ];
}

function checkPlan({ tables, columns, indexes, problems }: MigrationPlan): readonly Finding[] {
  const counts = [
    [tables.length, 'tables'],
    [columns.length, 'columns'],
    [indexes.length, 'indexes'],
  ] as const;
  const missing = counts.filter(([count]) => count > 0).map(([count, name]) => `${count} ${name}`);
  return [
    ...problems.map((finding) => ({
      check: 'migrations',
      state: 'bad' as const,
      finding,
      fix: 'Correct the rows, then run "sallyport migrate".',
    })),
    ...(missing.length === 0
      ? []
      : [
          {
            check: 'migrations',
            state: 'note' as const,
            finding: `pending: ${missing.join(', ')} (indexes of new tables included)`,
            fix: 'Run "sallyport migrate", or start the gateway, which does the same.',
          },
        ]),
  ];
}

/** A start asks the same; a preset applies its own policy. */
function checkRoles(differences: readonly RoleDifference[], { preset }: Settings): readonly Finding[] {
  if (differences.length === 0 || preset !== undefined) return [];
  return [
    {
      check: 'roles',
      state: 'bad',
      finding: `the policy of the configuration differs from the roles that are stored, and no gateway starts: ${describeRoleDifferences(differences).join('; ')}`,
      fix: waysOutOfPolicyDifference,
    },
  ];
}

/** Events carry the time of the gateways. */
async function checkEvents(records: Records): Promise<Finding> {
  const sortBy = { field: 'at', direction: 'desc' } as const;
  const [newest] = await records.findMany<{ at: Date }>({ model: recordModels.event, sortBy, limit: 1 });
  const now = Date.now();
  const time = newest === undefined || newest.at.getTime() < now ? new Date(now) : newest.at;
  return checkClock('clock of the gateways', 'the newest event', { time, askedAt: now, answeredAt: now });
}

async function checkSealedKeys(records: Records, versions: readonly SecretVersion[]): Promise<readonly Finding[]> {
  const [outcome] = await rewrapSealedColumns({
    records,
    sealerFor: createSealer(versions),
    versions,
    columns: [sealedKeyColumn],
    isDryRun: true,
  });
  const { unreadable = 0, rewrapped = 0, current = 0 } = outcome ?? {};
  if (unreadable > 0)
    return [
      {
        check: 'signing keys',
        state: 'bad',
        finding: `${unreadable} of ${unreadable + rewrapped + current} were sealed under another root secret`,
        fix: 'Bring its version back into SALLYPORT_SECRET: no gateway starts while one of them is in use.',
      },
    ];
  if (rewrapped > 0)
    return [
      {
        check: 'signing keys',
        state: 'note',
        finding: `${rewrapped} are sealed under an older version of the root secret`,
        fix: 'Run "sallyport secrets rewrap" before that version is dropped.',
      },
    ];
  return current === 0 ? [] : [{ check: 'signing keys', state: 'good', finding: `the root secret opens ${current}` }];
}
