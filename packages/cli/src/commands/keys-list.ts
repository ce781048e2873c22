import { sharedSecretAlgorithm, exitCodes } from '@sallyport/core';
import type { Command, CommandCall } from '../command.ts';
import { withSystem } from '../open-system.ts';
import { toTable } from '../table.ts';

const meanings = {
  next: 'published, does not sign yet',
  current: 'signs',
  retiring: 'verifies what it signed',
} as const;

const secretMeanings = {
  current: 'signs',
  accepted: 'verifies, and does not sign',
} as const;

/** Lists the signing keys. */
export const listKeys: Command = {
  name: 'keys list',
  summary: 'Lists the signing keys and where each stands, never a private part',
  run: (call) =>
    withSystem(call.terminal, 'reads', async ({ stores }) => {
      if (stores.keyRing.sharedSecret !== undefined) return listSecrets(call, stores.keyRing.sharedSecret.kids);
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

/** Nothing of a secret is shown but its id. Its age is not recorded. */
function listSecrets(call: CommandCall, kids: readonly string[]): number {
  const shown = kids.map((kid, index) => ({
    kid,
    use: 'internal',
    alg: sharedSecretAlgorithm,
    state: index === 0 ? ('current' as const) : ('accepted' as const),
  }));
  const rows = shown.map(({ kid, use, alg, state }) => [kid, use, alg, `${state} (${secretMeanings[state]})`]);
  const table = toTable(['SECRET', 'USE', 'ALGORITHM', 'STATE'], rows);
  const note = 'A shared secret signs: it does not rotate by itself. Every service that knows it can make tokens.';
  call.report({ keys: shown }, `${table}\n${note}`);
  return exitCodes.done;
}
