import { alignColumns } from '../launch/start-summary.ts';
import { serverStores, type ServerStore } from '../test-servers/test-servers.ts';

/** Cases of one suite on one store, or on one combination of stores. */
export interface StoreRun {
  readonly kind: 'suite' | 'browser';
  /** What the describe block is called in front of the brackets; the folder or project of a browser test. */
  readonly suite: string;
  /** What stands in the brackets. */
  readonly stores: string;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** Why a store was not there. */
export type AbsentStores = Partial<Readonly<Record<ServerStore, string>>>;

/** Names in the order of the columns. */
const storeNames = ['sqlite', 'in-process', ...serverStores] as const;

/** The browser tests of the demo run on what `npm start` runs on. */
const embeddedStores = 'sqlite + in-process';

/**
 * Reads the stores that a test runs on from the names around it: "the session store [redis]" is the suite "the session store"
 * on Redis. A browser test may name several: "[postgres + redis ×2]".
 */
export function storesOf(
  titles: readonly string[],
  project: string,
): Pick<StoreRun, 'kind' | 'suite' | 'stores'> | undefined {
  const isBrowser = project === 'e2e' || project.startsWith('e2e ');
  for (const title of [...titles, project]) {
    const [, before = '', stores = ''] = /^(.*?)\s*\[([^\]]+)\]/.exec(title) ?? [];
    if (stores.split(/\s*\+\s*/).every((name) => isStore(name.replace(/\s*×\d+$/, '')))) {
      return { kind: isBrowser ? 'browser' : 'suite', suite: isBrowser ? 'browser' : before, stores };
    }
  }
  return isBrowser ? { kind: 'browser', suite: 'browser', stores: embeddedStores } : undefined;
}

/** Adds up runs of the same suite on the same stores. */
export function mergeStoreRuns(runs: readonly StoreRun[]): readonly StoreRun[] {
  const groups = Map.groupBy(runs, ({ kind, suite, stores }) => JSON.stringify([kind, suite, stores]));
  return [...groups.values()].flatMap(([first, ...rest]) =>
    first === undefined
      ? []
      : rest.reduce(
          (sum, run) => ({
            ...sum,
            passed: sum.passed + run.passed,
            failed: sum.failed + run.failed,
            skipped: sum.skipped + run.skipped,
          }),
          first,
        ),
  );
}

/** Whether a test waits for a store that this run did not have. */
export function waitsForAbsentStore(stores: string | undefined, absent: AbsentStores): boolean {
  return stores !== undefined && absentAmong(stores, absent).length > 0;
}

/** The table store × suite × cases run, then the browser tests by the stores under them, then why a store was not there. */
export function toStoreTable(runs: readonly StoreRun[], absent: AbsentStores): readonly string[] {
  const merged = mergeStoreRuns(runs);
  const suites = Map.groupBy(
    merged.filter(({ kind }) => kind === 'suite'),
    ({ suite }) => suite,
  );
  const columns = columnsOf(merged.filter(({ kind }) => kind === 'suite'));
  const rows = [...suites]
    .sort(([left], [right]) => left.localeCompare(right))
    .map(([suite, ofSuite]) => [
      suite,
      ...columns.map((column) => {
        const run = ofSuite.find(({ stores }) => stores === column);
        return run === undefined ? '–' : toCell(run, absent);
      }),
    ]);
  const browser = merged
    .filter(({ kind }) => kind === 'browser')
    .map((run) => [run.stores, toCell(run, absent)])
    .sort(([left = ''], [right = '']) => left.localeCompare(right));
  const reasons = serverStores.flatMap((store) =>
    absent[store] === undefined ? [] : [`No ${store} server: ${absent[store]}`],
  );
  return [
    ...(rows.length === 0 ? [] : ['', ...alignColumns([['cases run on', ...columns], ...rows])]),
    ...(browser.length === 0 ? [] : ['', ...alignColumns([['browser tests on', 'cases run'], ...browser])]),
    ...(reasons.length === 0 ? [] : ['', ...reasons]),
  ];
}

/** The known stores first; a suite may run on a combination of its own. */
function columnsOf(runs: readonly StoreRun[]): readonly string[] {
  const used = new Set(runs.map(({ stores }) => stores));
  return [
    ...storeNames.filter((name) => used.has(name)),
    ...[...used].filter((name) => !isStore(name)).sort((left, right) => left.localeCompare(right)),
  ];
}

function toCell({ stores, passed, failed, skipped }: StoreRun, absent: AbsentStores): string {
  const notes = [
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(skipped > 0 ? [absentAmong(stores, absent).length > 0 ? 'no server' : `${skipped} skipped`] : []),
  ];
  return notes.length === 0 ? String(passed) : `${passed + failed} (${notes.join(', ')})`;
}

function absentAmong(stores: string, absent: AbsentStores): readonly ServerStore[] {
  return serverStores.filter((store) => absent[store] !== undefined && new RegExp(`\\b${store}\\b`).test(stores));
}

function isStore(name: string): boolean {
  return storeNames.some((store) => store === name);
}
