import type { Route } from '@sallyport/core';
import { foldCase } from './fold-case.ts';

/**
 * Whether a path is the prefix of a route or below it, by whole segments. In any case, unless the route is known to be of
 * an upstream that tells cases apart.
 */
export function isBelowPrefix(
  path: string,
  { prefix, caseSensitive }: Pick<Route, 'prefix' | 'caseSensitive'>,
): boolean {
  const [asked, own] = caseSensitive === true ? [path, prefix] : [foldCase(path), foldCase(prefix)];
  return own === '/' || asked === own || asked.startsWith(`${own}/`);
}
