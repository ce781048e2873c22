import type { Command } from '../command.ts';
import { withSystem } from '../open-system.ts';
import { exitCodes } from '../operator-mistake.ts';
import { toTable } from '../table.ts';

const meanings = {
  next: 'published, does not sign yet',
  current: 'signs',
  retiring: 'verifies what it signed',
} as const;

/** Lists the signing keys. */
export const listKeys: Command = {
  name: 'keys list',
  summary: 'Lists the signing keys and where each stands, never a private part',
  run: (call) =>
    withSystem(call.terminal, 'reads', async ({ stores }) => {
      const order = Object.keys(meanings);
      const keys = (await stores.keyRing.list()).toSorted(
        (a, b) => a.use.localeCompare(b.use) || order.indexOf(b.state) - order.indexOf(a.state),
      );
      const shown = keys.map(({ kid, use, alg, state, signFrom, verifyUntil }) => ({
        kid,
        use,
        alg,
        state,
        signFrom: signFrom.toISOString(),
        verifyUntil: verifyUntil.toISOString(),
      }));
      const rows = shown.map(({ kid, use, alg, state, signFrom, verifyUntil }) => [
        kid,
        use,
        alg,
        `${state} (${meanings[state]})`,
        signFrom,
        verifyUntil,
      ]);
      call.report({ keys: shown }, toTable(['KEY', 'USE', 'ALGORITHM', 'STATE', 'SIGNS FROM', 'VERIFIES UNTIL'], rows));
      return exitCodes.done;
    }),
};
