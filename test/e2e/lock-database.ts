import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Another program that holds a database: a backup that hangs, or an administrator with an open transaction. */
export interface DatabaseLock {
  release(): Promise<void>;
}

const program = `
  const { DatabaseSync } = require('node:sqlite');
  const database = new DatabaseSync(process.argv[1], { timeout: 10000 });
  database.exec('BEGIN EXCLUSIVE');
  console.log('locked');
  process.stdin.on('end', () => database.exec('ROLLBACK')).resume();
`;

/** Locks a SQLite file for writing, from a process of its own, until it is released. */
export async function lockDatabase(file: string): Promise<DatabaseLock> {
  const holder = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', '-e', program, file], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(holder, 'exit');
  const isLocked = await Promise.race([once(holder.stdout, 'data').then(() => true), ended.then(() => false)]);
  if (!isLocked) throw new Error('The database could not be locked');
  return {
    async release() {
      holder.stdin.end();
      await ended;
    },
  };
}
