import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { requirePrivateFolder } from './private-folder.ts';

const claimFileName = 'in-use.lock';

/**
 * Claims a data folder for this process. The embedded sessions are cached in process and their invalidation bus ends
 * there, so that a second gateway on the same folder would go on honouring a session that the first one ended.
 *
 * The claim is a lock of the operating system, held through SQLite: it ends with the process, also after kill -9.
 *
 * @returns what gives the folder back.
 * @throws Error that says what to do, when another process holds the folder.
 */
export function claimDataFolder(dataDir: string): () => void {
  requirePrivateFolder(dataDir);
  const lock = new DatabaseSync(join(dataDir, claimFileName), { timeout: 0 });
  try {
    lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE;');
    return () => lock.close();
  } catch {
    lock.close();
    throw new Error(
      `Another gateway uses the data folder ${dataDir}. Stop it, or start this one with a folder of its own (SALLYPORT_DATA_DIR).`,
    );
  }
}
