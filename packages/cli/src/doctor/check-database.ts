import { existsSync } from 'node:fs';
import { isStoreFault, silentLogger, storeFaultWordOf } from '@sallyport/core';
import { isEmptyPlan, openIdentityDatabase } from '@sallyport/identity';
import {
  contentChecks,
  createClosing,
  databaseTables,
  databaseChecks,
  messageForOperators,
  readDatabaseContext,
  runChecks,
  toFindings,
  type OpenedDatabase,
} from '@sallyport/server';
import {
  openEmbeddedDatabase,
  openExternalDatabase,
  readDatabaseClock,
  waitForDatabase,
  type ExternalDatabase,
  type SecretVersion,
} from '@sallyport/stores';
import { embeddedFileOf } from '../open-database-handle.ts';
import { messageOf, toFinding, type Finding, type Settings } from './finding.ts';
import { NoAnswerInTime, within } from './within.ts';

const check = 'database';
const patienceMilliseconds = 10_000;
/** Closing waits for calls in flight; doctor does not wait for that. */
const closePatienceMilliseconds = 1_000;

/**
 * Looks at the database: whether it answers and how fast, and whether it and what is stored there is as the start demands.
 * Nothing is written. No wait is without an end.
 */
export async function checkDatabase(
  settings: Settings,
  versions: readonly SecretVersion[] | undefined,
): Promise<readonly Finding[]> {
  const { config, environment } = settings;
  const findings: Finding[] = [];
  const closing = createClosing();
  try {
    let database: OpenedDatabase;
    if (environment.databaseUrl !== undefined) {
      const external = openExternalDatabase(
        { url: environment.databaseUrl, directUrl: environment.databaseDirectUrl },
        silentLogger,
      );
      closing.push(() => external.close());
      findings.push(await within(patienceMilliseconds, checkAnswer(external)));
      database = external;
    } else {
      const file = embeddedFileOf(config);
      if (!existsSync(file))
        return [{ check, state: 'note', finding: 'none yet', fix: `The first start makes it in ${config.dataDir}.` }];
      const embedded = openEmbeddedDatabase({ file, isModeKept: true });
      closing.push(() => embedded.close());
      database = { kind: 'sqlite', database: embedded };
    }
    const context = await within(patienceMilliseconds, readDatabaseContext(database, environment));
    findings.push(...(await runChecks(databaseChecks, context)).map(toFinding));
    if (isEmptyPlan(context.plan))
      findings.push(...(await within(patienceMilliseconds, checkContent(database, settings, versions))));
  } catch (error) {
    findings.push(...describeFailure(error));
  } finally {
    await within(closePatienceMilliseconds, closing.close()).catch(() => {});
  }
  return findings;
}

function describeFailure(error: unknown): readonly Finding[] {
  const fix = 'Check DATABASE_URL, and that the database runs.';
  if (error instanceof NoAnswerInTime || isStoreFault(error)) {
    const word = error instanceof NoAnswerInTime ? error.message : storeFaultWordOf(error);
    return [{ check, state: 'bad', finding: `it does not answer (${word})`, fix }];
  }
  if (messageForOperators(error) === undefined) return [{ check, state: 'bad', finding: messageOf(error), fix }];
  return toFindings(error).map((found) => toFinding({ check, found }));
}

async function checkAnswer(database: ExternalDatabase): Promise<Finding> {
  const begun = performance.now();
  // The first call also opens the connection.
  await waitForDatabase(database, { maximumMilliseconds: 0 });
  const connected = performance.now();
  await readDatabaseClock(database);
  const name = database.kind === 'postgres' ? 'PostgreSQL' : 'MongoDB';
  const milliseconds = (performance.now() - connected).toFixed(1);
  const finding = `${name} answers in ${milliseconds} ms; the first answer took ${(connected - begun).toFixed(1)} ms`;
  return { check, state: 'good', finding };
}

/** Of a database that lacks nothing. */
async function checkContent(
  database: OpenedDatabase,
  { config, preset }: Settings,
  versions: readonly SecretVersion[] | undefined,
): Promise<readonly Finding[]> {
  const { records } = await openIdentityDatabase({ database, tables: databaseTables });
  const begun = performance.now();
  const accounts = await records.count({ model: 'user' });
  const milliseconds = (performance.now() - begun).toFixed(1);
  const finding = `nothing is missing; ${accounts} accounts, counted in ${milliseconds} ms`;
  const readClock = database.kind === 'sqlite' ? async () => new Date() : () => readDatabaseClock(database);
  const found = await runChecks(contentChecks, { config, preset, records, readClock, versions });
  return [{ check: 'tables', state: 'good', finding }, ...found.map(toFinding)];
}
