import { createTwoFilesPatch } from 'diff';
import type { FileChange } from '../plan/file-changes.ts';

/** The changes as git writes them, so that `git apply` takes them. */
export function toUnifiedDiff(changes: readonly FileChange[]): string {
  return changes.map(toPatch).join('');
}

function toPatch({ file, before, after }: FileChange): string {
  const isNew = before === undefined;
  const header = [`diff --git a/${file} b/${file}`, ...(isNew ? ['new file mode 100644'] : [])];
  const patch = createTwoFilesPatch(
    isNew ? '/dev/null' : `a/${file}`,
    `b/${file}`,
    before ?? '',
    after,
    undefined,
    undefined,
    {
      context: 3,
    },
  );
  // The library begins with a line of equal signs, and writes a tab behind the names.
  const lines = patch
    .split('\n')
    .slice(1)
    .map((line) => line.replace(/^((?:---|\+\+\+) .*?)\t$/, '$1'));
  return [...header, ...lines].join('\n');
}
