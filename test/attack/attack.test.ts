import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStoresFor, type OwnStores } from '../e2e/stores-of-a-system.ts';
import { allCases, groupTitles } from './all-cases.ts';
import { askForPaths } from './generated-paths.ts';
import { readSlowly } from './slow-reader.ts';
import { startFixture, type Fixture } from './fixture/fixture.ts';
import type { AttackCase } from './runner/attack-case.ts';
import { createKit, type Kit } from './runner/kit.ts';
import { runCase } from './runner/run-case.ts';

const groups = Object.entries(groupTitles).map(([group, title]) => ({ group, title }));
const groupMilliseconds = 120_000;

describe('the gateway [embedded]', () => {
  const fixtures: Fixture[] = [];
  let kits: Kits;
  beforeAll(async () => {
    fixtures.push(await startFixture({ program: 'built', hasSpareAccount: true }));
    fixtures.push(await startFixture({ program: 'built', trustedProxies: ['127.0.0.1'] }));
    const [plain, behindProxy] = await Promise.all(fixtures.map(({ address }) => createKit(address)));
    kits = { plain, behindProxy };
  });
  afterAll(async () => void (await Promise.all(fixtures.map((fixture) => fixture.stop()))));

  it.each(groups)('withstands $group: $title', { timeout: groupMilliseconds }, async ({ group }) => {
    expect(await failuresOf(casesOf(group), kits)).toEqual([]);
  });

  it('P25: lets no generated path through that any reading takes for a closed one', { timeout: 120_000 }, async () => {
    if (kits.plain === undefined) throw new TypeError('there is no gateway');
    const { statuses, seen, wrong } = await askForPaths(kits.plain, 3000);
    expect([...statuses].filter((status) => ![200, 303, 400, 401, 404, 405].includes(status))).toEqual([]);
    // A gateway that refuses everything would pass as well.
    expect(seen.length).toBeGreaterThan(100);
    expect(wrong).toEqual([]);
  });

  it.skipIf(process.platform !== 'linux')('W08: keeps nothing of what a slow client has not read', async () => {
    const [fixture] = fixtures;
    if (fixture === undefined) throw new TypeError('there is no gateway');
    expect(await readSlowly(fixture)).toBeLessThan(192 * 1_048_576);
    expect(await kits.plain?.isHealthy()).toBe(true);
  });
});

const hasServers = ['TEST_POSTGRES_URL', 'TEST_REDIS_URL'].every((name) => (process.env[name] ?? '') !== '');

describe.skipIf(!hasServers)('two gateways that take turns [postgres + redis ×2]', () => {
  let stores: OwnStores;
  const fixtures: Fixture[] = [];
  let kits: Kits;
  beforeAll(async () => {
    stores = await openStoresFor({ name: 'postgres + redis ×2' });
    const { databaseUrl, redisUrl } = stores.stores;
    const shared = { program: 'built', databaseUrl, redisUrl, hasSpareAccount: true } as const;
    fixtures.push(await startFixture(shared));
    fixtures.push(await startFixture({ ...shared, hasAccounts: true }));
    const [first, ...others] = fixtures.map(({ address }) => address);
    if (first === undefined) throw new TypeError('there is no gateway');
    kits = { plain: await createKit(first, others), behindProxy: undefined };
  });
  afterAll(async () => {
    for (const fixture of fixtures) await fixture.stop();
    await stores.dispose();
  });

  // What a firewall refuses never comes near a store: one variant of each row is enough. Tokens and keys are looked up.
  it.each(groups)('withstands $group: $title', { timeout: groupMilliseconds }, async ({ group }) => {
    const firsts = casesOf(group).filter(
      ({ id, needs }) => (!id.includes('.') || isOfStores(id)) && needs !== 'trusted-proxy',
    );
    expect(await failuresOf(firsts, kits)).toEqual([]);
  });
});

/** Groups whose variants differ in what the stores say. */
function isOfStores(id: string): boolean {
  return id.startsWith('L') || id.startsWith('T');
}

interface Kits {
  readonly plain: Kit | undefined;
  readonly behindProxy: Kit | undefined;
}

function casesOf(group: string): readonly AttackCase[] {
  return allCases.filter(({ id }) => id.startsWith(group));
}

async function failuresOf(cases: readonly AttackCase[], { plain, behindProxy }: Kits): Promise<readonly string[]> {
  expect(cases.length).toBeGreaterThan(0);
  const failures: string[] = [];
  for (const attack of cases) {
    const kit = attack.needs === 'trusted-proxy' ? behindProxy : plain;
    if (kit === undefined) throw new TypeError(`there is no gateway for ${attack.id}`);
    const outcome = await runCase(attack, kit);
    if ('problem' in outcome) failures.push(`${attack.id} ${attack.title}: ${outcome.problem}`);
  }
  return failures;
}
