import { chownSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { findProgram } from './find-program.ts';
import { findUnprivilegedUser } from './postgres.ts';
import { startServerProcess } from './server-process.ts';
import { absentServer, ownServer, type TestServer } from './test-server.ts';

export interface PgbouncerOptions {
  /** The PostgreSQL behind it; its user needs no password. */
  readonly postgresUrl: string;
  /** More lines of its configuration, for example `{ pool_mode: 'transaction' }`. Everything else is as it comes. */
  readonly settings?: Readonly<Record<string, string | number>>;
}

/** Whether this machine has a PgBouncer. */
export const hasPgbouncer = findPgbouncer() !== undefined;

/** Starts a PgBouncer on 127.0.0.1 in front of a PostgreSQL. Its address names no database. */
export async function startPgbouncer({ postgresUrl, settings = {} }: PgbouncerOptions): Promise<TestServer> {
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
    const text = Object.entries(lines).map(([name, value]) => `${name} = ${value}`);
    const databases = `[databases]\n* = host=${hostname} port=${postgresPort}\n`;
    writeFileSync(ini, `${databases}[pgbouncer]\n${text.join('\n')}\n`);
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
