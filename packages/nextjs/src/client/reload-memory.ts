/** Remembers, over a reload of this tab, which page caused it and what that page showed. */
export interface ReloadMemory {
  /** The page is about to be loaded again because it shows this. */
  begin(page: string, shown: string): void;
  /** A page was loaded: notes whether `begin` caused that, and whether it helped. */
  settle(page: string, shown: string): void;
  /**
   * Says whether loading the page again did not help. Of a page that shows a user only when that very load was for it: what
   * is private is never left standing because of a load in the past.
   */
  isFruitless(page: string, shown: string): boolean;
  /** The page shows a user: that it showed none before is of no interest any more. */
  forget(page: string): void;
}

type Entry = readonly [page: string, shown: string];

const pendingKey = 'sallyport:reloading';
const fruitlessKey = 'sallyport:reloaded';
const maxPages = 32;

/** What a page shows to a signed-out visitor. */
const noUser = '';

/**
 * Keeps the memory in the storage of the tab, which ends with it.
 *
 * Where storage is switched off nothing is remembered over a reload.
 */
export function createReloadMemory(storage: () => Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>): ReloadMemory {
  const read = (key: string): unknown => {
    try {
      return JSON.parse(storage().getItem(key) ?? 'null');
    } catch {
      return undefined;
    }
  };
  const write = (key: string, value: unknown): void => {
    try {
      if (value === undefined) storage().removeItem(key);
      else storage().setItem(key, JSON.stringify(value));
    } catch {
      // Switched off, or full.
    }
  };
  const readPages = (): readonly string[] => {
    const value = read(fruitlessKey);
    return Array.isArray(value) ? value.filter((page) => typeof page === 'string') : [];
  };
  const forget = (page: string): void => {
    const pages = readPages();
    if (pages.includes(page))
      write(
        fruitlessKey,
        pages.filter((one) => one !== page),
      );
  };

  /** What this document shows although it was loaded again for that. */
  let guarded: Entry | undefined;

  return {
    begin: (page, shown) => write(pendingKey, [page, shown]),
    settle: (page, shown) => {
      const pending = read(pendingKey);
      if (pending !== null) write(pendingKey, undefined);
      if (isEntry(pending) && pending[0] === page && pending[1] === shown) guarded = pending;
      if (shown !== noUser) forget(page);
      else if (guarded?.[0] === page)
        write(fruitlessKey, [...readPages().filter((one) => one !== page), page].slice(-maxPages));
    },
    isFruitless: (page, shown) =>
      (guarded?.[0] === page && guarded[1] === shown) || (shown === noUser && readPages().includes(page)),
    forget: (page) => {
      guarded = undefined;
      forget(page);
    },
  };
}

/** Any script of this origin can write there. */
function isEntry(value: unknown): value is Entry {
  return Array.isArray(value) && value.length === 2 && value.every((part: unknown) => typeof part === 'string');
}
