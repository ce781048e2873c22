import { exitCodes, UsageError } from '@sallyport/core';
import * as z from 'zod';
import type { Command } from '../command.ts';
import { loadSettings } from '../open-system.ts';
import { withOperations } from '../with-operations.ts';
import { noticedWithin, sharedSecretRefusal } from './key-changes.ts';

const outcomeSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('shared-secret') }),
  z.object({ kind: z.literal('unknown-key') }),
  z.object({
    kind: z.literal('withdrawn'),
    state: z.string(),
    current: z.string().optional(),
    isAnnounced: z.boolean(),
  }),
]);

/** Takes a signing key away in an emergency. */
export const withdrawKey: Command = {
  name: 'keys withdraw',
  summary: 'Takes a signing key away at once: nothing that it signed holds any more',
  operands: ['<kid>'],
  notes: [
    'For a key whose private part may be known to others. The next key signs at once; it has been published already, so',
    'that no request is refused. No user is signed out. It runs beside gateways.',
  ],
  run: async (call) => {
    const { config, environment } = await loadSettings(call.terminal);
    return withOperations(call.terminal, 'beside', async ({ ask, isAtGateway }) => {
      const kid = call.operands[0] ?? '';
      const outcome = outcomeSchema.parse(await ask('keys/withdraw', { kid }));
      if (outcome.kind === 'shared-secret') throw sharedSecretRefusal();
      if (outcome.kind === 'unknown-key')
        throw new UsageError('There is no such key. "sallyport keys list" shows all.', exitCodes.refused);
      const { state, current } = outcome;
      const isHeard = outcome.isAnnounced && (isAtGateway || environment.redisUrl !== undefined);
      const place = { redisUrl: environment.redisUrl, cacheSeconds: config.keys.cacheSeconds };
      const text = [
        `The key ${kid} is gone, at every gateway ${isHeard ? 'from now on' : noticedWithin(isAtGateway, place)}.`,
        `${current} signs.`,
        'Services that subscribe to revocations refuse what it signed at the same time, others',
        `when they fetch the keys again: within ${config.keys.cacheSeconds} s where they are in use.`,
      ].join(' ');
      call.report({ withdrawn: kid, state, current, announced: isHeard }, text);
      return exitCodes.done;
    });
  },
};
