import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStoresFor, type OwnStores } from '../e2e/stores-of-a-system.ts';
import { allCases, groupTitles } from './all-cases.ts';
import { startFixture, type Fixture } from './fixture/fixture.ts';
import type { AttackCase } from './runner/attack-case.ts';
import { createKit, type Kit } from './runner/kit.ts';
import { runCase } from './runner/run-case.ts';

const groups = Object.entries(groupTitles).map(([group, title]) => ({ group, title }));
const groupMilliseconds = 120_000;

describe('the door [embedded]', () => {
  const fixtures: Fixture[] = [];
  let kits: Kits;
  beforeAll(async () => {
    for (const trustedProxies of [[], ['127.0.0.1']]) {
      fixtures.push(await startFixture({ program: 'built', trustedProxies }));
    }
    const [plain, behindProxy] = await Promise.all(fixtures.map(({ address }) => createKit(address)));
    kits = { plain, behindProxy };
  });
  afterAll(async () => void (await Promise.all(fixtures.map((fixture) => fixture.stop()))));

  it.each(groups)('withstands $group: $title', { timeout: groupMilliseconds }, async ({ group }) => {
    expect(await failuresOf(casesOf(group), kits)).toEqual([]);
  });
});

const hasServers = ['TEST_POSTGRES_URL', 'TEST_REDIS_URL'].every((name) => (process.env[name] ?? '') !== '');

describe.skipIf(!hasServers)('the door [postgres + redis]', () => {
  let stores: OwnStores;
  let fixture: Fixture;
  let kits: Kits;
  beforeAll(async () => {
    stores = await openStoresFor({ name: 'postgres + redis ×2' });
    const { databaseUrl, redisUrl } = stores.stores;
    fixture = await startFixture({ program: 'built', databaseUrl, redisUrl });
    kits = { plain: await createKit(fixture.address), behindProxy: undefined };
  });
  afterAll(async () => {
    await fixture.stop();
    await stores.dispose();
  });

  // What a firewall refuses never comes near a store: one variant of each row is enough.
  it.each(groups)('withstands $group: $title', { timeout: groupMilliseconds }, async ({ group }) => {
    const firsts = casesOf(group).filter(({ id, needs }) => !id.includes('.') && needs !== 'trusted-proxy');
    expect(await failuresOf(firsts, kits)).toEqual([]);
  });
});

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
    if (outcome.kind === 'failed') failures.push(`${attack.id} ${attack.title}: ${outcome.problem}`);
  }
  return failures;
}
