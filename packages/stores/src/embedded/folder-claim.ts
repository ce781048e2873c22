import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { StoreInUse } from '../claims/store-in-use.ts';
import { requirePrivateFolder } from './private-folder.ts';

const claimFileName = 'in-use.lock';

/** Without this the garbage collector would close the lock of a caller who keeps nothing of it. */
const held = new Set<DatabaseSync>();

/**
 * Claims a data folder for this process. The embedded sessions are cached in process and their invalidation bus ends
 * there, so that a second gateway on the same folder would go on honouring a session that the first one ended.
 *
 * The claim is a lock of the operating system, held through SQLite: it ends with the process, also after kill -9.
 *
 * @returns what gives the folder back.
 * @throws StoreInUse, which says what to do, when another process holds the folder.
 */
export function claimDataFolder(dataDir: string): () => void {
  requirePrivateFolder(dataDir);
  const lock = new DatabaseSync(join(dataDir, claimFileName), { timeout: 0 });
  try {
    lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE;');
    held.add(lock);
    return () => {
      held.delete(lock);
      lock.close();
    };
  } catch {
    lock.close();
    throw new StoreInUse(
      `Another gateway uses the data folder ${dataDir}. Stop it, or start this one with a folder of its own (SALLYPORT_DATA_DIR).`,
    );
  }
}
