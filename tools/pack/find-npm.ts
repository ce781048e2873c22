import { existsSync, realpathSync } from 'node:fs';
import path from 'node:path';

/**
 * Path of npm's own script, which Node can run: the one that started this process, or that of the `npm` on the search path.
 *
 * @throws when there is no npm.
 */
export function findNpm(variables: Readonly<Record<string, string | undefined>> = process.env): string {
  const onPath = (variables['PATH'] ?? '').split(path.delimiter).flatMap((folder) => {
    const program = path.join(folder, 'npm');
    // On Windows the script stands in a folder beside the program.
    const beside = path.join(folder, 'node_modules', 'npm', 'bin', 'npm-cli.js');
    return [...(existsSync(program) ? [realpathSync(program)] : []), beside];
  });
  const found = [variables['npm_execpath'] ?? '', ...onPath].find(
    (file) => path.basename(file) === 'npm-cli.js' && existsSync(file),
  );
  if (found === undefined)
    throw new Error('npm was not found: start it with npm, for example npm run pack -- <folder>');
  return found;
}
