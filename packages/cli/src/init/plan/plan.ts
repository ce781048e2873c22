import type { FileChange } from './file-changes.ts';

/** Something that people have to add themselves, because a file is not understood. */
export interface ByHand {
  readonly file: string;
  /** Why it was left alone. */
  readonly reason: string;
  /** What to add. */
  readonly lines: readonly string[];
}

/** All that will be done, and all that will not. */
export interface Plan {
  readonly changes: readonly FileChange[];
  /** Tarballs, by absolute path, and the folder of the repository that they go into. */
  readonly copies: { readonly files: readonly string[]; readonly folder: string };
  readonly byHand: readonly ByHand[];
  /** What people should know of what was done. */
  readonly notes: readonly string[];
  /** What comes next: commands and addresses. */
  readonly next: readonly string[];
}
