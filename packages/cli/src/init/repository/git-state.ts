import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { exitCodes, UsageError } from '@sallyport/core';

const run = promisify(execFile);
const shownFiles = 5;

/**
 * Refuses a folder whose files could not be had back: one that is in no git repository, or has changes that are not committed.
 *
 * @param ignored a folder that is not counted, such as one with tarballs.
 * @throws UsageError that says what to do.
 */
export async function requireCleanTree(folder: string, ignored: string | undefined): Promise<void> {
  const changed = await listChanges(folder);
  if (changed === undefined)
    throw new UsageError(
      'This folder is in no git repository, so changes made here could be neither seen nor undone. Run git init and commit, or add --force.',
      exitCodes.refused,
    );
  const files = changed.filter((file) => ignored === undefined || !isBelow(ignored, file));
  if (files.length === 0) return;
  const more = files.length > shownFiles ? [`  and ${files.length - shownFiles} more`] : [];
  throw new UsageError(
    [
      'There are changes that are not committed, and those of this command would be mixed with them:',
      ...files.slice(0, shownFiles).map((file) => `  ${file}`),
      ...more,
      'Commit or stash them, or add --force. --dry-run shows what would be changed and touches nothing.',
    ].join('\n'),
    exitCodes.refused,
  );
}

/** Paths of what git calls changed or untracked; `undefined` outside a repository, and without git. */
async function listChanges(folder: string): Promise<readonly string[] | undefined> {
  try {
    const { stdout } = await run('git', ['status', '--porcelain', '-z', '--', '.'], { cwd: folder });
    const { stdout: prefix } = await run('git', ['rev-parse', '--show-prefix'], { cwd: folder });
    // Of a renamed file the old name follows; it is another entry here, which does no harm.
    return stdout
      .split('\0')
      .filter((entry) => entry !== '')
      .map((entry) => entry.replace(/^.. /, ''))
      .map((file) => (file.startsWith(prefix.trim()) ? file.slice(prefix.trim().length) : file));
  } catch {
    return undefined;
  }
}

function isBelow(folder: string, file: string): boolean {
  return file === folder || file === `${folder}/` || file.startsWith(`${folder}/`);
}
