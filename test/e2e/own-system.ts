import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startSystem, type RunningSystem, type SystemOptions } from '../../tools/launch/system.ts';
import { sharedSystem } from './shared-system.ts';

/** A system that one test file has for itself, to be broken. */
export interface OwnSystem extends RunningSystem {
  readonly dataDir: string;
  /** Stops everything and removes the data. */
  dispose(): Promise<void>;
}

/** Starts another system on https, with data of its own. */
export async function startOwnSystem(options: Omit<SystemOptions, 'dataDir' | 'tls'> = {}): Promise<OwnSystem> {
  const folder = await mkdtemp(path.join(tmpdir(), 'sallyport-e2e-'));
  const dataDir = path.join(folder, 'data');
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    const system = await startSystem({ ...options, dataDir, tls: sharedSystem.authority });
    return {
      ...system,
      dataDir,
      async dispose() {
        await system.stop();
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}
