/** Deeper than any policy that can be read; ends a circle too. */
const maxDepth = 40;

/**
 * Copies objects and lists, so that what is checked is what is used: a getter or a later write changes nothing.
 * Whatever is neither is left as it is, for the check to refuse.
 */
export function copyPlainData(value: unknown, depth = 0): unknown {
  if (depth > maxDepth) return undefined;
  if (Array.isArray(value)) return value.map((element: unknown) => copyPlainData(element, depth + 1));
  if (!isPlainObject(value)) return value;
  const copy: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(value)) {
    // An assignment to `__proto__` would change what the copy inherits, and hide the name from the check.
    Object.defineProperty(copy, name, {
      value: copyPlainData(member, depth + 1),
      enumerable: true,
      writable: true,
      configurable: true,
    });
  }
  return copy;
}

/** Says whether a value is an object as `{}` makes it: no list, no Date, no instance of a class. */
export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype || isPrototypeOfOtherRealm(prototype);
}

/** Test runners load configuration in a realm of their own, whose `Object.prototype` is another. */
function isPrototypeOfOtherRealm(prototype: unknown): boolean {
  return (
    typeof prototype === 'object' &&
    Object.getPrototypeOf(prototype) === null &&
    Object.hasOwn(prototype as object, 'isPrototypeOf')
  );
}
