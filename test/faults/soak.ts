import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { startChaosProxy } from '@sallyport/testing/faults';
import { buildPackages } from '../../tools/build/build-system.ts';
import { createProgress } from '../../tools/build/progress.ts';
import { connectTo, cookieOf } from '../../tools/launch/gateway-client.ts';
import { startSystem } from '../../tools/launch/system.ts';
import { onStopRequest } from '../../tools/processes/stop-requests.ts';
import { startPostgres } from '../../tools/test-servers/postgres.ts';
import { startRedis } from '../../tools/test-servers/redis.ts';
import type { ServerProcess } from '../../tools/test-servers/server-process.ts';
import type { TestServer } from '../../tools/test-servers/test-server.ts';
import { workspaceRoot } from '../../tools/workspace-root.ts';
import { startCreationHistory } from './creation-history.ts';
import type { History } from './history.ts';
import { startSessionHistory } from './session-history.ts';
import { soakFaults, type SoakParts } from './soak-faults.ts';

/*
 * `npm run soak -- --minutes 30`: two gateways on PostgreSQL and Redis under traffic, one fault after the other in random
 * order. After each, what clients were told is compared with what is. Ends with 1 on the first contradiction.
 */

/** A fault may stop every client for so long; then something does not recover by itself. */
const recoveryMilliseconds = 60_000;
const operationsBetween = 10;

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '5' } } });
const minutes = Number(values.minutes);
if (!(minutes > 0)) throw new TypeError(`--minutes must be a number above 0, not "${values.minutes}"`);

const undo: (() => Promise<unknown>)[] = [];
const undoAll = async (): Promise<void> => {
  for (const step of undo.splice(0).reverse()) await step();
};
onStopRequest(undoAll);

try {
  const progress = createProgress(process.stderr);
  await progress.step('Building packages and services', () => buildPackages(workspaceRoot));
  const parts = await openParts();
  const failure = await soak(parts);
  await undoAll();
  if (failure !== undefined) console.log(`\n${failure}`);
  process.exit(failure === undefined ? 0 : 1);
} catch (error) {
  await undoAll();
  throw error;
}

async function openParts(): Promise<SoakParts> {
  // What was confirmed is on disk, as sessions deserve.
  const redis = await own(startRedis({ redisArguments: ['--appendonly', 'yes', '--appendfsync', 'always'] }));
  const postgres = await own(startPostgres());
  const databaseWay = await startChaosProxy({ targetPort: postgres.process.port });
  undo.push(() => databaseWay.close());
  const databaseUrl = new URL(postgres.url);
  databaseUrl.port = String(databaseWay.port);
  const folder = mkdtempSync(path.join(tmpdir(), 'sallyport-soak-'));
  undo.push(async () => rmSync(folder, { recursive: true, force: true }));
  const system = await startSystem({
    dataDir: path.join(folder, 'data'),
    stores: { databaseUrl: databaseUrl.href, redisUrl: redis.url },
    gateways: 2,
    only: ['mailbox', 'gateway', 'gateway-2', 'shop'],
  });
  undo.push(() => system.stop());
  return { system, redis: redis.process, postgres: postgres.process, databaseWay };
}

async function own(starting: Promise<TestServer>): Promise<{ readonly url: string; readonly process: ServerProcess }> {
  const server = await starting;
  if (server.kind === 'absent') throw new Error(server.reason);
  if (server.process === undefined) throw new TypeError('this server was not started by this run');
  const { url, process: running } = server;
  undo.push(() => running.stop());
  return { url, process: running };
}

/** @returns what went wrong, if anything did. */
async function soak(parts: SoakParts): Promise<string | undefined> {
  const ask = connectTo(parts.system);
  const vendor = parts.system.accounts.find(({ roles }) => roles.includes('vendor'));
  if (vendor === undefined) throw new Error('there is no account of a vendor');
  const histories: readonly History[] = [
    startSessionHistory(ask, parts.system.accounts),
    startCreationHistory(ask, await cookieOf(ask, vendor)),
  ];
  const until = Date.now() + minutes * 60_000;
  let round = 0;
  while (Date.now() < until) {
    const fault = soakFaults[randomInt(soakFaults.length)];
    if (fault === undefined) break;
    const failure = await survive(fault.name, () => fault.happen(parts), histories);
    if (failure !== undefined) return failure;
    console.log(`${String(++round).padStart(4)}  ${fault.name.padEnd(32)}  ${countsOf(histories)}`);
  }
  await Promise.all(histories.map((history) => history.stop()));
  const left = await contradictionsOf(histories);
  if (left.length > 0) return left.join('\n');
  console.log(`\n${round} faults survived; ${countsOf(histories)}, nothing contradicted`);
  return undefined;
}

async function survive(
  name: string,
  happen: () => Promise<void>,
  histories: readonly History[],
): Promise<string | undefined> {
  await happen();
  const recovered = await Promise.race([
    Promise.all(histories.map((history) => history.progress(operationsBetween))).then(() => true),
    new Promise<false>((resolve) => setTimeout(() => resolve(false), recoveryMilliseconds).unref()),
  ]);
  if (!recovered) return `after "${name}" nothing was acknowledged for ${recoveryMilliseconds / 1000} s`;
  const contradictions = await contradictionsOf(histories);
  return contradictions.length === 0 ? undefined : `after "${name}":\n${contradictions.join('\n')}`;
}

async function contradictionsOf(histories: readonly History[]): Promise<readonly string[]> {
  return (await Promise.all(histories.map((history) => history.contradictions()))).flat();
}

function countsOf(histories: readonly History[]): string {
  const sum = (value: (history: History) => number): number =>
    histories.reduce((total, history) => total + value(history), 0);
  return `${sum(({ acknowledged }) => acknowledged)} acknowledged, ${sum(({ unanswered }) => unanswered)} unanswered`;
}
