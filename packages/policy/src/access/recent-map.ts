/** Remembers what was used last, and forgets what was not used for longest when there is too much. */
export interface RecentMap<Value> {
  getOrMake(key: string, make: () => Value): Value;
}

/** Makes a map (LRU) whose values weigh no more than this together; the newest stays whatever its weight. */
export function createRecentMap<Value>(maxWeight: number, weightOf: (value: Value) => number): RecentMap<Value> {
  // A Map keeps its keys in the order in which they were put in.
  const values = new Map<string, Value>();
  let weight = 0;

  const forgetOldest = (newest: string): void => {
    for (const [key, value] of values) {
      if (weight <= maxWeight || key === newest) return;
      values.delete(key);
      weight -= weightOf(value);
    }
  };

  return {
    getOrMake: (key, make) => {
      const known = values.get(key);
      if (known !== undefined) {
        values.delete(key);
        values.set(key, known);
        return known;
      }
      const value = make();
      values.set(key, value);
      weight += weightOf(value);
      forgetOldest(key);
      return value;
    },
  };
}
