/** Remembers one thing for each connection, for as long as the connection lives. */
export interface PerConnection<Value> {
  get(connection: object): Value | undefined;
  set(connection: object, value: Value): void;
}

/**
 * Builds the memory. What is remembered is a property of the connection under a symbol of its own: a request
 * finds it faster than in a `WeakMap`, and the garbage collector has no table of weak keys to go through.
 */
export function createPerConnection<Value>(description: string): PerConnection<Value> {
  const key = Symbol(description);
  return {
    get: (connection) => (connection as Partial<Record<symbol, Value>>)[key],
    set: (connection, value) => {
      (connection as Partial<Record<symbol, Value>>)[key] = value;
    },
  };
}
