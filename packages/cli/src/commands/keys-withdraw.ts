import { exitCodes, UsageError } from '@sallyport/core';
import type { Command } from '../command.ts';
import { withSystem } from '../open-system.ts';
import { noticedWithin, reportKeyChange, requireKeyPairs } from './key-changes.ts';

/** Takes a signing key away in an emergency. */
export const withdrawKey: Command = {
  name: 'keys withdraw',
  summary: 'Takes a signing key away at once: nothing that it signed holds any more',
  operands: ['<kid>'],
  notes: [
    'For a key whose private part may be known to others. The next key signs at once; it has been published already, so',
    'that no request is refused. No user is signed out. It runs beside gateways.',
  ],
  run: (call) =>
    withSystem(call.terminal, 'reads', async (system) => {
      requireKeyPairs(system);
      const { keyRing } = system.stores;
      const kid = call.operands[0] ?? '';
      const known = (await keyRing.list()).find((one) => one.kid === kid);
      if (known === undefined)
        throw new UsageError('There is no such key. "sallyport keys list" shows all.', exitCodes.refused);
      await reportKeyChange(system, { type: 'key.withdrawn', details: { kid, state: known.state } });
      const { key, isAnnounced } = await keyRing.withdraw(kid);
      const current = (await keyRing.list()).find(({ use, state }) => use === key.use && state === 'current');
      const isHeard = isAnnounced && system.environment.redisUrl !== undefined;
      const text = [
        `The key ${kid} is gone, at every gateway ${isHeard ? 'from now on' : noticedWithin(system)}.`,
        `${current?.kid} signs.`,
        'Services that subscribe to revocations refuse what it signed at the same time, others',
        `when they fetch the keys again: within ${system.config.keys.cacheSeconds} s where they are in use.`,
      ].join(' ');
      call.report({ withdrawn: kid, state: key.state, current: current?.kid, announced: isHeard }, text);
      return exitCodes.done;
    }),
};
