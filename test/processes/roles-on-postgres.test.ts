import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  createWorkplace,
  freePort,
  isAvailable,
  makeDatabase,
  testRedisUrl,
  type Workplace,
} from 'sallyport/test-support';
import { openPostgres, type DedicatedConnection } from '@sallyport/stores';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startBeside, writeConfig } from './command-workplace.ts';
import { sourcesOf } from './gateway-process.ts';

type Roles = Readonly<Record<string, readonly string[]>>;

/** Each test starts two or three processes. */
const limits = { timeout: 120_000 };
const pauseMilliseconds = 20;
/** Of the five seconds for which a process waits for a lock. */
const lockPatience = 3000 / pauseMilliseconds;
const hasNoPostgres = !isAvailable('postgres');
const closing: (() => unknown)[] = [];
let place: Workplace;
/** Holds locks against the processes. */
let holder: DedicatedConnection;
/** Sees what is committed and who waits: within a transaction PostgreSQL shows the same activity again and again. */
let observer: DedicatedConnection;

beforeEach(async () => {
  if (hasNoPostgres) return;
  const made = await makeDatabase('postgres');
  closing.push(() => made.drop());
  place = createWorkplace(made.variables);
  writeConfig(place, await freePort(), `roles-${randomBytes(6).toString('hex')}:`);
  await place.run(['migrate']);
  const database = openPostgres({ url: made.variables['DATABASE_URL'] ?? '' });
  closing.push(() => database.close());
  [holder, observer] = await Promise.all([database.dedicated.connect(), database.dedicated.connect()]);
  for (const connection of [holder, observer]) closing.push(() => connection.release(true));
});
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

describe.skipIf(hasNoPostgres)('a start that is killed while it stores the first roles [postgres]', limits, () => {
  const insert = `INSERT INTO "sallyportRole" (id, name, permissions, generation, "updatedAt") VALUES ('held', $1, '', 0, now())`;

  // They are stored in the order of their names.
  it.each(['admin', 'vendor'])('leaves nothing at role %s, and the next start stores all', async (role) => {
    await holder.query('BEGIN');
    await holder.query(insert, [role]);
    const gateway = spawnProgram('apps/gateway/src/main.ts', []);
    await waitUntilWaiting(1);
    const ended = once(gateway, 'exit');
    gateway.kill('SIGKILL');
    expect(await ended).toEqual([null, 'SIGKILL']);
    await holder.query('ROLLBACK');
    await waitUntilWaiting(0);
    expect(await storedRoles()).toEqual({});

    const next = await startBeside(place);
    await next.stop();
    expect(await storedRoles()).toEqual({ admin: '', user: '', vendor: '' });
    expect((await place.run(['roles', 'diff'])).code).toBe(0);
  });

  it('leaves all of them once it serves', async () => {
    const gateway = await startBeside(place);
    gateway.signal('SIGKILL');
    expect(await gateway.ended).toBe('SIGKILL');
    expect(await storedRoles()).toEqual({ admin: '', user: '', vendor: '' });
    await (await startBeside(place)).stop();
  });
});

