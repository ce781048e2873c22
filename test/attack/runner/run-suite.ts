import type { FixtureAddress } from '../fixture/fixture.ts';
import type { AttackCase } from './attack-case.ts';
import { createKit } from './kit.ts';
import { runCase, type Outcome } from './run-case.ts';

/** A case and how it ended. */
export interface Result {
  readonly attack: AttackCase;
  readonly outcome: Outcome;
}

/**
 * Runs cases one after the other, because the upstream cannot tell whose request it sees.
 *
 * @param gateways those of one deployment, tried one after the other.
 * @param behindProxy a gateway that declares the client's address as a proxy; without one, its cases do not apply.
 * @param isSallyport whether the accounts of the fixture are there.
 */
export async function runSuite(
  cases: readonly AttackCase[],
  [first, ...others]: readonly [FixtureAddress, ...FixtureAddress[]],
  behindProxy: FixtureAddress | undefined,
  isSallyport: boolean,
  onResult: (result: Result) => void = () => {},
): Promise<readonly Result[]> {
  const kits = {
    plain: await createKit(first, others),
    behindProxy: behindProxy === undefined ? undefined : await createKit(behindProxy),
  };
  const results: Result[] = [];
  for (const attack of cases) {
    const kit = attack.needs === 'trusted-proxy' ? kits.behindProxy : kits.plain;
    const applies = kit !== undefined && (isSallyport || attack.needs !== 'sallyport');
    const outcome: Outcome = !applies ? { kind: 'not-applicable' } : await runCase(attack, kit);
    const result = { attack, outcome };
    results.push(result);
    onResult(result);
  }
  return results;
}
