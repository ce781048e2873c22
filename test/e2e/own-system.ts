import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Stores } from '../../tools/launch/demo-processes.ts';
import { startSystem, type RunningSystem, type SystemOptions } from '../../tools/launch/system.ts';
import { sharedSystem } from './shared-system.ts';
import { openStoresFor, type OwnStores } from './stores-of-a-system.ts';

/** A system that one test file has for itself, to be broken. */
export interface OwnSystem extends RunningSystem {
  readonly dataDir: string;
  readonly stores: Stores;
  /** Stops everything and removes the data. */
  dispose(): Promise<void>;
}

export interface OwnSystemOptions extends Omit<SystemOptions, 'dataDir' | 'tls'> {
  /** Additional environment of every gateway. */
  readonly gatewayEnvironment?: Readonly<Record<string, string>>;
}

/** Starts another system on https, with data of its own, on the stores of this project unless it is told others. */
export async function startOwnSystem(options: OwnSystemOptions = {}): Promise<OwnSystem> {
  const { gatewayEnvironment = {}, ...rest } = options;
  const { combination, authority } = sharedSystem;
  const folder = await mkdtemp(path.join(tmpdir(), 'sallyport-e2e-'));
  const dataDir = path.join(folder, 'data');
  let own: OwnStores | undefined;
  const remove = async () => {
    await own?.dispose();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    if (rest.stores === undefined) own = await openStoresFor(combination);
    const stores = rest.stores ?? own?.stores ?? {};
    const system = await startSystem({
      gateways: combination.gateways,
      ...rest,
      stores,
      environment: { gateway: gatewayEnvironment, 'gateway-2': gatewayEnvironment, ...rest.environment },
      dataDir,
      tls: authority,
    });
    return {
      ...system,
      dataDir,
      stores,
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
