/**
 * Answers `instanceof` for a class of which a program may hold two copies: the ES modules of this package, and its
 * CommonJS build. Instances of either carry the same registered symbol.
 *
 * @param asked the class that stands behind `instanceof`: a subclass inherits the method, and means its own instances.
 */
export function isKnownAcrossBuilds(asked: unknown, owner: unknown, mark: symbol, value: unknown): boolean {
  if (asked !== owner) return Reflect.apply(Function.prototype[Symbol.hasInstance], asked, [value]);
  return typeof value === 'object' && value !== null && mark in value;
}
