import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { workspaceRoot } from '../../tools/workspace-root.ts';

/** The commit of the previous version; moved on with each release. */
export const previousCommit = '8d2e3da57b88061d019540aac80e579b69925bb7';

/** The sources of the previous version, in a folder of their own. */
export interface PreviousVersion {
  /** The program and its arguments that run the command line of that version. */
  readonly command: readonly string[];
  remove(): void;
}

/** Whether the history of this clone goes back that far: that of a shallow clone does not. */
export function hasPreviousVersion(): boolean {
  try {
    execFileSync('git', ['cat-file', '-e', `${previousCommit}^{commit}`], { cwd: workspaceRoot, stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/**
 * Writes the sources of the previous version into a folder. Its own packages are those of that time; what they depend on is
 * what is installed here.
 */
export function checkOutPreviousVersion(): PreviousVersion {
  const folder = mkdtempSync(path.join(tmpdir(), 'sallyport-previous-'));
  const archive = execFileSync('git', ['archive', '--format=tar', previousCommit, 'packages', 'package.json'], {
    cwd: workspaceRoot,
    maxBuffer: 2 ** 28,
  });
  execFileSync('tar', ['-x', '-C', folder], { input: archive });
  const [installed, modules] = [path.join(workspaceRoot, 'node_modules'), path.join(folder, 'node_modules')];
  mkdirSync(path.join(modules, '@sallyport'), { recursive: true });
  for (const name of readdirSync(installed))
    if (name !== '@sallyport' && name !== 'sallyport')
      symlinkSync(path.join(installed, name), path.join(modules, name));
  for (const name of readdirSync(path.join(folder, 'packages'))) {
    symlinkSync(path.join(folder, 'packages', name), path.join(modules, '@sallyport', name));
    const own = path.join(workspaceRoot, 'packages', name, 'node_modules');
    if (existsSync(own)) symlinkSync(own, path.join(folder, 'packages', name, 'node_modules'));
  }
  const program = path.join(folder, 'packages', 'cli', 'src', 'main.ts');
  return {
    command: [process.execPath, '--conditions=@sallyport/source', '--disable-warning=ExperimentalWarning', program],
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
