import { exitCodes } from '@sallyport/core';
import * as z from 'zod';
import type { Command } from '../command.ts';
import { loadSettings } from '../open-system.ts';
import { withOperations } from '../with-operations.ts';
import { noticedWithin, sharedSecretRefusal } from './key-changes.ts';

const outcomeSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('shared-secret') }),
  z.object({
    kind: z.literal('asked'),
    rotated: z.boolean(),
    current: z.string().optional(),
    next: z.string().optional(),
    nextSignsFrom: z.coerce.date().optional(),
  }),
]);

/** Brings in the next signing key. */
export const rotateKeys: Command = {
  name: 'keys rotate',
  summary: 'Brings in the next signing key, as soon as verifiers know it',
  options: {
    now: { describe: 'At once, although verifiers may refuse what it signs for up to five seconds' },
  },
  notes: [
    'Keys rotate without this command, as keys.rotationDays says. It runs beside gateways. What the key before it signed',
    'verifies until it has expired.',
  ],
  run: async (call) => {
    const { config, environment } = await loadSettings(call.terminal);
    // Beside a gateway that answers no operator as well: every step is one that several processes may take.
    return withOperations(call.terminal, 'beside', async ({ ask, isAtGateway }) => {
      const when = call.has('now') ? 'now' : 'when-known';
      const outcome = outcomeSchema.parse(await ask('keys/rotate', { when }));
      if (outcome.kind === 'shared-secret') throw sharedSecretRefusal();
      const { rotated, current, next } = outcome;
      const nextSignsFrom = outcome.nextSignsFrom?.toISOString();
      const place = { redisUrl: environment.redisUrl, cacheSeconds: config.keys.cacheSeconds };
      const text = rotated
        ? `The key ${current} signs, at every gateway ${noticedWithin(isAtGateway, place)}.`
        : `The key ${next} takes over at ${nextSignsFrom}, when every verifier knows it, if a gateway is running then.`;
      call.report({ rotated, current, next, nextSignsFrom }, text);
      return exitCodes.done;
    });
  },
};
