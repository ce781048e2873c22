/** Remembers, over a reload of this tab, what its pages showed when they were loaded again. */
export interface ReloadMemory {
  /** Whether the page was already loaded again while it showed this. */
  has(page: string, shown: string): boolean;
  add(page: string, shown: string): void;
  /** Drops what is known of a page, unless it still shows that. */
  keepOnly(page: string, shown: string): void;
}

type Entry = readonly [page: string, shown: string];

const storageKey = 'sallyport:reloaded';
const maxEntries = 32;

/**
 * Keeps the memory in the storage of the tab, which ends with it.
 *
 * Where storage is switched off nothing is remembered over a reload.
 */
export function createReloadMemory(storage: () => Pick<Storage, 'getItem' | 'setItem'>): ReloadMemory {
  const read = (): readonly Entry[] => {
    try {
      const value: unknown = JSON.parse(storage().getItem(storageKey) ?? '[]');
      return Array.isArray(value) ? value.filter(isEntry) : [];
    } catch {
      return [];
    }
  };
  const write = (entries: readonly Entry[]): void => {
    try {
      storage().setItem(storageKey, JSON.stringify(entries.slice(-maxEntries)));
    } catch {
      // Switched off, or full.
    }
  };

  return {
    has: (page, shown) => read().some((entry) => entry[0] === page && entry[1] === shown),
    add: (page, shown) => write([...read().filter((entry) => entry[0] !== page), [page, shown]]),
    keepOnly: (page, shown) => {
      const entries = read();
      const kept = entries.filter((entry) => entry[0] !== page || entry[1] === shown);
      if (kept.length < entries.length) write(kept);
    },
  };
}

/** Any script of this origin can write there. */
function isEntry(value: unknown): value is Entry {
  return Array.isArray(value) && value.length === 2 && value.every((part: unknown) => typeof part === 'string');
}
