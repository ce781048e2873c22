/** Remembers what was used last, and forgets what was not used for longest when there is too much. */
export interface RecentMap<Value> {
  getOrMake(key: string, make: () => Value): Value;
}

/** Makes a map of at most so many values (LRU). */
export function createRecentMap<Value>(max: number): RecentMap<Value> {
  // A Map keeps its keys in the order in which they were put in.
  const values = new Map<string, Value>();
  return {
    getOrMake: (key, make) => {
      const known = values.get(key);
      const value = known ?? make();
      values.delete(key);
      values.set(key, value);
      const [oldest] = values.size > max ? values.keys() : [];
      if (oldest !== undefined) values.delete(oldest);
      return value;
    },
  };
}
