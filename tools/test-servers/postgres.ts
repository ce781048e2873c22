import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { findProgram } from './find-program.ts';
import { startServerProcess, type ServerUser } from './server-process.ts';
import { absentServer, ownServer, type TestServer } from './test-server.ts';

const run = promisify(execFile);
const debianFolder = '/usr/lib/postgresql';
const user = 'sallyport';

export interface PostgresOptions {
  /** More arguments of `postgres`, for example `['--statement-timeout=1s']`. */
  readonly postgresArguments?: readonly string[];
  /** The address of a PostgreSQL of this machine that the new one follows, as its standby by streaming replication. */
  readonly standbyOf?: string;
}

/**
 * Starts a PostgreSQL on 127.0.0.1, in a new cluster whose superuser needs no password.
 *
 * `fsync` is off: what a kill -9 leaves is the same, since every commit still reaches the kernel before it is confirmed;
 * only a power cut would show the difference.
 */
export async function startPostgres({ postgresArguments = [], standbyOf }: PostgresOptions = {}): Promise<TestServer> {
  const programs = ['initdb', 'pg_basebackup', 'postgres', 'pg_isready'].map(findPostgresProgram);
  const [initdb, basebackup, postgres, isReadyProgram] = programs;
  if (initdb === undefined || basebackup === undefined || postgres === undefined || isReadyProgram === undefined) {
    return absentServer('no PostgreSQL on the search path or in /usr/lib/postgresql (Debian: postgresql)');
  }
  const unprivileged = findUnprivilegedUser();
  if (unprivileged === 'none') return absentServer('PostgreSQL does not run as root, and there is no user "postgres"');

  const server = await startServerProcess({
    name: 'postgres',
    program: postgres,
    user: unprivileged,
    // Fast shutdown: SIGTERM would wait until every client has gone.
    endSignal: 'SIGINT',
    environment: { LC_ALL: 'C' },
    prepare: async (folder) => {
      const cluster = path.join(folder, 'data');
      const [program, programArguments] =
        standbyOf === undefined
          ? [initdb, ['-U', user, '--auth=trust', '--encoding=UTF8', '--locale=C']]
          : [
              basebackup,
              [`--dbname=${standbyOf}`, '--write-recovery-conf', '--checkpoint=fast', '--wal-method=stream'],
            ];
      await run(program, ['-D', cluster, '--no-sync', ...programArguments], {
        ...unprivileged,
        cwd: folder,
        env: { ...process.env, LC_ALL: 'C' },
      });
    },
    programArguments: (port, folder) => [
      '-D',
      path.join(folder, 'data'),
      '--listen-addresses=127.0.0.1',
      `--port=${port}`,
      '--unix-socket-directories=',
      '--max-connections=200',
      '--fsync=off',
      ...postgresArguments,
    ],
    isReady: async (port) =>
      run(isReadyProgram, ['-h', '127.0.0.1', '-p', String(port), '-d', 'postgres', '-U', user]).then(
        () => true,
        () => false,
      ),
  });
  return ownServer(`postgres://${user}@127.0.0.1:${server.port}/postgres`, server);
}

/** Finds a program of PostgreSQL on the search path, or where Debian keeps it. */
export function findPostgresProgram(name: string): string | undefined {
  return findProgram(name, debianFolders());
}

/** Debian keeps the programs of each version beside one another; the newest is first. */
function debianFolders(): readonly string[] {
  if (!existsSync(debianFolder)) return [];
  return readdirSync(debianFolder)
    .sort((left, right) => Number(right) - Number(left))
    .map((version) => path.join(debianFolder, version, 'bin'));
}

/** A user other than root runs it as themselves. */
export function findUnprivilegedUser(): ServerUser | 'none' | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const [, uid, gid] = /^postgres:[^:]*:(\d+):(\d+):/m.exec(readFileSync('/etc/passwd', 'utf8')) ?? [];
  return uid === undefined || gid === undefined ? 'none' : { uid: Number(uid), gid: Number(gid) };
}