describe.skipIf(hasNoPostgres || testRedisUrl === '')(
  '"roles apply", run twice at once [postgres + redis]',
  limits,
  () => {
    const clerks = { user: [], admin: ['user:manage'], clerk: ['product:read'] };
    const cooks = { user: ['product:read'], cook: ['user:manage'] };

    beforeEach(async () => {
      place.environment['REDIS_URL'] = testRedisUrl;
      await (await startBeside(place)).stop();
    });

    it('stores one of two policies as a whole', async () => {
      const outcomes = await applyAtOnce([clerks, cooks]);
      expect(outcomes.map(({ code }) => code)).toEqual([0, 0]);
      expect([toStored(clerks), toStored(cooks)]).toContainEqual(await storedRoles());
      expect(await countEvents()).toBe(2);
      // The later one changed what the earlier one had stored.
      const named = outcomes.map(({ differences }) => new Set(differences.map(({ role }) => role)));
      expect(named.some((roles) => roles.has('clerk') && roles.has('cook'))).toBe(true);
    });

    it('stores and reports one policy once', async () => {
      const outcomes = await applyAtOnce([clerks, clerks]);
      expect(outcomes.map(({ code }) => code)).toEqual([0, 0]);
      expect(outcomes.map(({ differences }) => differences.length).toSorted((a, b) => a - b)).toEqual([0, 3]);
      expect(await storedRoles()).toEqual(toStored(clerks));
      expect(await countEvents()).toBe(1);
    });

    /** Both commands wait at the same row before either of them may change it. */
    async function applyAtOnce(policies: readonly Roles[]) {
      await holder.query('BEGIN');
      await holder.query('SELECT 1 FROM "sallyportRole" FOR UPDATE');
      const running = policies.map(async (roles, index) => {
        const child = spawnProgram(
          'packages/cli/src/main.ts',
          ['roles', 'apply', '--json'],
          changedConfig(roles, index),
        );
        const ended = once(child, 'exit') as Promise<[number | null]>;
        const [output, [code]] = await Promise.all([text(child.stdout), ended]);
        const { differences } = JSON.parse(output) as { differences: readonly { role: string }[] };
        return { code, differences };
      });
      await waitUntilWaiting(policies.length);
      await holder.query('COMMIT');
      return Promise.all(running);
    }
  },
);

function spawnProgram(program: string, args: readonly string[], config = 'sallyport.config.ts') {
  const [command = process.execPath, ...parameters] = [...sourcesOf(program), ...args];
  const child = spawn(command, parameters, {
    cwd: place.folder,
    env: { ...place.environment, SALLYPORT_CONFIG: config },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  closing.push(() => kill(child));
  return child;
}

function kill(child: ChildProcess): void {
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
}

/** Writes the configuration with other roles; a process reads a module once. */
function changedConfig(roles: Roles, index: number): string {
  const permissions = { 'product:read': 'List and read products', 'user:manage': 'Change the roles of people' };
  const before = readFileSync(join(place.folder, 'sallyport.config.ts'), 'utf8');
  const after = before.replace(/"policy":\{.*?\}\}/, `"policy":${JSON.stringify({ permissions, roles })}`);
  const file = `changed-${index}.config.ts`;
  writeFileSync(join(place.folder, file), after);
  return file;
}

/**
 * Waits until so many connections wait for what the holder has, or behind one that does. Not longer than the first of them
 * waits before it gives up.
 */
async function waitUntilWaiting(count: number): Promise<void> {
  const { rows: held } = await holder.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  const sql = `
    WITH blocked AS (SELECT pid, pg_blocking_pids(pid) AS by FROM pg_stat_activity WHERE wait_event_type = 'Lock'),
    first AS (SELECT pid FROM blocked WHERE $1 = ANY (by))
    SELECT count(*)::int AS waiting FROM blocked
    WHERE pid IN (SELECT pid FROM first) OR by && (SELECT coalesce(array_agg(pid), '{}') FROM first)`;
  let patience = lockPatience;
  for (;;) {
    const { rows } = await observer.query<{ waiting: number }>(sql, [held[0]?.pid]);
    const waiting = rows[0]?.waiting ?? 0;
    if (waiting === count || patience === 0) return;
    if (waiting > 0) patience -= 1;
    await sleep(pauseMilliseconds);
  }
}

async function storedRoles(): Promise<Readonly<Record<string, string>>> {
  const { rows } = await observer.query<{ name: string; permissions: string }>(
    'SELECT name, permissions FROM "sallyportRole"',
  );
  return Object.fromEntries(rows.map(({ name, permissions }) => [name, permissions]));
}

async function countEvents(): Promise<number> {
  const sql = `SELECT count(*)::int AS count FROM "sallyportEvent" WHERE type = 'policy.applied'`;
  const { rows } = await observer.query<{ count: number }>(sql);
  return rows[0]?.count ?? 0;
}

function toStored(roles: Roles): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(roles).map(([name, permissions]) => [name, permissions.join(' ')]));
}
