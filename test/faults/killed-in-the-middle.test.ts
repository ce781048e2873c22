import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GatewayName } from '../../tools/launch/demo-processes.ts';
import { connectTo } from '../../tools/launch/door-client.ts';
import { faultStores, missingServers, startFaultySystem, type FaultySystem } from './own-system.ts';
import { startSessionHistory } from './session-history.ts';

describe.each(faultStores)('gateways that are killed while people sign in and out', (stores) => {
  const why = missingServers(stores);
  describe.skipIf(why !== '')(`[${stores.name}]${why}`, () => {
    let system: FaultySystem;
    beforeAll(async () => {
      system = await startFaultySystem(stores);
    });
    afterAll(() => system.dispose());

    it('keep every session that was acknowledged, and bring back none that was ended', async () => {
      const history = startSessionHistory(connectTo(system), system.accounts);
      const victims: readonly GatewayName[] =
        system.gateways.length === 2 ? ['gateway', 'gateway-2', 'gateway'] : ['gateway', 'gateway', 'gateway'];
      for (const victim of victims) {
        await history.progress(8);
        await system.kill(victim);
        await system.start(victim);
        await history.progress(4);
        expect(await history.contradictions()).toEqual([]);
      }
      await history.stop();
      expect(await history.contradictions()).toEqual([]);
      expect(history.acknowledged).toBeGreaterThanOrEqual(36);
    }, 180_000);

    it('end no session of anybody when a gateway is frozen and goes on later', async () => {
      const history = startSessionHistory(connectTo(system), system.accounts);
      await history.progress(6);
      const pid = system.pid('gateway') ?? 0;
      process.kill(pid, 'SIGSTOP');
      // The other one, where there is one, goes on; requests at the frozen one have no answer.
      try {
        if (system.gateways.length === 2) system.routeTo('gateway-2');
        if (system.gateways.length === 2) await history.progress(6);
      } finally {
        process.kill(pid, 'SIGCONT');
        system.routeTo(...system.gateways.map(({ name }) => name));
      }
      await history.progress(6);
      await history.stop();
      expect(await history.contradictions()).toEqual([]);
    }, 180_000);
  });
});
