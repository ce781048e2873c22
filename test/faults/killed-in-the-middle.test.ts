import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GatewayName } from '../../tools/launch/demo-processes.ts';
import { connectTo, cookieOf } from '../../tools/launch/gateway-client.ts';
import { startCreationHistory } from './creation-history.ts';
import type { History } from './history.ts';
import { faultStores, missingServers, startFaultySystem, type FaultySystem } from './own-system.ts';
import { startSessionHistory } from './session-history.ts';

describe.each(faultStores)('while people sign in, sign out and create products', (stores) => {
  const why = missingServers(stores);
  describe.skipIf(why !== '')(`gateways [${stores.name}]${why}`, () => {
    let system: FaultySystem;
    beforeAll(async () => {
      system = await startFaultySystem(stores);
    });
    afterAll(() => system.dispose());

    const startHistories = async (): Promise<readonly History[]> => {
      const ask = connectTo(system);
      const vendor = system.accounts.find(({ roles }) => roles.includes('vendor'));
      if (vendor === undefined) throw new Error('there is no account of a vendor');
      return [startSessionHistory(ask, system.accounts), startCreationHistory(ask, await cookieOf(ask, vendor))];
    };

    it('that are killed keep what was acknowledged, bring back nothing that was ended, and do nothing twice', async () => {
      const histories = await startHistories();
      const victims: readonly GatewayName[] =
        system.gateways.length === 2 ? ['gateway', 'gateway-2'] : ['gateway', 'gateway'];
      for (const victim of victims) {
        await progress(histories, 8);
        await system.kill(victim);
        await system.start(victim);
        await progress(histories, 4);
        expect(await contradictionsOf(histories)).toEqual([]);
      }
      await end(histories);
    }, 180_000);

    it('that freeze and go on later end no session', async () => {
      const histories = await startHistories();
      await progress(histories, 6);
      const pid = system.pid('gateway') ?? 0;
      process.kill(pid, 'SIGSTOP');
      try {
        // The other one, where there is one, goes on.
        if (system.gateways.length === 2) {
          system.routeTo('gateway-2');
          await progress(histories, 6);
        }
      } finally {
        process.kill(pid, 'SIGCONT');
        system.routeTo(...system.gateways.map(({ name }) => name));
      }
      await progress(histories, 6);
      await end(histories);
    }, 180_000);

    it('behind which the shop is killed do nothing twice', async () => {
      const histories = await startHistories();
      for (let round = 0; round < 2; round++) {
        await progress(histories, 4);
        await system.kill('shop');
        await system.start('shop');
      }
      await progress(histories, 4);
      await end(histories);
    }, 180_000);
  });
});

async function progress(histories: readonly History[], operations: number): Promise<void> {
  await Promise.all(histories.map((history) => history.progress(operations)));
}

async function end(histories: readonly History[]): Promise<void> {
  await Promise.all(histories.map((history) => history.stop()));
  expect(await contradictionsOf(histories)).toEqual([]);
}

async function contradictionsOf(histories: readonly History[]): Promise<readonly string[]> {
  return (await Promise.all(histories.map((history) => history.contradictions()))).flat();
}
