import { filesOnlyInAll, type TestScope } from '../../tools/testing/only-in-all.ts';

/** Stores under the browser suite: a Vitest project each, with a system of its own. */
export interface StoreCombination {
  /** As the summary of the tests calls it. */
  readonly name: 'sqlite + in-process' | 'postgres + redis ×2' | 'mongodb + redis';
  readonly project: string;
  /** Two stand behind a load balancer that knows connections alone: requests of one page reach both. */
  readonly gateways: 1 | 2;
  /** Variables of the servers that it takes. */
  readonly needs: readonly ('TEST_POSTGRES_URL' | 'TEST_MONGODB_URL' | 'TEST_REDIS_URL')[];
  /** Files that do not run on it. */
  readonly without: readonly string[];
  /** Files that `npm test` runs on it, because what they show depends on stores; absent: all. The rest waits for `--all`. */
  readonly everyday?: readonly string[];
}

/** How pages look, whether they are accessible, how their files are sent, and what scans find, does not depend on where rows are kept. */
const looks = [
  'pages',
  'second-factor-pages',
  'organization-looks',
  'shared-assets',
  'create-next-app',
  'planted-leaks',
];
/** What the client of Next.js does with an answer of the gateway, with a zone that it builds. */
const clientOfNext = 'server-action';
/** What browsers make of the headers of a gateway, which it starts itself. */
const headersAlone = 'cross-origin';
/** A shell that keeps its tokens itself, in a database of its own. */
const shellOfItsOwn = 'auth-js-shell';
/** The shop keeps its records in stores of its own; one starts a demo by itself, of one gateway and a shop. */
const ofTheShop = ['shop', 'shop-on-mongodb'];
/** Holds a lock on a file of SQLite. What servers do when they are down is in `server-faults`. */
const onSqlite = 'locked-database';
/** Names its stores, and starts them itself. */
const onPostgresAndRedis = ['two-gateways', 'rolling-changes', 'server-faults', 'restored-backups', 'streams'];
/** Sessions that end. */
const onStores = ['sessions', 'live-products'];

export const storeCombinations: readonly StoreCombination[] = [
  { name: 'sqlite + in-process', project: 'e2e', gateways: 1, needs: [], without: onPostgresAndRedis },
  {
    name: 'postgres + redis ×2',
    project: 'e2e [postgres + redis ×2]',
    gateways: 2,
    needs: ['TEST_POSTGRES_URL', 'TEST_REDIS_URL'],
    without: [...looks, clientOfNext, headersAlone, shellOfItsOwn, ...ofTheShop, onSqlite],
    everyday: [...onPostgresAndRedis, ...onStores],
  },
  {
    name: 'mongodb + redis',
    project: 'e2e [mongodb + redis]',
    gateways: 1,
    needs: ['TEST_MONGODB_URL', 'TEST_REDIS_URL'],
    without: [...looks, clientOfNext, headersAlone, shellOfItsOwn, ...ofTheShop, onSqlite, ...onPostgresAndRedis],
    everyday: ['sessions'],
  },
];

/** The files of a combination, as patterns: all that it can run, or what every run of the tests shows on it. */
export function filesOf(
  { without, everyday }: Pick<StoreCombination, 'without' | 'everyday'>,
  scope: TestScope,
): { readonly include: readonly string[]; readonly exclude: readonly string[] } {
  const toFile = (name: string): string => `test/e2e/${name}.test.ts`;
  return {
    include: scope === 'all' || everyday === undefined ? [toFile('**/*')] : everyday.map(toFile),
    exclude: [...['without-servers', ...without].map(toFile), ...(scope === 'all' ? [] : filesOnlyInAll)],
  };
}
