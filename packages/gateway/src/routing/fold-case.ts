/** What differs from what it is folded to: capitals, and letters outside ASCII that some upstreams take for a letter inside. */
const mayFold = /[A-Z\u0080-\uffff]/;

/**
 * Folds the case of a path as the most lenient upstream would: up and down again, so that `ſ` is `s`, `ı` is `i` and the
 * Kelvin sign is `k`. Costs one test of an expression where there is nothing to fold.
 *
 * @example
 * foldCase('/api/Docs'); // '/api/docs'
 */
export function foldCase(path: string): string {
  return mayFold.test(path) ? path.replaceAll('\u0130', 'i').toUpperCase().toLowerCase() : path;
}
