import { exitCodes } from '@sallyport/core';
import type { Command } from '../command.ts';
import { withSystem } from '../open-system.ts';
import { noticedWithin, reportKeyChange, requireKeyPairs } from './key-changes.ts';

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
  run: (call) =>
    // Beside a gateway on purpose: every step is one that several processes may take.
    withSystem(call.terminal, 'reads', async (system) => {
      requireKeyPairs(system);
      const { keyRing } = system.stores;
      const when = call.has('now') ? 'now' : 'when-known';
      await reportKeyChange(system, { type: 'key.rotation-asked', details: { when } });
      const rotated = await keyRing.rotate('internal', when);
      const keys = await keyRing.list();
      const find = (state: string) => keys.find((key) => key.use === 'internal' && key.state === state);
      const [current, next] = [find('current'), find('next')];
      const text = rotated
        ? `The key ${current?.kid} signs, at every gateway ${noticedWithin(system)}.`
        : `The key ${next?.kid} takes over at ${next?.signFrom.toISOString()}, when every verifier knows it, if a gateway is running then.`;
      call.report(
        { rotated, current: current?.kid, next: next?.kid, nextSignsFrom: next?.signFrom.toISOString() },
        text,
      );
      return exitCodes.done;
    }),
};
