import { isPlainObject } from '../definition/plain-data.ts';

type Row = Readonly<Record<string, unknown>>;

/** What a write changes. */
export interface Changes {
  /** Declared fields. */
  readonly changed: readonly string[];
  /** Properties that the policy does not declare, so that no rule can allow them. */
  readonly undeclared: readonly string[];
}

/** Lists what differs between two records. Null and missing are the same; nothing differs in a record that is deleted. */
export function listChanges(declared: readonly string[], before: Row | null, after: Row | null): Changes {
  if (after === null) return { changed: [], undeclared: [] };
  const differs = (name: string): boolean => !isSame(before?.[name], after[name]);
  const names = new Set([...Object.keys(before ?? {}), ...Object.keys(after)]);
  return {
    changed: declared.filter(differs),
    undeclared: [...names].filter((name) => !declared.includes(name) && differs(name)),
  };
}

/** Says whether two values are the same. Instances of classes are only when they are one object: else they count as changed. */
function isSame(a: unknown, b: unknown): boolean {
  if (a == null || b == null) return a == null && b == null;
  if (Object.is(a, b) || a === b) return true;
  if (a instanceof Date && b instanceof Date) return a.getTime() === b.getTime();
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((element: unknown, index) => isSame(element, b[index]));
  if (!isPlainObject(a) || !isPlainObject(b)) return false;
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].every((name) => isSame(a[name], b[name]));
}
