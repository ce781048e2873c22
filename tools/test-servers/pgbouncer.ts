import { chownSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { workspaceRoot } from '../workspace-root.ts';
import { findProgram } from './find-program.ts';
import { findUnprivilegedUser } from './postgres.ts';
import { startServerProcess } from './server-process.ts';
import { absentServer, ownServer, type TestServer } from './test-server.ts';

export interface PgbouncerOptions {
  /** The PostgreSQL behind it; its user needs no password. */
  readonly postgresUrl: string;
  /** More lines of its configuration, for example `{ pool_mode: 'transaction' }`. */
  readonly settings?: Readonly<Record<string, string | number>>;
  /** Whether everything else is as `deploy/pgbouncer` ships it. @default false: as PgBouncer comes */
  readonly isShipped?: boolean;
}

/** Whether this machine has a PgBouncer. */
export const hasPgbouncer = findPgbouncer() !== undefined;

/** Starts a PgBouncer on 127.0.0.1 in front of a PostgreSQL. Its address names no database. */
export async function startPgbouncer({
  postgresUrl,
  settings = {},
  isShipped = false,
}: PgbouncerOptions): Promise<TestServer> {
  const program = findPgbouncer();
  if (program === undefined) return absentServer('no pgbouncer on the search path (Debian: pgbouncer)');
  const unprivileged = findUnprivilegedUser();
  if (unprivileged === 'none') return absentServer('PgBouncer does not run as root, and there is no user "postgres"');
  const { hostname, port: postgresPort, username } = new URL(postgresUrl);
  const writeAll = (folder: string, port: number): string => {
    const [ini, users] = [path.join(folder, 'pgbouncer.ini'), path.join(folder, 'users.txt')];
    const lines = {
      listen_addr: '127.0.0.1',
      listen_port: port,
      unix_socket_dir: '',
      auth_type: 'trust',
      auth_file: users,
      ...settings,
    };
    const databases = `* = host=${hostname} port=${postgresPort}`;
    writeFileSync(ini, withSettings(isShipped ? shippedFile() : emptyFile, lines, databases));
    writeFileSync(users, `"${username}" ""\n`);
    if (unprivileged !== undefined)
      for (const file of [ini, users]) chownSync(file, unprivileged.uid, unprivileged.gid);
    return ini;
  };
  const server = await startServerProcess({
    name: 'pgbouncer',
    program,
    user: unprivileged,
    endSignal: 'SIGINT',
    programArguments: (port, folder) => [writeAll(folder, port)],
    isReady: isListening,
  });
  return ownServer(`postgres://${username}@127.0.0.1:${server.port}`, server);
}

const emptyFile = '[databases]\n[pgbouncer]\n';

/** What deployments start from. */
function shippedFile(): string {
  return readFileSync(path.join(workspaceRoot, 'deploy', 'pgbouncer', 'pgbouncer.ini'), 'utf8');
}

/** Replaces what belongs to a place: the databases, and the lines of these settings. */
function withSettings(file: string, settings: Readonly<Record<string, string | number>>, databases: string): string {
  const isReplaced = (line: string): boolean => Object.hasOwn(settings, /^(\w+) *=/.exec(line)?.[1] ?? '');
  const [before = '', after = ''] = file.split('[pgbouncer]\n');
  const kept = before.split('\n').filter((line) => !/^\w+ *=/.test(line));
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}`);
  const rest = after.split('\n').filter((line) => !isReplaced(line));
  return [...kept, databases, '[pgbouncer]', ...rest, ...lines, ''].join('\n');
}

function findPgbouncer(): string | undefined {
  return findProgram('pgbouncer', ['/usr/sbin']);
}

async function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', timeout: 1000 });
    socket.once('connect', () => resolve(true));
    socket.once('timeout', () => resolve(false));
    socket.once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
