/** A bounded map. When it is full, the entry unused for longest makes room. */
export interface LeastRecentlyUsed<Value> {
  get(key: string): Value | undefined;
  set(key: string, value: Value): void;
  delete(key: string): void;
  clear(): void;
  readonly size: number;
}

/** Builds a bounded map. `onEvict` is called for entries that made room, not for deleted ones. */
export function createLeastRecentlyUsed<Value>(
  maxEntries: number,
  onEvict: (key: string, value: Value) => void = () => {},
): LeastRecentlyUsed<Value> {
  const entries = new Map<string, Value>();
  // While there is room, order does not matter: the move to the end is most of the cost of a hit.
  const crowded = maxEntries / 2;
  return {
    get: (key) => {
      const value = entries.get(key);
      if (value !== undefined && entries.size > crowded) {
        entries.delete(key);
        entries.set(key, value);
      }
      return value;
    },
    set: (key, value) => {
      entries.delete(key);
      entries.set(key, value);
      if (entries.size <= maxEntries) return;
      const oldest = entries.entries().next();
      if (oldest.done === true) return;
      entries.delete(oldest.value[0]);
      onEvict(oldest.value[0], oldest.value[1]);
    },
    delete: (key) => void entries.delete(key),
    clear: () => entries.clear(),
    get size() {
      return entries.size;
    },
  };
}
