/**
 * A map of which there is one, however often this package was loaded: a program may hold its ES modules and its CommonJS
 * build, and what the guard of one notes is asked of the other.
 */
export function sharedWeakMap<Key extends object, Value>(name: string): WeakMap<Key, Value> {
  const key = Symbol.for(`@sallyport/nestjs:${name}`);
  // Nothing but this function writes under these symbols, and a name belongs to one file.
  const shared = globalThis as unknown as Record<symbol, WeakMap<Key, Value> | undefined>;
  return (shared[key] ??= new WeakMap());
}
