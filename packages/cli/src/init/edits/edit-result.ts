/** What became of a file that is edited. A file that is not understood is left alone, and people are told what to add. */
export type EditResult =
  | { readonly kind: 'changed'; readonly text: string; readonly notes?: readonly string[] }
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'not-understood'; readonly reason: string };

export const unchanged: EditResult = { kind: 'unchanged' };

/** Leaves a file alone, and says why. */
export function notUnderstood(reason: string): EditResult {
  return { kind: 'not-understood', reason };
}
