/** The keys that lead to a part of plain data. */
export type DataPath = readonly string[];

/** Data that knows what a reader has looked at. */
export interface WatchedData<Data> {
  readonly data: Data;
  /** Whether one of the parts was read, or it was asked whether it is there. */
  readonly isTouched: () => boolean;
}

/**
 * Watches whether a reader looks at parts of plain data: objects and lists. Parts that were not read can have played no part
 * in what the reader found.
 */
export function watchReads<Data extends object>(source: Data, parts: readonly DataPath[]): WatchedData<Data> {
  let isTouched = false;
  const noteRead = (path: DataPath): void => {
    isTouched ||= parts.some((part) => isBelow(path, part));
  };
  const noteList = (path: DataPath): void => {
    isTouched ||= parts.some((part) => part.length === path.length + 1 && isBelow(part, path));
  };

  const watch = (value: unknown, path: DataPath): unknown => {
    if (!isPlain(value)) return value;
    const known = new Map<string, unknown>();
    // A copy, because what a frozen object answers may not differ from what it holds.
    return new Proxy(Array.isArray(value) ? [...(value as readonly unknown[])] : { ...value }, {
      get: (target, key) => {
        const found: unknown = Reflect.get(target, key);
        if (typeof key === 'symbol') return found;
        noteRead([...path, key]);
        if (!known.has(key)) known.set(key, watch(found, [...path, key]));
        return known.get(key);
      },
      has: (target, key) => {
        if (typeof key === 'string') noteRead([...path, key]);
        return Reflect.has(target, key);
      },
      getOwnPropertyDescriptor: (target, key) => {
        if (typeof key === 'string') noteRead([...path, key]);
        return Reflect.getOwnPropertyDescriptor(target, key);
      },
      ownKeys: (target) => {
        noteList(path);
        return Reflect.ownKeys(target);
      },
    });
  };
  // The proxy of an object of this shape has its shape.
  return { data: watch(source, []) as Data, isTouched: () => isTouched };
}

/** Whether a path is another one, or leads to something inside of it. */
export function isBelow(path: DataPath, above: DataPath): boolean {
  return above.every((key, index) => path[index] === key);
}

function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return Array.isArray(value) || prototype === Object.prototype || prototype === null;
}
