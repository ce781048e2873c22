import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startSystem, type RunningSystem, type SystemOptions } from '../../tools/launch/system.ts';
import { openStoresFor, type OwnStores } from '../e2e/stores-of-a-system.ts';

/** Gateways and the shop, without pages, for one test to break. */
export interface FaultySystem extends RunningSystem {
  dispose(): Promise<void>;
}

/** What the fault suites run on. */
export const faultStores = [
  { name: 'sqlite + in-process', servers: [] },
  { name: 'postgres + redis ×2', servers: ['TEST_POSTGRES_URL', 'TEST_REDIS_URL'] },
] as const;

export type FaultStores = (typeof faultStores)[number];

/** Why tests on these stores cannot run; empty when they can. */
export function missingServers({ servers }: FaultStores): string {
  const missing = servers.filter((name) => (process.env[name] ?? '') === '');
  return missing.length === 0 ? '' : ` (no server: ${missing.join(', ')} is not set)`;
}

/** Starts gateways and the shop on stores of their own: one embedded gateway, or two on PostgreSQL and Redis. */
export async function startFaultySystem(
  { name }: FaultStores,
  options: Pick<SystemOptions, 'environment'> = {},
): Promise<FaultySystem> {
  const folder = await mkdtemp(path.join(tmpdir(), 'sallyport-faults-'));
  const areTwo = name === 'postgres + redis ×2';
  let own: OwnStores | undefined;
  const remove = async (): Promise<void> => {
    await own?.dispose();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    own = await openStoresFor({ name });
    const system = await startSystem({
      ...options,
      dataDir: path.join(folder, 'data'),
      stores: own.stores,
      gateways: areTwo ? 2 : 1,
      only: areTwo ? ['mailbox', 'gateway', 'gateway-2', 'shop'] : ['gateway', 'shop'],
    });
    return {
      ...system,
      dispose: async () => {
        await system.stop();
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}
